//! `nearside keys`: the key with which a gateway signs tokens, and what the data services check them by.
//!
//! `nearside up` needs none of this: there, the gateway makes a key of its own and tells it to the others.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kernel_gateway::identity::Seal;
use secrecy::ExposeSecret as _;

/// Where to put them.
#[derive(clap::Args)]
pub struct Args {
    /// Directory for `signing-key.pem`, which only the gateway may have, and `keys.json`, which is public.
    dir: PathBuf,
}

/// Makes a new pair. Keys that are there are left alone: all tokens would end with them.
pub fn run(args: &Args) -> Result<()> {
    fs::create_dir_all(&args.dir).with_context(|| format!("failed to create {}", args.dir.display()))?;
    let (private, public) = Seal::new_key()?;
    write(&args.dir.join("signing-key.pem"), 0o600, private.expose_secret().as_bytes())?;
    write(&args.dir.join("keys.json"), 0o644, &serde_json::to_vec(&public)?)
}

fn write(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .with_context(|| format!("failed to write {}: remove it first if it is not in use", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_there_are_not_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let args = Args { dir: dir.path().join("keys") };
        run(&args).expect("the first keys");
        let before = fs::read(args.dir.join("signing-key.pem")).expect("a key");
        let refused = format!("{:#}", run(&args).expect_err("there are keys"));
        assert!(refused.contains("remove it first if it is not in use"), "{refused}");
        assert_eq!(fs::read(args.dir.join("signing-key.pem")).expect("still a key"), before);
    }
}
