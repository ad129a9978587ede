//! The `lab-agent` program. What the spawner starts is the overseer, which starts the agent, which starts a keeper
//! for each kernel; all three are this program.

use std::future::Future;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use lab_agent::Config;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Runs the kernels and the JupyterLab of one person.
///
/// The lab lives as long as the standard input of this program stays open: whoever starts it holds the other end of a
/// pipe, and when that process goes, however it goes, everything of the lab stops; or waits for another gateway, where
/// the configuration says for how long. SIGTERM and SIGINT stop it at once.
/// Log lines go to standard error; RUST_LOG chooses how many.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// The lab's configuration as JSON, written by the spawner with mode 0600.
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,
}

/// What this program starts of itself.
#[derive(Subcommand)]
enum Role {
    /// The agent; standard input is the socket that it answers on.
    #[command(hide = true)]
    Serve {
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// The keeper of one kernel; standard input is its socket.
    #[command(hide = true)]
    Keep {
        #[arg(long, value_name = "FILE")]
        launch: PathBuf,
        /// The child that waits to become the kernel.
        #[arg(long, value_name = "PID")]
        forked: Option<i32>,
    },
    /// Copy this program into a directory, for a lab whose image has never heard of it.
    Install {
        /// The directory, which exists; a private `run` is made beside the copy.
        directory: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,zeromq=error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    // Overseer and keepers have one thread: children hear of the end of the thread that started them.
    let one_thread = || runtime::Builder::new_current_thread().enable_all().build();
    match (arguments.role, arguments.config) {
        (Some(Role::Keep { launch, forked }), _) => {
            one_thread()?.block_on(lab_agent::keeper::run(&launch, forked))
        }
        (Some(Role::Serve { config }), _) => runtime::Runtime::new()?.block_on(serve(&config)),
        (None, Some(config)) => one_thread()?.block_on(async {
            let stop = order_to_stop()?;
            let run = lab_agent::overseer::run(&config, stop, standard_input_closed());
            run.await.context("the lab cannot start")
        }),
        (Some(Role::Install { directory }), _) => install(&directory),
        (None, None) => anyhow::bail!("give --config FILE"),
    }
}

/// An init container's work: afterwards `directory` has the agent, and a run directory that only its user enters.
fn install(directory: &Path) -> anyhow::Result<()> {
    let program = directory.join("lab-agent");
    std::fs::copy(std::env::current_exe()?, &program).context("cannot copy the agent")?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o555))?;
    let run = directory.join("run");
    std::fs::create_dir_all(&run).context("cannot make the run directory")?;
    std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

async fn serve(config: &Path) -> anyhow::Result<()> {
    let overseer = parent_id();
    set_pdeathsig(Signal::SIGTERM)?;
    let stop = order_to_stop()?;
    let config = Config::read(config).context("the lab cannot start")?;
    let socket = std::net::TcpListener::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let handle = lab_agent::start(config, socket, overseer).await.context("the lab cannot start")?;
    tracing::info!(addr = %handle.addr(), "the lab answers at {}", handle.addr());
    let reason = stop.await;
    tracing::info!("stopping the agent: {reason}");
    handle.shutdown_and_wait().await;
    Ok(())
}

/// Listens for orders from now on; the answer says why to stop.
fn order_to_stop() -> anyhow::Result<impl Future<Output = &'static str>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

/// Reads in a plain thread: a read that blocks for ever must not keep the program from ending.
async fn standard_input_closed() {
    let (closed, wait) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut sink = [0; 256];
        while matches!(std::io::stdin().read(&mut sink), Ok(count) if count > 0) {}
        drop(closed);
    });
    // The sender is dropped, never used: an error is the signal.
    let _ = wait.await;
}
