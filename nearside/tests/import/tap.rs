//! `nearside import tap` against an HTTP server of these tests that behaves as TAP services do, well and badly. It is no
//! real service; one answer that it gives was recorded from the Gaia archive.

mod server;

use std::path::PathBuf;
use std::process::Output;

use server::{Cut, Manners, Server};

use crate::support::{Desk, refusal, success};

/// Runs `nearside import tap URL` without stopping the server.
async fn import(desk: &Desk, server: &Server, arguments: &[&str]) -> Output {
    let url = server.url();
    let mut command = desk.import("data", 2, &[&["tap", url.as_str()][..], arguments].concat());
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("no panic").expect("the program")
}

const CONE: [&str; 6] = ["--cone", "359.9", "10", "3", "--from", "stars"];

#[tokio::test(flavor = "multi_thread")]
async fn a_cone_is_asked_in_pieces_until_every_row_that_the_service_counts_is_here() {
    for manners in [
        Manners::default(),
        Manners { cut: Cut::Marked(700), ..Manners::default() },
        Manners { cut: Cut::Silently(700), ..Manners::default() },
        Manners { has_jobs: false, ..Manners::default() },
        Manners { token: Some("secret"), ..Manners::default() },
    ] {
        let server = Server::start(manners.clone()).await;
        let desk = Desk::new();
        let arguments = [&CONE[..], &["--rows-per-query", "2000"]].concat();
        let said = success(&import(&desk, &server, &arguments).await);
        let rows = server.rows_within(359.9, 10.0, 3.0);
        assert!(rows > 2500, "{rows}");
        assert!(said.contains(&format!("test.stars: {rows} rows from ")), "{manners:?}: {said}");
        assert_eq!(desk.beside("data"), ["stars"], "nothing is left of the downloads");
        assert_eq!(server.jobs(), 0, "all jobs are deleted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_cut_is_refused_with_and_without_a_mark() {
    for (cut, why) in [
        (Cut::Marked(700), "the service cut its answer at 700 of 20000 rows"),
        (Cut::Silently(700), "the service cut its answer at 700 of 20000 rows"),
    ] {
        let server = Server::start(Manners { cut, ..Manners::default() }).await;
        let desk = Desk::new();
        let refused = refusal(&import(&desk, &server, &["--adql", "SELECT * FROM stars"]).await);
        assert!(refused.contains(why), "{refused}");
        assert!(!desk.beside("data").contains(&"stars".to_owned()));
    }
    let server = Server::start(Manners::default()).await;
    let desk = Desk::new();
    let said = success(&import(&desk, &server, &["--adql", "SELECT * FROM stars"]).await);
    assert!(said.contains("test.stars: 20000 rows from 1 files"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_says_is_wrong_is_said() {
    let server = Server::start(Manners::default()).await;
    let desk = Desk::new();
    let refused = refusal(&import(&desk, &server, &["--adql", "SELECT * FROM nothing"]).await);
    assert!(refused.contains("the service says: there is no table nothing"), "{refused}");
    let closed = Server::start(Manners { token: Some("other"), ..Manners::default() }).await;
    let refused = refusal(&import(&desk, &closed, &["--adql", "SELECT * FROM stars"]).await);
    assert!(refused.contains("401 Unauthorized"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stdout,
    reason = "a skipped test has to say so, and test runners show standard output"
)]
async fn a_recorded_answer_of_the_archive_is_imported() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("NEARSIDE_REAL_DATA").map_or_else(beside, PathBuf::from);
    let recorded = data.join("recorded/astroquery/1710099405832VAL-result.vot");
    let Ok(recorded) = std::fs::read(recorded) else {
        println!("SKIPPED: no recorded/astroquery; NEARSIDE_REAL_DATA can name the directory that has it");
        return;
    };
    let server = Server::start(Manners { recorded: Some(recorded), ..Manners::default() }).await;
    let desk = Desk::new();
    let said = success(&import(&desk, &server, &["--adql", "SELECT recorded"]).await);
    assert!(said.contains("test.stars: 2 rows from 1 files"), "{said}");
}
