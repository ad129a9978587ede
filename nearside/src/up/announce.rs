//! Telling people and programs where the platform is, once everything answers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use api::names::Username;

use super::{Args, browser};
use crate::config;
use crate::up::platform::Platform;

/// Writes the ready file, prints the sign-in link, opens the browser.
pub async fn everything(args: &Args, platform: &Platform, user: &Username) -> Result<()> {
    let link = platform.sign_in_link(user).await?;
    if let Some(path) = &args.ready_file {
        replace(path, &serde_json::to_vec_pretty(&platform.ready(user).await?)?)
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    print(platform, user, &link);
    if !args.no_browser && config::has_desktop() {
        browser::open(&link);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the person started the command for")]
fn print(platform: &Platform, user: &Username, link: &str) {
    println!();
    println!("  Nearside is ready:  {}", platform.gateway_url());
    println!("  Arrow Flight:       {}", platform.flight_url());
    println!("  TAP:                {}/tap-server/tap", platform.vo_url());
    println!("  Sign in as {user}, once, within ten minutes:");
    println!();
    println!("    {link}");
    println!();
    for problem in platform.broken_tables() {
        println!("  Not served: {problem}");
        println!();
    }
    println!("  It serves this machine only (loopback), and all labs run as your own user: they are not");
    println!("  isolated from each other. Ctrl-C stops everything.");
    println!();
}

/// Whole or not at all, and only for us: it holds a token. Devices and pipes are not for replacing.
fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        bail!("what is there is not a file: choose another name");
    }
    let mut name = path.file_name().context("--ready-file needs a file name")?.to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(contents)?;
    fs::rename(&part, path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_anything_else_is_left_alone() {
        let dir = tempfile::TempDir::new().expect("a temporary directory");
        let (file, link) = (dir.path().join("ready"), dir.path().join("link"));
        replace(&file, b"one").expect("a new file");
        replace(&file, b"two").expect("a file that is there");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        assert!(replace(&link, b"three").is_err());
        assert_eq!(fs::read(&link).expect("the file behind the link"), b"two");
    }
}
