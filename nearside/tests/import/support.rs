//! The program, files for it, and the bytes of what it made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory with files to import and a data directory to import them into.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file in the directory")).expect("a directory");
        fs::write(&path, content).expect("a new file");
        path
    }

    /// `nearside import` of these arguments into `DATA/test/stars`.
    pub fn import(&self, data: &str, threads: usize, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nearside"));
        command
            .arg("import")
            .args(arguments)
            .arg("--data")
            .arg(self.path(data))
            .args(["--table", "test.stars"]);
        command.env("RAYON_NUM_THREADS", threads.to_string()).env("RUST_LOG", "warn");
        command.env("NEARSIDE_TAP_TOKEN", "secret");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The bytes of every file of the table.
    pub fn table(&self, data: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let table = self.path(data).join("test/stars");
        let relative = |file: PathBuf| file.strip_prefix(&table).expect("a file of the table").to_owned();
        files(&table)
            .into_iter()
            .map(|file| (relative(file.clone()), fs::read(file).expect("a file")))
            .collect()
    }

    /// The names in the directory of the table.
    pub fn beside(&self, data: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(data).join("test")) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What the program said, when it did what it was asked to do.
pub fn success(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// The last line of what the program said when it refused.
pub fn refusal(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{said}");
    said.lines().last().unwrap_or_default().to_owned()
}
