//! Opening the sign-in link in the person's browser, where this machine has one.

use std::process::{Command, Stdio};

/// Asks the desktop to open `url`. Failing is fine: the link has been printed.
pub fn open(url: &str) {
    let opened = Command::new("xdg-open")
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = opened {
        tracing::debug!(%error, "no browser was opened");
    }
}
