//! Where things are on this machine. Besides clap, the only place that reads the environment.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use api::names::Username;
use sha2::{Digest, Sha256};
use tracing_subscriber::EnvFilter;

/// Logs go to standard error, as lines; `RUST_LOG` chooses what (default: warnings).
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = std::io::stderr().is_terminal();
    // A closed standard error must not take the platform down.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
}

/// `$XDG_DATA_HOME/nearside`, or `~/.local/share/nearside`.
pub fn default_state_dir() -> Result<PathBuf> {
    let data_home = match env::var_os("XDG_DATA_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => env::home_dir().context("no home directory: give --state DIR")?.join(".local/share"),
    };
    Ok(data_home.join("nearside"))
}

/// A private directory for sockets: short, because a Unix socket's path has at most 107 bytes,
/// and always the same for one state directory, so that the next start finds what a crash left.
pub fn runtime_dir(state: &Path) -> PathBuf {
    let name = hex_prefix(&Sha256::digest(state.as_os_str().as_encoded_bytes()));
    env::temp_dir().join(format!("nearside-{}-{name}", nix::unistd::getuid()))
}

fn hex_prefix(digest: &[u8]) -> String {
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The account of the person at this machine: the login name where it can be one, else `astronomer`.
pub fn default_user() -> Username {
    let login = env::var("USER").ok().filter(|name| name != "root");
    login
        .and_then(|name| name.to_lowercase().parse().ok())
        .unwrap_or_else(|| "astronomer".parse().expect("the fallback is a valid user name"))
}

/// Whether a browser can be opened: a graphical session with `xdg-open`.
pub fn has_desktop() -> bool {
    env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some()
}

/// The program `name` that was built beside this one.
pub fn sibling_program(name: &str) -> Result<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    anyhow::ensure!(path.exists(), "{} is missing: build it with `cargo build --release`", path.display());
    Ok(path)
}

/// `program` as an absolute path, looked up on the `PATH` when it is a bare name. Links are kept as they
/// are: the interpreter of a virtual environment is one.
pub fn program(program: &Path) -> Result<PathBuf> {
    if program.components().count() > 1 {
        return std::path::absolute(program).context("failed to find the working directory");
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|candidate| candidate.is_file())
        .with_context(|| format!("there is no {} on the PATH: give its whole path", program.display()))
}
