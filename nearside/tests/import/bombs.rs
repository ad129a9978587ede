//! Files made to hurt end the child that reads them, and nothing else.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Desk, refusal, success};

fn gzip(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    parts.for_each(|part| encoder.write_all(&part).expect("memory"));
    encoder.finish().expect("memory")
}

/// Every alias holds ten of the one before.
fn laughs() -> String {
    let mut yaml = String::from("# %ECSV 1.0\n# ---\n# datatype:\n# - &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        yaml.push_str(&format!("# - &a{n} [{aliases}]\n"));
    }
    yaml + "ra dec\n1 2\n"
}

#[test]
fn bombs_are_refused_with_a_sentence_that_says_what_they_took() {
    let desk = Desk::new();
    let one_line = gzip((0..100).map(|_| vec![b'7'; 1 << 20]));
    let elements = vec![b"<a>".repeat(1 << 18); 64].concat();
    for (name, content, limits, why) in [
        (
            "laughs.ecsv",
            laughs().into_bytes(),
            &["--reader-memory-mib", "64"][..],
            "took more than 67108864 bytes of memory",
        ),
        ("line.csv.gz", one_line.clone(), &[], "line 1 has more than 67108864 bytes: this is no table"),
        ("line.csv.gz", one_line, &["--reader-memory-mib", "32"], "took more than 33554432 bytes of memory"),
        (
            "nested.xml",
            [b"<?xml version=\"1.0\"?><VOTABLE>".to_vec(), elements].concat(),
            &["--reader-memory-mib", "32"],
            "took more than 33554432 bytes of memory",
        ),
        (
            "twice.csv.gz",
            gzip([gzip([b"ra,dec\n1,2\n".to_vec()].into_iter())].into_iter()),
            &[],
            "is not UTF-8 text",
        ),
    ] {
        let file = desk.write(name, content);
        let path = file.to_str().expect("a path in ASCII");
        let output = desk.import("data", 2, &[&[path][..], limits].concat()).output().expect("the program");
        let refused = refusal(&output);
        assert!(refused.contains(name) && refused.contains(why), "{name}: {refused}");
        assert_eq!(desk.beside("data"), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_child_that_dies_leaves_the_parent_and_the_other_files_alone() {
    let desk = Desk::new();
    let good = desk.write("in/1.csv", "ra,dec\n1,2\n");
    let bad = desk.write("in/2.csv", laughs());
    let dir = desk.path("in");
    let dir = dir.to_str().expect("a path in ASCII");
    let limits = ["--reader-memory-mib", "64"];
    let refused =
        refusal(&desk.import("data", 1, &[&[dir][..], &limits[..]].concat()).output().expect("the program"));
    assert!(refused.contains("2.csv: reading it took more than"), "{refused}");
    fs::remove_file(bad).expect("a file");
    let good = good.to_str().expect("a path in ASCII");
    let said = success(&desk.import("data", 1, &[good]).output().expect("the program"));
    assert!(said.contains("test.stars: 1 rows from 1 files in 1 tiles"), "{said}");
}

#[test]
fn what_is_wrong_in_a_file_comes_through_from_the_child_word_by_word() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "# exported\nSource,RA_ICRS,DE_ICRS\n65205373152172032,56.4,23.1\n\n6.48742E+16,56.4,23.1\n",
    );
    let output =
        desk.import("data", 1, &[file.to_str().expect("a path in ASCII")]).output().expect("the program");
    assert_eq!(
        refusal(&output),
        format!(
            "error: cannot import {}: line 5: source_id `6.48742E+16` went through a spreadsheet, which rounds long integers: export as integers",
            file.display()
        )
    );
}
