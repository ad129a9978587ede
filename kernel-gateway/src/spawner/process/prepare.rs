//! Everything on disk that a lab needs before it starts, and the command that starts it.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use api::lab::LabConfig;
use api::names::Username;
use tokio::process::Command;

use super::Shared;
use crate::spawner::marked::Marks;
use crate::spawner::run_dir::LabDir;
use crate::spawner::{LabOrder, SpawnError, home};

impl Shared {
    /// Makes home, directory and configuration; the answer is the command that starts the agent.
    pub fn prepare(&self, order: &LabOrder) -> Result<Command, SpawnError> {
        let home = home::prepare(&self.programs.homes, &order.user, &self.welcome)?;
        let dir = self.run_dir.lab(&order.user);
        dir.make()?;
        dir.write_config(&self.lab_config(order, &home, &dir))?;
        self.command(&order.user, &home, &dir)
    }

    fn lab_config(&self, order: &LabOrder, home: &Path, dir: &LabDir) -> LabConfig {
        let order = order.clone();
        LabConfig {
            user: order.user,
            base_url: order.base_url,
            home: home.to_owned(),
            run_dir: dir.private(),
            python: self.programs.python.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            ready_file: dir.ready_file(),
            agent_secret: order.agent_secret,
            lab_secret: order.lab_secret,
            token_url: order.token_url,
            flight_url: order.flight_url,
            ca_file: order.ca_file,
            kernel_idle_seconds: order.kernel_idle_seconds,
            gateway_absence_seconds: Some(self.limits.gateway_absence.as_secs()),
        }
    }

    fn command(&self, user: &Username, home: &Path, dir: &LabDir) -> Result<Command, SpawnError> {
        let path = dir.log_file();
        let log = File::create(&path).and_then(|file| Ok((file.try_clone()?, file)));
        let (stdout, stderr) = log.map_err(|source| SpawnError::File { path, source })?;
        let mut command = Command::new(&self.programs.agent);
        command
            .arg("--config")
            .arg(dir.config_file())
            .current_dir(home)
            .env_clear()
            .env("PATH", &self.environment.path)
            .env("HOME", home)
            .env("LANG", &self.environment.lang)
            .envs(self.environment.timezone.iter().map(|timezone| ("TZ", timezone)))
            .env(Marks::LAB, &self.installation)
            .env(Marks::USER, user.as_str())
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }
}
