//! A process that changes a home is killed at any moment, again and again: what it leaves is old or new, never half, and
//! what waited is gone when the home is next opened.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use tempfile::TempDir;
use user_space::home::{Home, HomeError, HomeLimits, Homes, Kind};

use crate::homes::{path, put};

/// Where the process that is killed finds the homes.
const HOMES: &str = "NEARSIDE_TEST_KILLED_HOMES";
/// What it says after each change.
const STEP: &str = "a change was made";
const ROUNDS: usize = 60;
/// Bytes of each file: enough that a kill finds it half written.
const FILE_BYTES: usize = 1 << 20;
/// Files of the container that is copied, moved and removed.
const FILES: usize = 4;

fn home(dir: &Path) -> Home {
    let homes = Homes::new(dir, HomeLimits::default());
    homes.of(&"maria".parse().expect("a name")).expect("a home")
}

/// The process that is killed; by itself it is no test.
#[test]
fn changes_a_home_until_it_is_killed() {
    let Some(dir) = env::var_os(HOMES) else { return };
    let home = home(Path::new(&dir));
    let step = |changed: Result<(), HomeError>| {
        changed.expect("changed");
        writeln!(std::io::stdout(), "\n{STEP}").expect("somebody listens");
    };
    let [tree, copy, moved] = ["tree", "copy", "moved"].map(path);
    for letter in (b'a'..=b'z').cycle() {
        step(put(&home, "file", &vec![letter; FILE_BYTES]));
        step(home.copy(&tree, &copy, &|| true));
        step(home.rename(&copy, &moved));
        step(home.remove(&moved));
    }
}

#[test]
fn whenever_a_change_is_killed_the_home_is_as_before_or_as_after() {
    let dir = TempDir::new().expect("a directory");
    let first = home(dir.path());
    first.make_container(&path("tree")).expect("made");
    for file in 0..FILES {
        put(&first, &format!("tree/{file}"), &[b'#'; FILE_BYTES]).expect("put");
    }
    put(&first, "file", &[b'-'; FILE_BYTES]).expect("put");
    let mut cut = 0;
    for round in 0..ROUNDS {
        cut += usize::from(kill_it(dir.path()));
        let home = home(dir.path());
        assert_eq!(letters(dir.path(), "file"), 1, "round {round}: a file of one letter");
        let trees = ["copy", "moved"].map(path).map(|at| home.entry(&at));
        let there: Vec<_> = trees.into_iter().filter_map(Result::ok).collect();
        assert!(there.len() <= 1, "round {round}: a container is at one place at most: {there:?}");
        for entry in there {
            assert_eq!(entry.kind, Kind::Container);
            let name = entry.name.to_str().expect("text");
            for file in 0..FILES {
                assert_eq!(letters(dir.path(), &format!("{name}/{file}")), 1, "round {round}");
            }
            home.remove(&path(name)).expect("removed");
        }
        let waiting = fs::read_dir(dir.path().join("maria/.nearside/incoming")).expect("a directory");
        assert_eq!(waiting.count(), 0, "round {round}: nothing is left over");
    }
    assert!(cut > ROUNDS / 4, "of {ROUNDS} kills only {cut} came while something was half made");
}

/// Starts the process, and kills it in one of its changes. Whether something was half made then.
fn kill_it(dir: &Path) -> bool {
    let own = env::current_exe().expect("a program");
    let name = "killed_homes::changes_a_home_until_it_is_killed";
    let mut command = Command::new(own);
    command.args([name, "--exact", "--nocapture"]).env(HOMES, dir).stdout(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let steps = rand::rng().random_range(1..8);
    assert_eq!(said.by_ref().filter(|line| line == STEP).take(steps).count(), steps, "it goes on");
    let until = Instant::now() + Duration::from_micros(rand::rng().random_range(0..8_000));
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    process.kill().expect("killed");
    process.wait().expect("ended");
    fs::read_dir(dir.join("maria/.nearside/incoming")).expect("a directory").count() > 0
}

/// How many different letters a whole file has.
fn letters(dir: &Path, name: &str) -> usize {
    let bytes = fs::read(dir.join("maria").join(name)).expect("it is there");
    assert_eq!(bytes.len(), FILE_BYTES, "{name} is whole");
    let mut letters = bytes;
    letters.sort_unstable();
    letters.dedup();
    letters.len()
}
