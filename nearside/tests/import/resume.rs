//! An import that is killed goes on, and nobody can tell from the bytes.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::{Desk, refusal, success};

const FILES: u64 = 8;
const ROWS: u64 = 6000;

/// Files of rows all over the sky, with ids that say where a row came from.
fn files(desk: &Desk) -> PathBuf {
    for file in 0..FILES {
        let mut text = String::from("source_id,ra,dec,phot_g_mean_mag,name\n");
        for row in 0..ROWS {
            let n = file * ROWS + row;
            let (ra, dec) =
                ((n as f64 * 137.507_764).rem_euclid(360.0), (n as f64 * 0.618_034).fract() * 178.0 - 89.0);
            writeln!(text, "{},{ra},{dec},{},star {}", (n + 1) << 35, n % 20, n % 100).expect("memory");
        }
        desk.write(&format!("in/{file}.csv"), text);
    }
    desk.path("in")
}

fn journal(desk: &Desk, data: &str) -> usize {
    let path = desk.path(data).join("test/.stars.import/journal");
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn a_killed_import_goes_on_and_the_bytes_are_those_of_one_that_was_left_alone() {
    let desk = Desk::new();
    let dir = files(&desk);
    let arguments = [dir.to_str().expect("a path in ASCII"), "--max-tile-rows", "900"];
    success(&desk.import("whole", 1, &arguments).output().expect("the program"));
    let expected = desk.table("whole");
    assert!(expected.len() > 48, "{} files", expected.len());

    let mut kills = 0;
    // Entries of the journal at which it is killed: while reading, between the passes, while writing tiles.
    for entries in [2, 3, 5, 9, 12, 30] {
        let mut child = desk.import("killed", 2, &arguments).spawn().expect("the program");
        let deadline = Instant::now() + Duration::from_secs(120);
        while journal(&desk, "killed") < entries {
            assert!(Instant::now() < deadline, "the journal has no {entries} entries");
            if child.try_wait().expect("a child").is_some() {
                break;
            }
            std::thread::yield_now();
        }
        kills += usize::from(child.try_wait().expect("a child").is_none());
        // SIGKILL.
        child.kill().expect("a child that may be killed");
        child.wait().expect("a child");
        if desk.beside("killed").contains(&"stars".to_owned()) {
            break;
        }
    }
    assert!(kills >= 3, "only {kills} kills came in time");
    if !desk.beside("killed").contains(&"stars".to_owned()) {
        let said = success(&desk.import("killed", 2, &arguments).output().expect("the program"));
        assert!(said.contains("were finished by an earlier run"), "{said}");
    }
    assert!(desk.table("killed") == expected, "the bytes differ");
    assert_eq!(desk.beside("killed"), ["stars"]);
}

#[test]
fn after_a_bad_file_the_good_ones_need_not_be_read_again_and_another_request_starts_over() {
    let desk = Desk::new();
    let dir = files(&desk);
    let bad = desk.write(
        "in/9.csv",
        "source_id,ra,dec,phot_g_mean_mag,name\n34359738368,1,2,3,x\n34359738368,nan,2,3,x\n",
    );
    let directory = dir.to_str().expect("a path in ASCII");
    let refused = refusal(&desk.import("data", 1, &[directory]).output().expect("the program"));
    assert!(refused.contains("9.csv: line 3: ra NaN, dec 2 is no position"), "{refused}");
    assert_eq!(desk.beside("data"), [".stars.import"]);
    fs::write(&bad, "source_id,ra,dec,phot_g_mean_mag,name\n34359738368,1,2,3,x\n").expect("a mended file");
    let said = success(&desk.import("data", 2, &[directory]).output().expect("the program"));
    assert!(said.contains("note: 8 files and 0 tiles were finished by an earlier run"), "{said}");
    assert!(said.contains("test.stars: 48001 rows from 9 files"), "{said}");

    fs::write(&bad, "nothing").expect("a bad file");
    refusal(&desk.import("data", 1, &[directory, "--replace"]).output().expect("the program"));
    fs::remove_file(&bad).expect("a file");
    let said = success(&desk.import("data", 1, &[directory, "--replace"]).output().expect("the program"));
    assert!(said.contains("note: an unfinished import of another request was thrown away"), "{said}");
}
