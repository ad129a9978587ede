//! `cargo xtask cluster`: a real Kubernetes of one node on this machine, in namespaces of its own.
//!
//! What the node is made of and how it starts is in `tests/cluster`, a Go module; this builds it and calls it.

mod binary;
mod check;
mod labs;
mod notebook;
mod probe;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};
use clap::Subcommand;

pub use check::{check, prepare};

use crate::{cache, debian, process};
use binary::Pace;

/// What to do with the cluster.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

const AFTER_HELP: &str = "\
It needs root and Go, and installs the Debian packages containerd, runc, containernetworking-plugins and nftables. The first
build compiles Kubernetes, which takes ten minutes on two cores; the binary is kept in your cache directory.

The node has its own processes, mounts and network; on the machine it shows as the link nearside0. It enforces NetworkPolicies and
Pod Security, and makes volumes for claims. Images come in by `load`; nothing is pulled. There is one cluster on a machine.

  cargo xtask cluster up
  export KUBECONFIG=~/.cache/nearside/cluster/state/kubeconfig
  ~/.cache/nearside/cluster/state/bin/kubectl get pods --all-namespaces
  cargo xtask cluster down";

#[derive(Subcommand)]
enum Action {
    /// Start the cluster, and return when it runs pods and serves names (half a minute).
    Up {
        /// Archives of images that it shall have.
        #[arg(value_name = "ARCHIVE")]
        images: Vec<PathBuf>,
    },
    /// Give the running cluster more images.
    Load {
        /// OCI archives.
        #[arg(value_name = "ARCHIVE", required = true)]
        images: Vec<PathBuf>,
    },
    /// End the cluster and everything in it, and remove what it kept.
    Down,
    /// Build the cluster's programs and no more.
    Build,
}

/// Runs one of the actions.
#[expect(clippy::print_stdout, reason = "the settings are what the user needs next")]
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.action {
        Action::Up { images } => {
            let cluster = Cluster::find()?;
            cluster.up(images)?;
            println!("export KUBECONFIG={}", cluster.kubeconfig().display());
            println!("export KUBEBUILDER_ASSETS={}", cluster.programs().display());
        }
        Action::Load { images } => Cluster::find()?.load(images)?,
        Action::Down => Cluster::find()?.down()?,
        Action::Build => println!("{}", binary::build(Pace::Now)?.display()),
    }
    Ok(ExitCode::SUCCESS)
}

/// The machine's one test cluster, up or not.
pub struct Cluster {
    binary: PathBuf,
    state: PathBuf,
}

impl Cluster {
    /// Builds and installs what a cluster needs.
    pub fn find() -> Result<Self> {
        if !nix::unistd::getuid().is_root() {
            bail!("a cluster needs root, for namespaces and mounts: run this as root");
        }
        for (package, file) in PACKAGES {
            debian::ensure(package, |_| Path::new(file).exists())?;
        }
        Ok(Self { binary: binary::build(Pace::Now)?, state: cache::root()?.join("cluster/state") })
    }

    /// Starts it and waits until it runs pods. When that fails the error says what did not come up, and what it said last.
    pub fn up(&self, images: &[PathBuf]) -> Result<()> {
        let probe = probe::archive()?;
        process::run(self.node("up").arg(probe).args(images))
    }

    /// Gives it images.
    pub fn load(&self, images: &[PathBuf]) -> Result<()> {
        process::run(self.node("load").args(images))
    }

    /// Ends it, if it is up, and removes what there is of it.
    pub fn down(&self) -> Result<()> {
        process::run(&mut self.node("down"))
    }

    /// The administrator's way in.
    pub fn kubeconfig(&self) -> PathBuf {
        self.state.join("kubeconfig")
    }

    /// The directory of kubectl, kube-apiserver and etcd.
    pub fn programs(&self) -> PathBuf {
        self.state.join("bin")
    }

    fn node(&self, action: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["node", action, "--state"]).arg(&self.state);
        command
    }
}

/// Debian packages, and a file by which each is recognised.
const PACKAGES: [(&str, &str); 4] = [
    ("containerd", "/usr/bin/containerd"),
    ("runc", "/usr/sbin/runc"),
    ("containernetworking-plugins", "/usr/lib/cni/ptp"),
    ("nftables", "/usr/sbin/nft"),
];
