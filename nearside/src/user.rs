//! `nearside user`: the local accounts.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use api::names::Username;
use kernel_gateway::identity::Identity;
use secrecy::SecretString;

use crate::config;

/// Which account, and what to do with it.
#[derive(clap::Args)]
pub struct Args {
    /// Where accounts, notebooks and settings live [default: ~/.local/share/nearside].
    #[arg(long, global = true)]
    state: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the accounts.
    List,
    /// Add an account; its password is read from standard input, empty for links only.
    Add {
        /// Lower-case letters, digits, '.', '_', '-'.
        name: Username,
        /// Labs on this machine all run as your own operating-system user: anyone who may start a kernel
        /// can read your files. Say that this is what you want.
        #[arg(long)]
        shared_os_user: bool,
    },
    /// Set an account's password, read from standard input; ends its logins.
    Password {
        /// The account.
        name: Username,
    },
}

/// Runs one account command.
pub async fn run(args: Args) -> Result<()> {
    let state = args.state.map_or_else(config::default_state_dir, Ok)?;
    std::fs::create_dir_all(&state).with_context(|| format!("failed to create {}", state.display()))?;
    let identity = Identity::open(&state).await?;
    let accounts = identity.accounts();
    match args.command {
        Command::List => {
            for name in accounts.list().await? {
                say(name.as_str());
            }
        }
        Command::Add { name, shared_os_user } => {
            if !shared_os_user && !accounts.list().await?.is_empty() {
                bail!(
                    "labs on this machine are not isolated from each other: they all run as the same \
                     operating-system user. Add --shared-os-user if you trust {name} with your files"
                );
            }
            accounts.add(&name, read_password()?).await?;
            say(&format!("added {name}"));
        }
        Command::Password { name } => {
            let password = read_password()?.context("a password cannot be empty")?;
            accounts.set_password(&name, password).await?;
            say(&format!("changed the password of {name}; all its logins have ended"));
        }
    }
    Ok(())
}

fn read_password() -> Result<Option<SecretString>> {
    if std::io::stdin().is_terminal() {
        eprintln!("Password (it will be shown; or pipe it in), end with Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\r', '\n']);
    Ok((!password.is_empty()).then(|| SecretString::from(password)))
}

#[expect(clippy::print_stdout, reason = "the answer of a command-line program")]
fn say(line: &str) {
    println!("{line}");
}
