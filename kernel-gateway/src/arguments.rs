//! The command line of the gateway, and the configuration that it means.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, ValueEnum};
use http::Uri;
use http::uri::Authority;
use kernel_gateway::config::{ApiServerConfig, HomeConfig, LabLimits, ProviderConfig};
use kernel_gateway::identity::{Identity, IdentityError, Seal};
use kernel_gateway::spawner::LabKey;
use kernel_gateway::{Config, KubernetesSpawnerConfig, ProcessSpawnerConfig, PublicAddress, SpawnerConfig};

/// Serves sign-in, labs and tokens of Nearside.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    /// Where accounts live; `gateway.db` is made there.
    #[arg(long)]
    state: PathBuf,
    /// Where to listen; with labs as processes it must be a loopback address.
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Where people reach the gateway, as in https://labs.example.org. Without it, it answers to loopback names only.
    #[arg(long, env = "NEARSIDE_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Uri>,
    /// Another host, with its port if it has one, to which the gateway answers; labs ask for tokens at such a one.
    #[arg(long, value_name = "HOST")]
    host: Vec<Authority>,
    /// Accounts to add at the start, unless they exist: a name, a space and a password on each line.
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Identity providers (OpenID Connect, CAS) at which people may sign in: a JSON list, as in the operator guide.
    #[arg(long, value_name = "FILE", env = "NEARSIDE_PROVIDERS_FILE")]
    providers: Option<PathBuf>,
    /// The private key that tokens are signed with, PEM, as `nearside keys` makes it; without one, a key of the state's own.
    #[arg(long, value_name = "FILE", requires = "issuer")]
    signing_key_file: Option<PathBuf>,
    /// The issuer that tokens then name; the data services are told the same.
    #[arg(long, env = "NEARSIDE_ISSUER", value_name = "URI", requires = "signing_key_file")]
    issuer: Option<String>,
    /// What runs labs.
    #[arg(long, value_enum, default_value_t = SpawnerName::Process)]
    spawner: SpawnerName,
    #[command(flatten)]
    process: ProcessArguments,
    #[command(flatten)]
    kubernetes: KubernetesArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum SpawnerName {
    /// Processes of this machine, under our own operating-system user.
    Process,
    /// Pods, which the operator makes of the Lab resources that we declare.
    Kubernetes,
}

#[derive(Args)]
#[command(next_help_heading = "Labs as processes (--spawner process)")]
struct ProcessArguments {
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
    #[arg(long, required_if_eq("spawner", "process"))]
    run_dir: Option<PathBuf>,
}

#[derive(Args)]
#[command(next_help_heading = "Labs as pods (--spawner kubernetes)")]
struct KubernetesArguments {
    /// The namespace of labs.
    #[arg(long, env = "NEARSIDE_LABS_NAMESPACE", default_value = "nearside-labs")]
    namespace: String,
    /// The Environment that labs run.
    #[arg(long, env = "NEARSIDE_ENVIRONMENT", required_if_eq("spawner", "kubernetes"))]
    environment: Option<String>,
    /// One of its sizes.
    #[arg(long, env = "NEARSIDE_SIZE", required_if_eq("spawner", "kubernetes"))]
    size: Option<String>,
    /// How large the volume of each account is, as in 10Gi; without it, files live as long as the pod.
    #[arg(long, env = "NEARSIDE_HOME_SIZE")]
    home_size: Option<String>,
    /// The StorageClass of these volumes; the cluster's default when absent.
    #[arg(long, env = "NEARSIDE_HOME_CLASS", requires = "home_size")]
    home_class: Option<String>,
    /// Seconds without work after which a lab is stopped; 0 never does. Its home stays.
    #[arg(long, env = "NEARSIDE_LAB_IDLE_SECONDS", default_value_t = 3600)]
    lab_idle_seconds: u32,
    /// The file with the key from which secrets of labs are derived, at least 32 bytes; the operator has the same.
    #[arg(long, env = "NEARSIDE_LAB_KEY_FILE", value_name = "FILE", required_if_eq("spawner", "kubernetes"))]
    lab_key_file: Option<PathBuf>,
    /// The API server, as in https://192.0.2.1:6443; in a pod it is known.
    #[arg(long, value_name = "URL")]
    api_url: Option<Uri>,
    /// The cluster's certificate authority, PEM.
    #[arg(long, value_name = "FILE", requires = "api_url")]
    api_ca_file: Option<PathBuf>,
    /// A file with the token of our service account.
    #[arg(long, value_name = "FILE", requires = "api_url")]
    api_token_file: Option<PathBuf>,
}

impl Arguments {
    /// Opens the accounts and the signing key.
    pub async fn identity(&self) -> Result<Identity> {
        let seal = match self.signing_key_file.as_deref().zip(self.issuer.clone()) {
            Some((file, issuer)) => {
                let key = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read the key {}", file.display()))?;
                Some(Seal { issuer, key: key.into() })
            }
            None => None,
        };
        Identity::open_sealed(&self.state, seal.as_ref()).await.context("failed to open the accounts")
    }

    /// Adds the accounts of the file, if there is one.
    pub async fn add_accounts(&self, identity: &Identity) -> Result<()> {
        let Some(file) = &self.accounts else { return Ok(()) };
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (name, password) =
                line.split_once(' ').context("an account is a name, a space and a password")?;
            let name = name.parse()?;
            match identity.accounts().add(&name, Some(password.to_owned().into())).await {
                Ok(()) => tracing::info!(user = %name, "added the account {name}"),
                Err(IdentityError::AccountExists(_)) => {}
                Err(error) => return Err(error).with_context(|| format!("cannot add the account {name}")),
            }
        }
        Ok(())
    }

    /// What they mean.
    pub fn config(self) -> Result<Config> {
        let flight_url = self.process.flight_url.clone();
        let (spawner, lab): (SpawnerConfig, _) = match self.spawner {
            SpawnerName::Process => (self.process.config(&self.state)?.into(), LabLimits::default()),
            SpawnerName::Kubernetes => (self.kubernetes.config()?.into(), LabLimits::of_a_cluster()),
        };
        let public =
            match self.public_url {
                Some(url) => {
                    let address = PublicAddress::new(url, self.host);
                    Some(address.context(
                        "--public-url has a scheme and a host only, as in https://labs.example.org",
                    )?)
                }
                None => None,
            };
        let providers = self.providers.as_deref().map(ProviderConfig::read).transpose()?.unwrap_or_default();
        Ok(Config { public, lab, providers, ..Config::new(self.listen, flight_url, spawner) })
    }
}

impl ProcessArguments {
    fn config(self, state: &std::path::Path) -> Result<ProcessSpawnerConfig> {
        let Self { flight_url: _, agent, python, run_dir } = self;
        let run_dir = run_dir.context("give --run-dir")?;
        Ok(ProcessSpawnerConfig { agent, python, homes: state.join("homes"), run_dir })
    }
}

impl KubernetesArguments {
    fn config(self) -> Result<KubernetesSpawnerConfig> {
        let api = match (self.api_url, ApiServerConfig::from_env()) {
            (Some(url), _) => {
                ApiServerConfig { url, ca_file: self.api_ca_file, token_file: self.api_token_file }
            }
            (None, Some(of_our_pod)) => of_our_pod,
            (None, None) => bail!("this is no pod of a cluster: say with --api-url where the API server is"),
        };
        ensure!(
            self.namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "--namespace is no name of one"
        );
        let file = self.lab_key_file.context("give --lab-key-file")?;
        let key = std::fs::read(&file).with_context(|| format!("cannot read the key {}", file.display()))?;
        let lab_key =
            LabKey::new(key).with_context(|| format!("{} has fewer than 32 bytes", file.display()))?;
        Ok(KubernetesSpawnerConfig {
            api,
            namespace: self.namespace,
            lab_key,
            environment: self.environment.context("give --environment")?,
            size: self.size.context("give --size")?,
            home: self.home_size.map(|size| HomeConfig { size, storage_class: self.home_class }),
            cull_after_seconds: self.lab_idle_seconds,
        })
    }
}
