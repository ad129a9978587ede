//! Homes: what is put is there whole, and no path leads out.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use tempfile::TempDir;
use user_space::home::{Change, Home, HomeError, HomeLimits, HomePath, Homes, Kind};

struct Place {
    dir: TempDir,
    homes: Homes,
}

impl Place {
    fn new() -> Self {
        Self::with(HomeLimits::default())
    }

    fn with(limits: HomeLimits) -> Self {
        let dir = TempDir::new().expect("a directory");
        let homes = Homes::new(&dir.path().join("homes"), limits);
        Self { dir, homes }
    }

    fn home(&self) -> Home {
        self.homes.of(&"maria".parse().expect("a name")).expect("a home")
    }

    /// Where the lab sees it.
    fn on_disk(&self, path: &str) -> PathBuf {
        self.dir.path().join("homes/maria").join(path)
    }
}

pub fn path(text: &str) -> HomePath {
    let names = text.split('/').filter(|name| !name.is_empty());
    HomePath::of(names.map(|name| name.as_bytes().to_vec())).expect("a path")
}

pub fn put(home: &Home, to: &str, bytes: &[u8]) -> Result<(), HomeError> {
    let mut incoming = home.put(&path(to))?;
    incoming.write(bytes)?;
    incoming.finish(&[], None).map(|_| ())
}

fn names(home: &Home, at: &str) -> Vec<String> {
    let names = home.names(&path(at)).expect("names");
    names.into_iter().map(|name| name.into_string().expect("text")).collect()
}

#[test]
fn what_is_put_the_lab_sees_and_what_the_lab_writes_is_there() {
    let place = Place::new();
    let home = place.home();
    home.make_container(&path("data")).expect("made");
    put(&home, "data/a.txt", b"hello").expect("put");
    assert_eq!(fs::read(place.on_disk("data/a.txt")).expect("read"), b"hello");
    fs::write(place.on_disk("data/b.txt"), "from the lab").expect("written");
    assert_eq!(names(&home, "data"), ["a.txt", "b.txt"]);
    let entry = home.entry(&path("data/b.txt")).expect("an entry");
    assert_eq!(entry.kind, Kind::File { bytes: 12 });
    assert_eq!(names(&home, ""), ["data"], "where files wait is not shown");
}

#[test]
fn no_link_is_followed_and_nothing_outside_is_touched() {
    let place = Place::new();
    let home = place.home();
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).expect("made");
    fs::write(outside.join("secret"), "secret").expect("written");
    symlink(&outside, place.on_disk("way")).expect("linked");
    symlink(outside.join("secret"), place.on_disk("file")).expect("linked");
    for (what, result) in [
        ("reading through", home.open(&path("way/secret")).map(|_| ())),
        ("reading", home.open(&path("file")).map(|_| ())),
        ("putting through", put(&home, "way/new", b"x")),
        ("putting", put(&home, "file", b"x")),
        ("making", home.make_container(&path("way/new"))),
        ("removing through", home.remove(&path("way/secret"))),
        (
            "moving out",
            home.make_container(&path("d")).and_then(|()| home.rename(&path("d"), &path("way/d"))),
        ),
        ("copying through", home.copy(&path("way/secret"), &path("copy"), &|| true)),
    ] {
        assert!(matches!(result, Err(HomeError::Link)), "{what}: {result:?}");
    }
    // The links themselves are removed and copied, never what they lead to.
    home.copy(&path("file"), &path("other"), &|| true).expect("copied");
    assert!(matches!(home.entry(&path("other")).expect("there").kind, Kind::Link { .. }));
    for name in ["way", "file", "other"] {
        home.remove(&path(name)).expect("removed");
    }
    assert_eq!(fs::read_to_string(outside.join("secret")).expect("read"), "secret");
}

#[test]
fn pipes_and_sockets_are_nothing_and_block_nobody() {
    let place = Place::new();
    let home = place.home();
    let pipe = std::process::Command::new("mkfifo").arg(place.on_disk("pipe")).status().expect("mkfifo runs");
    assert!(pipe.success());
    assert!(matches!(home.open(&path("pipe")), Err(HomeError::Missing)));
    let all = home.names(&path("")).expect("names");
    assert_eq!(home.entries(&path(""), &all).expect("entries"), []);
}

#[test]
fn a_file_that_was_not_finished_was_never_there() {
    let place = Place::new();
    let home = place.home();
    put(&home, "a", b"old").expect("put");
    let mut half = home.put(&path("a")).expect("begun");
    half.write(b"new").expect("written");
    assert!(home.is_busy(&path("a")));
    assert!(matches!(home.put(&path("a")).err(), Some(HomeError::Busy)));
    drop(half);
    assert!(!home.is_busy(&path("a")));
    let mut wrong = home.put(&path("a")).expect("begun");
    wrong.write(b"new").expect("written");
    assert!(matches!(wrong.finish(&[], Some([0; 16])), Err(HomeError::Checksum)));
    assert_eq!(fs::read(place.on_disk("a")).expect("read"), b"old");
    assert_eq!(fs::read_dir(place.on_disk(".nearside/incoming")).expect("listed").count(), 0);
}

#[test]
fn what_a_crash_left_is_removed_when_the_home_is_next_opened() {
    let place = Place::new();
    let waiting = place.on_disk(".nearside/incoming");
    fs::create_dir_all(waiting.join("removed/deep")).expect("made");
    fs::write(waiting.join("removed/deep/file"), "x").expect("written");
    fs::write(waiting.join("half"), "x").expect("written");
    let locked = fs::File::create(waiting.join("of-another-server")).expect("made");
    locked.try_lock().expect("locked");
    place.home();
    let left: Vec<_> =
        fs::read_dir(&waiting).expect("listed").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["of-another-server"]);
}

#[test]
fn a_full_home_takes_nothing_more_and_says_so_only_after_counting() {
    let limits = HomeLimits { home_bytes: 100, ..HomeLimits::default() };
    let place = Place::with(limits);
    let home = place.home();
    put(&home, "a", &[0; 60]).expect("fits");
    assert!(matches!(put(&home, "b", &[0; 60]), Err(HomeError::Full { limit: 100 })));
    assert!(matches!(home.copy(&path("a"), &path("b"), &|| true), Err(HomeError::Full { limit: 100 })));
    // The lab makes room, and nobody tells.
    fs::remove_file(place.on_disk("a")).expect("removed");
    put(&home, "b", &[0; 90]).expect("fits now");
    assert_eq!(names(&home, ""), ["b"]);
}

#[test]
fn containers_are_moved_copied_and_removed_whole() {
    let place = Place::new();
    let home = place.home();
    for container in ["a", "a/b", "c"] {
        home.make_container(&path(container)).expect("made");
    }
    put(&home, "a/b/file", b"x").expect("put");
    fs::set_permissions(place.on_disk("a/b/file"), fs::Permissions::from_mode(0o750)).expect("set");
    home.copy(&path("a"), &path("c/copy"), &|| true).expect("copied");
    assert_eq!(fs::read(place.on_disk("c/copy/b/file")).expect("read"), b"x");
    let mode = fs::metadata(place.on_disk("c/copy/b/file")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert!(matches!(home.rename(&path("a"), &path("a/b/a")), Err(HomeError::IntoItself)));
    assert!(matches!(home.rename(&path("a"), &path("c")), Err(HomeError::Exists)));
    home.rename(&path("a"), &path("moved")).expect("moved");
    home.remove(&path("c")).expect("removed");
    assert_eq!(names(&home, ""), ["moved"]);
    assert!(matches!(home.remove(&path("")), Err(HomeError::Root)));
}

#[test]
fn a_copy_that_is_stopped_or_too_large_leaves_nothing() {
    let place = Place::with(HomeLimits { copied_entries: 3, ..HomeLimits::default() });
    let home = place.home();
    home.make_container(&path("a")).expect("made");
    for name in ["a/1", "a/2", "a/3"] {
        put(&home, name, b"x").expect("put");
    }
    assert!(matches!(home.copy(&path("a"), &path("b"), &|| true), Err(HomeError::TooMany { limit: 3 })));
    assert!(matches!(home.copy(&path("a/1"), &path("b"), &|| false), Err(HomeError::Stopped)));
    assert_eq!(names(&home, ""), ["a"]);
    assert_eq!(fs::read_dir(place.on_disk(".nearside/incoming")).expect("listed").count(), 0);
}

#[test]
fn what_is_said_goes_along_with_the_file_and_the_checksum_ends_with_its_bytes() {
    let place = Place::new();
    let home = place.home();
    put(&home, "a", b"hello").expect("put");
    let say =
        |value: Option<&str>| Change { property: "urn:title".to_owned(), value: value.map(str::to_owned) };
    home.note(&path("a"), &[say(Some("mine"))]).expect("said");
    fs::rename(place.on_disk("a"), place.on_disk("b")).expect("moved by the lab");
    let notes = home.notes(&path("b")).expect("read");
    assert_eq!(notes.properties["urn:title"], "mine");
    assert_eq!(hex::encode(notes.md5.expect("a checksum")), "5d41402abc4b2a76b9719d911017c592");
    fs::write(place.on_disk("b"), "changed by the lab").expect("written");
    assert_eq!(home.notes(&path("b")).expect("read").md5, None);
    home.note(&path("b"), &[say(None)]).expect("unsaid");
    assert!(home.notes(&path("b")).expect("read").properties.is_empty());
    let long = say(Some(&"x".repeat(4_000)));
    assert!(matches!(home.note(&path("b"), &[long]), Err(HomeError::Properties { limit: 3_072 })));
}

#[test]
fn a_copy_that_goes_on_is_not_swept_by_another_server() {
    let place = Place::new();
    let home = place.home();
    home.make_container(&path("tree")).expect("made");
    for name in ["a", "b"] {
        put(&home, &format!("tree/{name}"), b"hello").expect("put");
    }
    // Before each piece, the other server opens the home for the first time.
    let other_opens = || {
        let other = Homes::new(&place.dir.path().join("homes"), HomeLimits::default());
        other.of(&"maria".parse().expect("a name")).is_ok()
    };
    home.copy(&path("tree"), &path("copy"), &other_opens).expect("copied");
    assert_eq!(names(&home, "copy"), ["a", "b"]);
}
