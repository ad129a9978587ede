//! A Flight server on its own: tables from a directory, keys from a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use catalogue::engine::{Catalogue, Limits};
use clap::Parser;
use database::Location;
use flight_server::{Config, Tls, start};
use tikv_jemallocator::Jemalloc;
use tracing_subscriber::EnvFilter;
use user_space::{SpaceLimits, UserSpace};

/// Gives the memory of a query that ended back to the system, within the time that `.cargo/config.toml` says. The C
/// library's allocator keeps most of it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Serves the tables of a directory over Arrow Flight SQL.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Directory with <schema>/<table>/hats.properties
    #[arg(long)]
    data: PathBuf,
    /// Directory for users' own tables; without one people can read only
    #[arg(long)]
    user_space: Option<PathBuf>,
    /// Directory for the audit log: who read or changed which table; without one none is kept
    #[arg(long)]
    audit: Option<PathBuf>,
    /// Where users' tables are registered: postgres://USER:PASSWORD@HOST/DATABASE, or sqlite:DIRECTORY [default: an SQLite file
    /// in --user-space]
    #[arg(long, env = "NEARSIDE_DATABASE", hide_env_values = true)]
    database: Option<Location>,
    /// Address to listen on; port 0 lets the system choose
    #[arg(long, default_value = "127.0.0.1:8815")]
    listen: SocketAddr,
    /// Issuer that tokens must name
    #[arg(long, env = "NEARSIDE_ISSUER")]
    issuer: String,
    /// File with the JSON key set (RFC 7517) that tokens may be signed with
    #[arg(long)]
    keys: PathBuf,
    /// File with limits of queries, NAME = NUMBER on each line; the operator guide lists them
    #[arg(long)]
    limits: Option<PathBuf>,
    /// Certificate for TLS, PEM
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let keys =
        std::fs::read(&options.keys).with_context(|| format!("cannot read {}", options.keys.display()))?;
    let keys = serde_json::from_slice(&keys).context("the key file is not a JSON key set")?;
    let tls = options.tls_cert.zip(options.tls_key).map(|(cert_pem, key_pem)| Tls { cert_pem, key_pem });
    let limits = options.limits.as_deref().map_or_else(|| Ok(Limits::default()), Limits::read)?;
    let mut catalogue = Catalogue::open(&options.data, limits)?;
    let space = match &options.user_space {
        Some(dir) => Some(UserSpace::open(dir, options.database.as_ref(), SpaceLimits::default()).await?),
        None => None,
    };
    if let Some(space) = &space {
        catalogue = catalogue.with_user_tables(Arc::new(space.clone()));
    }
    let audit_dir = options.audit;
    let config = Config { listen: options.listen, tls, audit_dir, ..Config::new(&options.issuer, keys) };
    let server = start(config, Arc::new(catalogue), space).await?;
    tracing::info!(location = %server.location(), "serving");
    stop_signal().await?;
    server.shutdown_and_wait().await;
    Ok(())
}

async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
