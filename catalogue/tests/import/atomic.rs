//! A table appears whole or not at all, and the same files give the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use catalogue::engine::{Catalogue, Limits};
use catalogue::import::{self, ImportRequest};
use catalogue::progress::Silent;

use crate::support::{Desk, chain, column, tree};

/// Names the directory in which a child of these tests imports.
const CHILD_DIR: &str = "NEARSIDE_TEST_IMPORT_DIR";

fn many_rows(magnitude: &str) -> String {
    let row = |n: u64| format!("{},{},{magnitude}\n", n as f64 * 0.01, (n as f64).sin() * 89.0);
    format!("ra,dec,g\n{}", (0..30_000).map(row).collect::<String>())
}

fn bytes_of(table: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let relative = |file: &PathBuf| file.strip_prefix(table).expect("a file of the table").to_owned();
    tree(table).iter().map(|file| (relative(file), fs::read(file).expect("a file"))).collect()
}

fn entries(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let tables = [Desk::new(), Desk::new()].map(|desk| {
        let files = [desk.write("b.csv", many_rows("12.5")), desk.write("a.csv", many_rows("13.5"))];
        import::run(&desk.request(&files), &Silent).expect("imported");
        bytes_of(&desk.data_dir().join("test/stars"))
    });
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn a_new_table_has_the_index_that_its_first_opening_would_make() {
    let desk = Desk::new();
    desk.import("a.csv", many_rows("12.5"));
    let index = desk.data_dir().join("test/stars/nearside.index");
    let made = fs::read(&index).expect("an index");
    fs::remove_file(&index).expect("removed");
    Catalogue::open(&desk.data_dir(), Limits::default()).expect("the table opens");
    assert_eq!(fs::read(&index).expect("an index"), made);
}

#[test]
fn a_table_is_replaced_only_on_request() {
    let desk = Desk::new();
    desk.import("a.csv", "ra,dec\n1,2\n");
    let request = desk.request(&[desk.write("b.csv", "ra,dec\n3,4\n")]);
    let error = import::run(&request, &Silent).expect_err("the table is there");
    assert_eq!(chain(&error), "the table test.stars is there already: choose another name, or replace it");
    assert_eq!(column(&desk.table(), "ra"), ["1"]);
    let (_, table) = desk.run(&ImportRequest { replace: true, ..request });
    assert_eq!(column(&table, "ra"), ["3"]);
}

#[test]
fn a_refused_file_leaves_the_old_table() {
    let desk = Desk::new();
    desk.import("a.csv", "ra,dec\n1,2\n");
    let request = desk.request(&[desk.write("b.csv", "ra,dec\n3,400\n")]);
    import::run(&ImportRequest { replace: true, ..request }, &Silent).expect_err("400 is no declination");
    assert_eq!(column(&desk.table(), "ra"), ["1"]);
}

/// Files of more than 40 blocks of 512 bytes cannot be written in the child, which is what a full disk looks like.
#[test]
fn a_write_that_fails_leaves_no_half_table() {
    let desk = Desk::new();
    desk.import("small.csv", "ra,dec\n1,2\n");
    let before = bytes_of(&desk.data_dir().join("test/stars"));
    desk.write("many.csv", many_rows("14.5"));
    let child = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 40; exec \"$0\" --exact --ignored atomic::child_that_cannot_write",
        ])
        .arg(std::env::current_exe().expect("this test"))
        .env(CHILD_DIR, desk.path(""))
        .output()
        .expect("sh");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert_eq!(bytes_of(&desk.data_dir().join("test/stars")), before);
    assert_eq!(entries(&desk.data_dir().join("test")), ["stars"]);
}

#[test]
#[ignore = "is run by a_write_that_fails_leaves_no_half_table, in a process that cannot write large files"]
fn child_that_cannot_write() {
    let Some(dir) = std::env::var_os(CHILD_DIR).map(PathBuf::from) else { return };
    let request = ImportRequest::new(vec![dir.join("many.csv")], &dir.join("data"), "test", "stars");
    let error = import::run(&ImportRequest { replace: true, ..request }, &Silent).expect_err("no room");
    assert!(chain(&error).contains("cannot write "), "{}", chain(&error));
    assert!(chain(&error).contains("File too large"), "{}", chain(&error));
}
