//! Which labs run, on disk, for the gateway that comes after us.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use api::names::Username;
use serde::{Deserialize, Serialize};

/// A running lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Whose.
    pub user: Username,
    /// The agent's process, which leads its group.
    pub pid: i32,
    /// When that process started, in clock ticks since boot: tells it from a later one with the same pid.
    pub start_time_ticks: u64,
    /// Its sockets and logs.
    pub run_dir: PathBuf,
}

impl Record {
    /// Whether this very process lives.
    pub fn is_alive(&self) -> bool {
        start_time_ticks(self.pid) == Some(self.start_time_ticks)
    }
}

/// The file.
pub struct StateFile(PathBuf);

impl StateFile {
    /// The file `labs.json` in `dir`.
    pub fn new(dir: &Path) -> Self {
        Self(dir.join("labs.json"))
    }

    /// What the last gateway wrote; nothing where there is no readable file.
    pub fn read(&self) -> Vec<Record> {
        let text = fs::read(&self.0).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Replaces the contents, whole or not at all.
    pub fn write(&self, records: &[Record]) -> std::io::Result<()> {
        let part = self.0.with_extension("part");
        let mut file = File::create(&part)?;
        file.write_all(&serde_json::to_vec_pretty(records)?)?;
        file.sync_all()?;
        fs::rename(part, &self.0)
    }
}

/// When a living process started (proc_pid_stat(5), field 22).
pub fn start_time_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may contain anything, also parentheses.
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_is_no_lab() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = StateFile::new(dir.path());
        assert_eq!(file.read(), []);
        let record = Record {
            user: "maria".parse().expect("a name"),
            pid: 4711,
            start_time_ticks: 815,
            run_dir: "/run/nearside/maria".into(),
        };
        file.write(std::slice::from_ref(&record)).expect("written");
        assert_eq!(file.read(), [record]);
        fs::write(dir.path().join("labs.json"), "[{").expect("written");
        assert_eq!(file.read(), []);
    }

    #[test]
    fn our_own_start_time_is_known_and_stable() {
        let own = i32::try_from(std::process::id()).expect("a pid");
        assert!(start_time_ticks(own).is_some_and(|ticks| ticks > 0));
        assert_eq!(start_time_ticks(own), start_time_ticks(own));
        assert_eq!(start_time_ticks(i32::MAX), None);
    }
}
