//! `nearside audit`: whether the audit logs are whole.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::config;

/// Check that no line of the audit logs was changed, removed or added.
#[derive(clap::Args)]
pub struct Args {
    /// Where accounts, notebooks and settings live [default: ~/.local/share/nearside].
    #[arg(long)]
    state: Option<PathBuf>,
}

/// Reads the audit log of every server and says where each ends. Fails at the first line that does not follow from the
/// one before it.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub fn run(args: Args) -> Result<()> {
    let state = args.state.map_or_else(config::default_state_dir, Ok)?;
    let dir = state.join("audit");
    let logs =
        std::fs::read_dir(&dir).with_context(|| format!("there are no audit logs in {}", dir.display()))?;
    let mut logs = logs.map(|log| Ok(log?.path())).collect::<Result<Vec<_>>>()?;
    logs.sort();
    for log in logs {
        let end = audit::verify(&log)?;
        println!(
            "{}: {} lines, whole; the digest of the last is {}",
            log.display(),
            end.sequence,
            end.digest
        );
    }
    Ok(())
}
