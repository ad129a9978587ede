//! The directory of running labs: one place each for configuration, log and sockets, and a lock on the whole.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use api::lab::{LabConfig, LabReady};
use api::names::Username;

use super::{SpawnError, log};

/// Bytes of a Unix socket's path (unix(7), 108 with the final zero).
const SOCKET_PATH_BYTES: usize = 107;
/// Bytes that an agent may add to its directory for the name of a socket.
const SOCKET_NAME_BYTES: usize = 41;

/// The locked directory. The lock goes with the process, however that ends.
pub struct RunDir {
    root: PathBuf,
    _lock: File,
}

/// The directory of one lab.
pub struct LabDir {
    root: PathBuf,
}

impl RunDir {
    /// Makes and locks the directory: two gateways that sweep one directory would end each other's labs.
    pub fn open(root: PathBuf) -> Result<Self, SpawnError> {
        make_dir(&root)?;
        let root = root.canonicalize().map_err(|source| SpawnError::File { path: root, source })?;
        let path = root.join("gateway.lock");
        let lock = File::create(&path).map_err(|source| SpawnError::File { path, source })?;
        lock.try_lock().map_err(|_| SpawnError::RunDirInUse(root.clone()))?;
        let run_dir = Self { root, _lock: lock };
        run_dir.lab(&"astronomer".parse().expect("a valid user name")).check_length()?;
        Ok(run_dir)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The directory of a user's lab, which need not exist.
    pub fn lab(&self, user: &Username) -> LabDir {
        LabDir { root: self.root.join(user.as_str()) }
    }

    /// Removes what labs of an earlier gateway left, but for those that are kept.
    pub fn clear(&self, kept: &[Username]) {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<Username>().ok());
        for lab in names.filter(|user| !kept.contains(user)).map(|user| self.lab(&user)) {
            if lab.config_file().exists() || lab.log_file().exists() {
                lab.remove();
            }
        }
    }
}

impl LabDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Private to the agent: sockets, connection files, the data token.
    pub fn private(&self) -> PathBuf {
        self.root.join("s")
    }

    /// The agent's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("config.json")
    }

    /// Written by the agent once it answers.
    pub fn ready_file(&self) -> PathBuf {
        self.root.join("ready.json")
    }

    /// What the agent and its children print.
    pub fn log_file(&self) -> PathBuf {
        self.root.join("agent.log")
    }

    /// The end of that.
    pub fn log(&self) -> String {
        log::tail(&self.log_file())
    }

    /// Makes it anew, empty but for the log.
    pub fn make(&self) -> Result<(), SpawnError> {
        self.check_length()?;
        self.remove();
        make_dir(&self.root)?;
        make_dir(&self.private())
    }

    /// Writes the configuration, readable for us only: it holds secrets.
    pub fn write_config(&self, config: &LabConfig) -> Result<(), SpawnError> {
        let path = self.config_file();
        let text = serde_json::to_vec_pretty(config).expect("a lab's configuration is plain data");
        let mut options = File::options();
        let written =
            options.write(true).create_new(true).mode(0o600).open(&path).and_then(|mut f| f.write_all(&text));
        written.map_err(|source| SpawnError::File { path, source })
    }

    /// The configuration, of a lab that was started.
    pub fn read_config(&self) -> Option<LabConfig> {
        serde_json::from_slice(&fs::read(self.config_file()).ok()?).ok()
    }

    /// What the agent says once it answers.
    pub fn read_ready(&self) -> Option<LabReady> {
        serde_json::from_slice(&fs::read(self.ready_file()).ok()?).ok()
    }

    /// Removes sockets and secrets. The log stays for the person whose lab failed.
    pub fn clean(&self) {
        for gone in [
            fs::remove_dir_all(self.private()),
            fs::remove_file(self.config_file()),
            fs::remove_file(self.ready_file()),
        ] {
            if let Err(error) = gone
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(path = %self.root.display(), %error, "failed to remove what a lab left");
            }
        }
    }

    fn remove(&self) {
        if let Err(error) = fs::remove_dir_all(&self.root)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.root.display(), %error, "failed to remove what a lab left");
        }
    }

    fn check_length(&self) -> Result<(), SpawnError> {
        let path = self.private();
        let bytes = path.as_os_str().len();
        let limit = SOCKET_PATH_BYTES - SOCKET_NAME_BYTES;
        if bytes > limit { Err(SpawnError::RunDirTooLong { path, bytes, limit }) } else { Ok(()) }
    }
}

fn make_dir(path: &Path) -> Result<(), SpawnError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| SpawnError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_gateway_on_the_same_directory_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = RunDir::open(dir.path().join("run")).expect("the first");
        assert!(matches!(RunDir::open(dir.path().join("run")), Err(SpawnError::RunDirInUse(_))));
        drop(first);
        RunDir::open(dir.path().join("run")).expect("free again");
    }

    #[test]
    fn a_directory_too_deep_for_sockets_is_refused_and_told_how_long_it_may_be() {
        let dir = tempfile::tempdir().expect("a directory");
        let deep = dir.path().join("a".repeat(70));
        let text = RunDir::open(deep).err().expect("refused").to_string();
        assert!(text.contains("107 of a Unix socket path; choose one with at most 66"), "{text}");
    }

    #[test]
    fn only_directories_of_labs_are_cleared() {
        let dir = tempfile::tempdir().expect("a directory");
        let run_dir = RunDir::open(dir.path().to_owned()).expect("opened");
        let lab = run_dir.lab(&"maria".parse().expect("a name"));
        lab.make().expect("made");
        fs::write(lab.config_file(), "{}").expect("written");
        fs::create_dir(dir.path().join("precious")).expect("made");
        let maria = "maria".parse().expect("a name");
        run_dir.clear(std::slice::from_ref(&maria));
        assert!(lab.path().exists(), "hers is kept");
        run_dir.clear(&[]);
        assert!(!lab.path().exists());
        assert!(dir.path().join("precious").exists());
    }
}
