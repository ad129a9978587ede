//! The `lab-agent` program: parse, read the configuration, start, wait for the order to stop.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use lab_agent::Config;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Runs the kernels and the JupyterLab of one person.
///
/// The agent lives as long as its standard input stays open: whoever starts it holds the other end of a pipe,
/// and when that process goes, however it goes, the agent stops everything it started. SIGTERM and SIGINT do
/// the same. Log lines go to standard error; RUST_LOG chooses how many.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The lab's configuration as JSON, written by the spawner with mode 0600.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,zeromq=error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let config = Config::read(&arguments.config).context("the lab cannot start")?;
    let handle = lab_agent::start(config).await.context("the lab cannot start")?;
    tracing::info!(addr = %handle.addr(), "the lab answers at {}", handle.addr());
    let reason = order_to_stop().await?;
    tracing::info!("stopping the lab: {reason}");
    handle.shutdown_and_wait().await;
    Ok(())
}

async fn order_to_stop() -> anyhow::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        _ = standard_input_closed() => "the process that started it is gone",
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
