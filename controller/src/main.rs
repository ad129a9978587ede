//! The `controller` program: parse, build the configuration, serve, reconcile until told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use controller::agents::HttpAgents;
use controller::clock::SystemClock;
use controller::config::{LabKey, Limits, PodSettings};
use controller::controller::Decisions;
use controller::{Config, Controller, definitions, health};
use tokio::signal::unix::{SignalKind, signal};

/// Makes the Labs of one namespace true.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Reconcile until SIGTERM.
    Run(Box<Run>),
    /// Write the custom resource definitions, one YAML file each.
    Definitions {
        /// Where to.
        directory: PathBuf,
    },
}

#[derive(Parser)]
struct Run {
    /// The namespace that is served, and the only one that is written to.
    #[arg(long, env = "NEARSIDE_NAMESPACE")]
    namespace: String,
    /// The image with the lab-agent, by digest.
    #[arg(long, env = "NEARSIDE_AGENT_IMAGE")]
    agent_image: String,
    /// Arrow Flight location for kernels.
    #[arg(long, env = "NEARSIDE_FLIGHT_URL")]
    flight_url: String,
    /// Where agents fetch data tokens.
    #[arg(long, env = "NEARSIDE_TOKEN_URL")]
    token_url: String,
    /// The file with the key from which secrets of labs are derived, at least 32 bytes; the gateway has the same.
    #[arg(long, env = "NEARSIDE_LAB_KEY_FILE", value_name = "FILE")]
    lab_key_file: PathBuf,
    /// Give pods user namespaces of their own; needs Linux 6.3 and containerd 2.
    #[arg(long, env = "NEARSIDE_USER_NAMESPACES")]
    user_namespaces: bool,
    /// User and group that labs run as.
    #[arg(long, env = "NEARSIDE_LAB_UID", default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..))]
    lab_uid: i64,
    /// The priority class of labs.
    #[arg(long, env = "NEARSIDE_PRIORITY_CLASS")]
    priority_class: Option<String>,
    /// Seconds that a lab has to end by itself.
    #[arg(long, env = "NEARSIDE_GRACE_SECONDS", default_value_t = 20)]
    grace_seconds: i64,
    /// Labs that may be starting at a time; the others queue.
    #[arg(long, env = "NEARSIDE_STARTING", default_value_t = Limits::default().starting)]
    starting: usize,
    /// Where /livez, /readyz and /metrics are served.
    #[arg(long, env = "NEARSIDE_LISTEN", default_value = "127.0.0.1:0")]
    listen: std::net::SocketAddr,
}

/// Shortest key from which secrets may be derived, in bytes.
const KEY_MIN_BYTES: usize = 32;

impl Run {
    fn config(self) -> anyhow::Result<Config> {
        let file = &self.lab_key_file;
        let key = std::fs::read(file).with_context(|| format!("cannot read the key {}", file.display()))?;
        anyhow::ensure!(
            key.len() >= KEY_MIN_BYTES,
            "{} has fewer than {KEY_MIN_BYTES} bytes",
            file.display()
        );
        Ok(Config {
            namespace: self.namespace,
            pods: PodSettings {
                agent_image: self.agent_image,
                flight_url: self.flight_url,
                token_url: self.token_url,
                lab_key: LabKey(key),
                user_namespaces: self.user_namespaces,
                uid: self.lab_uid,
                priority_class: self.priority_class,
                grace_seconds: self.grace_seconds,
            },
            limits: Limits { starting: self.starting, ..Limits::default() },
        })
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = match Arguments::parse().task {
        Task::Run(run) => reconcile(*run),
        Task::Definitions { directory } => definitions::write(&directory).map_err(Into::into),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn reconcile(run: Run) -> anyhow::Result<()> {
    // Two providers of cryptography are linked; one must be chosen.
    let chosen = rustls::crypto::aws_lc_rs::default_provider().install_default();
    anyhow::ensure!(chosen.is_ok(), "another provider of cryptography was installed");
    let listener = tokio::net::TcpListener::bind(run.listen).await.context("cannot listen")?;
    let config = run.config()?;
    let client = kube::Client::try_default().await.context("no cluster is configured")?;
    let clock = Arc::new(SystemClock::default());
    let agents = Arc::new(HttpAgents::new(config.pods.lab_key.clone()));
    let controller = Arc::new(Controller::new(client, config, clock, Decisions::default(), agents));
    tracing::info!(addr = %listener.local_addr()?, "the controller answers at {}", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        () = controller.run() => {}
        served = health::serve(listener, controller.clone()) => served.context("the health pages stopped")?,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
