//! The running parts: catalogue, Flight server, VO server, gateway, and the first user's lab.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use api::limits::READY_TOKEN_SECONDS;
use api::names::Username;
use api::ready::Ready;
use api::token::Audience;
use catalogue::engine::{Catalogue, Limits, User};
use kernel_gateway::identity::Identity;
use user_space::{SpaceLimits, UserSpace};

use super::certificate::Certificate;
use super::state::State;
use super::{Args, accounts, port, usage, welcome};
use crate::config;

/// Handles of everything that runs, and what is needed to say where.
pub struct Platform {
    identity: Identity,
    flight: flight_server::ServerHandle,
    vo: vo_server::ServerHandle,
    space: UserSpace,
    gateway: kernel_gateway::ServerHandle,
    ca_file: Option<PathBuf>,
    broken_tables: Vec<String>,
}

impl Platform {
    /// Starts the parts in the order in which they need each other. Nothing is left running on failure.
    pub async fn start(args: &Args, state: &State, user: &Username, data: &Path) -> Result<Self> {
        let gateway_addr = port::loopback(args.port, "--port")?;
        let flight_addr = port::loopback(args.flight_port, "--flight-port")?;
        let vo_addr = port::loopback(args.vo_port, "--vo-port")?;
        let lab_agent = args.lab_agent.clone().map_or_else(|| config::sibling_program("lab-agent"), Ok)?;
        let python = config::program(&args.python)?;
        let certificate =
            if args.tls { Some(Certificate::open_or_make(&state.certificates()?)?) } else { None };
        let catalogue = open_catalogue(data, args.limits.as_deref()).await?;
        let nothing = catalogue.releases(&User { name: user.clone() }).is_empty();
        if let (true, [broken, ..]) = (nothing, catalogue.broken()) {
            bail!("{} has no table that can be served: {broken}", data.display());
        }
        let space =
            UserSpace::open(&state.user_space()?, args.database.as_ref(), SpaceLimits::default()).await?;
        let catalogue = Arc::new(catalogue.with_user_tables(Arc::new(space.clone())));
        let broken_tables = catalogue.broken().iter().map(ToString::to_string).collect();

        let identity = Identity::open(state.root()).await?;
        if !identity.accounts().exists(user).await? {
            identity.accounts().add(user, None).await?;
        }
        let vo = vo_server::start(
            vo_server::Config {
                listen: vo_addr,
                tls: certificate.as_ref().map(|files| vo_server::Tls {
                    cert_pem: files.certificate.clone(),
                    key_pem: files.key.clone(),
                }),
                homes: Some(state.homes()),
                // It is their machine.
                operators: vec![user.clone()],
                database: args.database.clone(),
                audit_dir: Some(state.audit("vo")?),
                ..vo_server::Config::new(identity.issuer(), identity.key_set(), &state.vo()?)
            },
            Arc::clone(&catalogue),
            Some(Arc::new(accounts::LocalAccounts(identity.clone()))),
            Some(space.clone()),
        )
        .await?;
        let flight = flight_server::start(
            flight_server::Config {
                listen: flight_addr,
                tls: certificate.as_ref().map(|files| flight_server::Tls {
                    cert_pem: files.certificate.clone(),
                    key_pem: files.key.clone(),
                }),
                usage: usage::listener(&vo),
                audit_dir: Some(state.audit("flight")?),
                ..flight_server::Config::new(identity.issuer(), identity.key_set())
            },
            catalogue,
            Some(space.clone()),
        )
        .await?;
        let ca_file = certificate.as_ref().map(|files| files.ca.clone());
        let gateway = kernel_gateway::start(
            kernel_gateway::Config {
                tls: certificate
                    .map(|files| kernel_gateway::Tls { certificate: files.certificate, key: files.key }),
                catalogue_url: Some(vo.url()),
                ca_file: ca_file.clone(),
                welcome: welcome::files(),
                lab_idle_seconds: args.lab_idle_seconds,
                kernel_idle_seconds: args.kernel_idle_seconds,
                ..kernel_gateway::Config::new(
                    gateway_addr,
                    flight.location(),
                    kernel_gateway::ProcessSpawnerConfig {
                        agent: lab_agent,
                        python,
                        homes: state.homes(),
                        run_dir: state.runtime().to_owned(),
                    },
                )
            },
            identity.clone(),
        )
        .await?;
        vo.link_labs(&gateway.url());
        gateway.start_lab(user);
        Ok(Self { identity, flight, vo, space, gateway, ca_file, broken_tables })
    }

    /// What is wrong with each table that cannot be read.
    pub fn broken_tables(&self) -> &[String] {
        &self.broken_tables
    }

    /// Where the web pages are.
    pub fn gateway_url(&self) -> String {
        self.gateway.url()
    }

    /// Where the Flight server is.
    pub fn flight_url(&self) -> String {
        self.flight.location()
    }

    /// Where the VO services are: the base URL for astroquery, with `/tap-server/tap` behind it for others.
    pub fn vo_url(&self) -> String {
        self.vo.url()
    }

    /// A link that signs `user` in once.
    pub async fn sign_in_link(&self, user: &Username) -> Result<String> {
        let code = self.identity.issue_link(user).await?;
        Ok(format!("{}/login/link/{code}", self.gateway.url()))
    }

    /// The contents of the ready file.
    pub async fn ready(&self, user: &Username) -> Result<Ready> {
        let everywhere = [Audience::Gateway, Audience::Flight, Audience::Vo];
        Ok(Ready {
            gateway_url: self.gateway.url(),
            flight_url: self.flight.location(),
            vo_url: Some(self.vo.url()),
            user: user.clone(),
            token: self.identity.sign(user, &everywhere, READY_TOKEN_SECONDS)?,
            ca_file: self.ca_file.clone(),
            pid: std::process::id(),
        })
    }

    /// Ends labs and servers.
    pub async fn stop(self) {
        let (gateway, flight) = (self.gateway.shutdown_and_wait(), self.flight.shutdown_and_wait());
        tokio::join!(gateway, flight, self.vo.shutdown_and_wait());
        self.space.close().await;
    }
}

async fn open_catalogue(data: &Path, limits: Option<&Path>) -> Result<Catalogue> {
    let limits = limits.map_or_else(|| Ok(Limits::default()), Limits::read)?;
    let dir = data.to_owned();
    tokio::task::spawn_blocking(move || Catalogue::open(&dir, limits))
        .await?
        .with_context(|| format!("cannot serve {}", data.display()))
}
