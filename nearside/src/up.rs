//! `nearside up`: the whole platform in one process on loopback, and a lab-agent per user beside it.
//!
//! The story: lock the state directory, make sure there is a sky, start the parts, say where they are,
//! wait for a signal, stop the parts. Labs of this mode all run as the same operating-system user, so it
//! serves this machine only and says so.

mod accounts;
mod announce;
mod browser;
mod certificate;
mod platform;
mod port;
mod state;
mod usage;
mod welcome;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use api::names::Username;
use catalogue::sky;
use database::Location;
use tokio::signal::unix::{SignalKind, signal};

use crate::bar::Bar;
use crate::{config, sample};
use platform::Platform;
use state::State;

/// The gateway's port where none is given.
const DEFAULT_PORT: u16 = 8642;
/// The Flight server's port where none is given.
const DEFAULT_FLIGHT_PORT: u16 = 8643;
/// The VO server's port where none is given.
const DEFAULT_VO_PORT: u16 = 8644;
/// Everything has ended this long after the first signal.
const STOP_WITHIN: Duration = Duration::from_millis(4500);

/// What to serve, where, and from which state.
#[derive(clap::Args)]
pub struct Args {
    /// HATS catalogues to serve, as DIR/SCHEMA/TABLE [default: a simulated sample sky, made on first use].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Limits of queries, NAME = NUMBER on each line [default: as in the operator guide].
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Port of the web pages on 127.0.0.1; 0 lets the system choose.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    /// Port of the Arrow Flight server on 127.0.0.1; 0 lets the system choose.
    #[arg(long, default_value_t = DEFAULT_FLIGHT_PORT)]
    flight_port: u16,
    /// Port of the VO services (TAP) on 127.0.0.1; 0 lets the system choose.
    #[arg(long, default_value_t = DEFAULT_VO_PORT)]
    vo_port: u16,
    /// Write URLs, the user and a token to FILE as JSON once everything answers.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Encrypt with a certificate of our own authority, kept in the state directory.
    #[arg(long)]
    tls: bool,
    /// Do not open a browser.
    #[arg(long)]
    no_browser: bool,
    /// Where accounts, notebooks and settings live [default: ~/.local/share/nearside].
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where jobs, their logins and users' tables are registered: sqlite:DIRECTORY, or postgres://HOST/DATABASE, whose
    /// password is better kept in a file (PGPASSFILE) than here [default: SQLite files in the state directory].
    #[arg(long, value_name = "PLACE")]
    database: Option<Location>,
    /// The account of the printed link [default: your login name].
    #[arg(long)]
    user: Option<Username>,
    /// A Python that has JupyterLab, ipykernel and the nearside package.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// The lab-agent program [default: beside this one].
    #[arg(long, value_name = "PROGRAM")]
    lab_agent: Option<PathBuf>,
    /// Stop a kernel that did nothing for this many seconds; 0 keeps it.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    kernel_idle_seconds: u64,
    /// Stop a lab that did nothing for this many seconds; 0 keeps it.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    lab_idle_seconds: u64,
}

/// Starts everything, and returns when a signal has stopped it.
pub async fn run(args: Args) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let state = State::open(args.state.clone().map_or_else(config::default_state_dir, Ok)?)?;
    let user = args.user.clone().unwrap_or_else(config::default_user);

    let platform = tokio::select! {
        platform = start(&args, &state, &user) => platform?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    announce::everything(&args, &platform, &user).await?;

    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    eprintln!("Stopping ...");
    if tokio::time::timeout(STOP_WITHIN, platform.stop()).await.is_err() {
        eprintln!("Some parts did not stop in time and were left to the next start to clear.");
    }
    Ok(())
}

async fn start(args: &Args, state: &State, user: &Username) -> Result<Platform> {
    let data = match &args.data {
        Some(dir) => dir.clone(),
        None => sample_sky(state).await?,
    };
    Platform::start(args, state, user, &data).await
}

/// The bundled sky, generated where the state directory has none, or none that is whole.
async fn sample_sky(state: &State) -> Result<PathBuf> {
    let dir = state.sample_sky();
    if sky::find_sample(&dir).is_none() {
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        let target = dir.clone();
        let staging = state.staging("sample-sky")?;
        tokio::task::spawn_blocking(move || {
            sample::generate(&staging, &sky::SampleOptions::default(), &Bar::default())?;
            std::fs::rename(&staging, &target).map_err(anyhow::Error::from)
        })
        .await??;
    }
    Ok(dir)
}
