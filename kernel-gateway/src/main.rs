//! The gateway on its own. `nearside up` embeds the same library beside the other parts.

mod arguments;

use anyhow::Result;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use arguments::Arguments;

#[tokio::main]
async fn main() -> Result<()> {
    // Without this, a closed standard error would end every request in a panic.
    tracing_subscriber::fmt().with_writer(std::io::stderr).log_internal_errors(false).init();
    let arguments = Arguments::parse();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let identity = arguments.identity().await?;
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
