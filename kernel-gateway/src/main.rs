//! The gateway on its own. `nearside up` embeds the same library beside the other parts.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use kernel_gateway::identity::Identity;
use kernel_gateway::{Config, ProcessSpawnerConfig};
use tokio::signal::unix::{SignalKind, signal};

/// Serves sign-in, labs and tokens of Nearside on this machine.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Where accounts and homes live; `gateway.db` is made there.
    #[arg(long)]
    state: PathBuf,
    /// Where to listen: a loopback address.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Arrow Flight location for kernels.
    #[arg(long, default_value = "grpc://127.0.0.1:50051")]
    flight_url: String,
    /// The lab-agent program.
    #[arg(long, default_value = "lab-agent")]
    agent: PathBuf,
    /// A Python interpreter that has JupyterLab.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// A private, short directory for sockets of running labs.
    #[arg(long)]
    run_dir: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    // Without this, a closed standard error would end every request in a panic.
    tracing_subscriber::fmt().with_writer(std::io::stderr).log_internal_errors(false).init();
    let Args { state, listen, flight_url, agent, python, run_dir } = Args::parse();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let identity = Identity::open(&state).await.context("failed to open the accounts")?;
    let spawner = ProcessSpawnerConfig { agent, python, homes: state.join("homes"), run_dir };
    let gateway = kernel_gateway::start(Config::new(listen, flight_url, spawner), identity).await?;
    tracing::info!(url = gateway.url(), "the gateway answers, on this machine only");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    gateway.shutdown_and_wait().await;
    Ok(())
}
