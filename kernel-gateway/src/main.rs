//! The gateway on its own. `nearside up` embeds the same library beside the other parts.

mod arguments;

use anyhow::{Context, Result};
use clap::Parser;
use kernel_gateway::identity::Identity;
use tokio::signal::unix::{SignalKind, signal};

use arguments::Arguments;

#[tokio::main]
async fn main() -> Result<()> {
    // Without this, a closed standard error would end every request in a panic.
    tracing_subscriber::fmt().with_writer(std::io::stderr).log_internal_errors(false).init();
    let arguments = Arguments::parse();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let identity = Identity::open(&arguments.state).await.context("failed to open the accounts")?;
    arguments.add_accounts(&identity).await?;
    let gateway = kernel_gateway::start(arguments.config()?, identity).await?;
    tracing::info!(url = gateway.url(), "the gateway answers");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    gateway.shutdown_and_wait().await;
    Ok(())
}
