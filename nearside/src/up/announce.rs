//! Telling people and programs where the platform is, once everything answers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use api::names::Username;
use api::ready::Ready;

use super::{Args, browser};
use crate::config;
use crate::up::platform::Platform;

/// Writes the ready file, prints the sign-in link, opens the browser.
pub async fn everything(args: &Args, platform: &Platform, user: &Username) -> Result<()> {
    let link = platform.sign_in_link(user).await?;
    if let Some(path) = &args.ready_file {
        write_ready(path, &platform.ready(user).await?)
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

/// Whole or not at all, and only for us: it holds a token.
fn write_ready(path: &Path, ready: &Ready) -> Result<()> {
    let mut name = path.file_name().context("--ready-file needs a file name")?.to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(&serde_json::to_vec_pretty(ready)?)?;
    fs::rename(&part, path)?;
    Ok(())
}
