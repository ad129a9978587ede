//! The JupyterLab process: started at once, and again whenever it ends, with growing pauses.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::net::UnixStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Lab, LabState, proxy};
use crate::config::Config;
use crate::environment;
use crate::process::{Death, Group, Launcher, Program};

/// The first pause before another start; it doubles up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Where JupyterLab finds what we configure for it, in the run directory. What people configure is in home.
const CONFIG: &str = "config";
/// How often a starting JupyterLab is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// A JupyterLab that lived this long earns short pauses again.
const STABLE: Duration = Duration::from_secs(60);

/// Keeps JupyterLab running until `stop`, and returns when it is gone.
pub async fn keep_running(config: Arc<Config>, launcher: Launcher, lab: Arc<Lab>, stop: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    while !stop.is_cancelled() {
        let born = Instant::now();
        lab.state.send_replace(LabState::Starting);
        let Some(end) = one_life(&config, &launcher, &lab, &stop).await else { return };
        tracing::warn!("JupyterLab ended: {end}");
        lab.state.send_replace(LabState::Failed(end));
        if born.elapsed() >= STABLE {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => pause = (pause * 2).min(config.limits.lab_backoff),
        }
    }
}

/// Starts JupyterLab and waits for its end, in words; `None` when it was stopped.
async fn one_life(
    config: &Config,
    launcher: &Launcher,
    lab: &Lab,
    stop: &CancellationToken,
) -> Option<String> {
    // A socket left by a killed predecessor would look like an answer.
    let _ = fs::remove_file(&lab.socket);
    let started =
        write_defaults(&config.lab.run_dir).and_then(|()| launcher.start(&program(config, &lab.socket)));
    let mut group = match started {
        Ok(group) => group,
        Err(error) => return Some(error.to_string()),
    };
    tokio::select! {
        () = stop.cancelled() => {
            group.terminate(config.limits.terminate_grace * 2).await;
            None
        }
        death = until_death(&mut group, lab, &config.lab.base_url) => Some(death.to_string()),
    }
}

async fn until_death(group: &mut Group, lab: &Lab, base_url: &str) -> Death {
    tokio::select! {
        death = group.wait() => return death,
        () = answers(&lab.socket, base_url) => {}
    }
    lab.state.send_replace(LabState::Ready);
    group.wait().await
}

async fn answers(socket: &Path, base_url: &str) {
    while UnixStream::connect(socket).await.is_err() || proxy::probe(socket, base_url).await.is_err() {
        sleep(LOOK).await;
    }
}

/// Settings that hold until the person chooses others: nobody is asked about news from the network.
fn write_defaults(run_dir: &Path) -> io::Result<()> {
    let directory = run_dir.join(CONFIG).join("labconfig");
    fs::create_dir_all(&directory)?;
    let notification = json!({"fetchNews": "false", "checkForUpdates": false});
    let defaults = json!({"@jupyterlab/apputils-extension:notification": notification});
    fs::write(directory.join("default_setting_overrides.json"), defaults.to_string())
}

/// The command line. Sign-in, cross-site checks and origins are the gateway's; nobody else reaches the socket,
/// which is in a directory and of a mode that only this user may use.
fn program(config: &Config, socket: &Path) -> Program {
    let lab = &config.lab;
    let options = [
        format!("--ServerApp.sock={}", socket.display()),
        "--ServerApp.sock_mode=0600".into(),
        format!("--ServerApp.base_url={}", lab.base_url),
        format!("--ServerApp.root_dir={}", lab.home.display()),
        "--ServerApp.open_browser=False".into(),
        "--ServerApp.allow_remote_access=True".into(),
        "--ServerApp.trust_xheaders=True".into(),
        "--ServerApp.disable_check_xsrf=True".into(),
        "--ServerApp.quit_button=False".into(),
        "--ServerApp.terminals_enabled=True".into(),
        "--ServerApp.allow_root=True".into(),
        "--IdentityProvider.token=".into(),
        "--PasswordIdentityProvider.hashed_password=".into(),
        "--LabApp.extension_manager=readonly".into(),
        // These two would ask the network.
        "--LabApp.news_url=None".into(),
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate".into(),
    ];
    let mut variables = environment::of_the_lab(config);
    variables.push(("JUPYTER_CONFIG_PATH".into(), lab.run_dir.join(CONFIG).into()));
    let start = [lab.python.clone().into_os_string(), "-m".into(), "jupyterlab".into()];
    Program {
        argv: start.into_iter().chain(options.map(OsString::from)).collect(),
        directory: lab.home.clone(),
        variables,
    }
}
