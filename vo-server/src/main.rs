//! A VO server on its own: tables from a directory, keys from a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use api::names::Username;
use catalogue::engine::{Catalogue, Limits};
use clap::Parser;
use database::Location;
use tracing_subscriber::EnvFilter;
use user_space::{SpaceLimits, UserSpace};
use vo_server::{Config, Tls, start};

/// Serves the tables of a directory over TAP and the other protocols of the IVOA.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Directory with <schema>/<table>/hats.properties
    #[arg(long)]
    data: PathBuf,
    /// Directory for jobs and their results
    #[arg(long)]
    state: PathBuf,
    /// Directory for users' own tables; without one there are none
    #[arg(long)]
    user_space: Option<PathBuf>,
    /// Where tables of jobs, logins and users' tables are: postgres://USER:PASSWORD@HOST/DATABASE, or sqlite:DIRECTORY. Servers
    /// that share a database share --state and --user-space [default: SQLite files in --state and in --user-space]
    #[arg(long, env = "NEARSIDE_DATABASE", hide_env_values = true)]
    database: Option<Location>,
    /// Directory for the audit log: who read or changed which table; without one none is kept
    #[arg(long)]
    audit: Option<PathBuf>,
    /// Directory of people's homes, for VOSpace; without one there is none
    #[arg(long)]
    homes: Option<PathBuf>,
    /// Authority part of this installation's IVOA identifiers
    #[arg(long, default_value = "nearside.local")]
    authority: String,
    /// Who publishes these services, as registries show it
    #[arg(long, default_value = "Nearside, an installation without a name")]
    publisher: String,
    /// Address to listen on; port 0 lets the system choose
    #[arg(long, default_value = "127.0.0.1:8644")]
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
    /// Account that may see requests one by one, and /metrics; several are given one by one
    #[arg(long = "operator")]
    operators: Vec<Username>,
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
    let config = Config {
        listen: options.listen,
        tls,
        homes: options.homes,
        authority: options.authority,
        publisher: options.publisher,
        operators: options.operators,
        database: options.database,
        audit_dir: options.audit,
        ..Config::new(&options.issuer, keys, &options.state)
    };
    let server = start(config, Arc::new(catalogue), None, space).await?;
    tracing::info!(url = server.url(), "serving");
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
