//! The state directory: what survives a restart, and the lock that keeps a second platform out.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::config;

/// An opened, locked state directory. The lock goes with the process, however that ends.
pub struct State {
    root: PathBuf,
    runtime: PathBuf,
    _lock: File,
}

impl State {
    /// Creates (0700) or opens the directory and locks it. Fails when another platform runs on it.
    pub fn open(root: PathBuf) -> Result<Self> {
        private_dir(&root)?;
        let root = root.canonicalize()?;
        let lock = lock(&root.join("lock"))?;
        let runtime = config::runtime_dir(&root);
        private_dir(&runtime)?;
        for dir in [root.join("homes"), root.join("staging")] {
            private_dir(&dir)?;
        }
        Ok(Self { root, runtime, _lock: lock })
    }

    /// The gateway's database and keys.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The users' files, a directory each.
    pub fn homes(&self) -> PathBuf {
        self.root.join("homes")
    }

    /// Sockets of the running labs.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// The bundled sample sky.
    pub fn sample_sky(&self) -> PathBuf {
        self.root.join("sky")
    }

    /// Certificates of `--tls`.
    pub fn certificates(&self) -> Result<PathBuf> {
        let dir = self.root.join("tls");
        private_dir(&dir)?;
        Ok(dir)
    }

    /// Jobs of the VO services, and their results.
    pub fn vo(&self) -> Result<PathBuf> {
        let dir = self.root.join("vo");
        private_dir(&dir)?;
        Ok(dir)
    }

    /// The audit log of one server.
    pub fn audit(&self, server: &str) -> Result<PathBuf> {
        let dir = self.root.join("audit");
        private_dir(&dir)?;
        let dir = dir.join(server);
        private_dir(&dir)?;
        Ok(dir)
    }

    /// The tables that users make.
    pub fn user_space(&self) -> Result<PathBuf> {
        let dir = self.root.join("user-space");
        private_dir(&dir)?;
        Ok(dir)
    }

    /// A fresh path for half-made things; what a crash left there is removed.
    pub fn staging(&self, name: &str) -> Result<PathBuf> {
        let dir = self.root.join("staging").join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("failed to clear {}", dir.display()))?;
        }
        Ok(dir)
    }
}

/// Creates a directory only we can enter, or checks that it is one.
fn private_dir(path: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("failed to create {}", path.display()))?;
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() || metadata.uid() != nix::unistd::getuid().as_raw() {
        bail!("{} is not a directory of yours: remove it, or choose another with --state", path.display());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

fn lock(path: &Path) -> Result<File> {
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    if file.try_lock().is_err() {
        let mut holder = String::new();
        file.read_to_string(&mut holder)?;
        let state = path.parent().unwrap_or(path).display();
        bail!(
            "Nearside already runs on {state} as process {}: use it, stop it with `kill {0}`, \
             or choose another place with --state DIR",
            holder.trim()
        );
    }
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_platform_on_the_same_state_is_refused_and_told_who_holds_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("state");
        let first = State::open(root.clone()).expect("the first platform");
        let refusal = State::open(root.clone()).err().expect("the second is refused").to_string();
        assert_eq!(
            refusal,
            format!(
                "Nearside already runs on {} as process {pid}: use it, stop it with `kill {pid}`, \
                 or choose another place with --state DIR",
                root.canonicalize().expect("it exists").display(),
                pid = std::process::id()
            )
        );
        drop(first);
        State::open(root).expect("free again");
    }

    #[test]
    fn what_a_crash_left_half_made_is_cleared() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = State::open(dir.path().join("state")).expect("opened");
        let staging = state.staging("sky").expect("a path");
        fs::create_dir_all(staging.join("half")).expect("written");
        assert_eq!(state.staging("sky").expect("a path"), staging);
        assert!(!staging.exists());
    }
}
