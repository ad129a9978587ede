//! Labs as real processes. A shell script stands in for the agent: it writes its ready file, starts a child that
//! ignores TERM, and obeys or disobeys as the test wants.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kernel_gateway::config::WelcomeFile;
use kernel_gateway::identity::Identity;
use kernel_gateway::spawner::{Ended, Presence, ProcessSpawner, SpawnError, Spawner};
use kernel_gateway::{Config, ProcessSpawnerConfig, SpawnerConfig, start};
use tempfile::TempDir;
use uuid::Uuid;

use crate::browser::Browser;
use crate::contract::{self, Labs, Place, order};
use crate::harness::{client, config, eventually, name, programs};

const READY: &str = r#"
dir=$(dirname "$2")
sh -c "trap '' TERM; while :; do sleep 1; done" &
echo "{\"addr\":\"127.0.0.1:9\",\"pid\":$$}" > "$dir/ready.part" && mv "$dir/ready.part" "$dir/ready.json"
"#;
const OBEYS: &str = "trap 'exit 0' TERM\nwhile :; do sleep 0.05; done";
const DISOBEYS: &str = "trap '' TERM\nwhile :; do sleep 0.05; done";
const DIES: &str = "echo 'No module named jupyterlab' >&2\nexit 3";

/// A directory short enough for sockets, wherever the tests run.
fn short_dir() -> TempDir {
    tempfile::Builder::new().prefix("ns").tempdir_in("/tmp").expect("a directory")
}

fn agent(dir: &TempDir, script: &str) -> PathBuf {
    let path = dir.path().join("agent.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

fn with_agent(dir: &TempDir, script: &str) -> Config {
    let mut config = config(dir);
    config.spawner = ProcessSpawnerConfig { agent: agent(dir, script), ..programs(dir) }.into();
    config.lab.stop_within = Duration::from_millis(500);
    config.welcome = vec![WelcomeFile { path: "notebooks/01.ipynb".into(), bytes: b"{}".to_vec() }];
    config
}

/// The processes of an installation's labs.
fn processes(installation: Uuid) -> Vec<String> {
    let mark = format!("NEARSIDE_LAB={installation}");
    let pids = std::fs::read_dir("/proc")
        .expect("listed")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let carries = |pid: &String| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    };
    pids.filter(|pid| pid.parse::<u32>().is_ok()).filter(carries).collect()
}

async fn open(config: &Config, installation: Uuid) -> Result<ProcessSpawner, SpawnError> {
    let SpawnerConfig::Process(programs) = config.spawner.clone() else { panic!("labs as processes") };
    ProcessSpawner::open(config, programs, installation).await
}

async fn spawner(config: &Config, installation: Uuid) -> ProcessSpawner {
    open(config, installation).await.expect("a spawner")
}

/// This machine.
struct Here(TempDir);

impl Place for Here {
    async fn open(labs: Labs) -> (Self, Arc<dyn Spawner>) {
        let dir = short_dir();
        let script = match labs {
            Labs::Answer => format!("{READY}\n{OBEYS}"),
            Labs::Wait => OBEYS.to_owned(),
            Labs::Fail => DIES.to_owned(),
        };
        let spawner = Arc::new(spawner(&with_agent(&dir, &script), Uuid::new_v4()).await);
        (Self(dir), spawner)
    }

    async fn end(&self, _user: &str) {
        let text = std::fs::read(self.0.path().join("run/labs.json")).expect("read");
        let labs: serde_json::Value = serde_json::from_slice(&text).expect("the running labs");
        let ended = Command::new("kill").arg(labs[0]["pid"].to_string()).status().expect("kill");
        assert!(ended.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labs_as_processes_keep_the_contract() {
    contract::holds::<Here>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_gets_a_private_configuration_a_home_and_a_clean_environment() {
    let (dir, installation) = (short_dir(), Uuid::new_v4());
    let config = with_agent(&dir, &format!("env > \"$HOME/environment\"\n{READY}\n{OBEYS}"));
    let spawner = spawner(&config, installation).await;
    let running = spawner.start(&order("maria"), &drop).await.expect("a lab");
    assert_eq!(running.addr.to_string(), "127.0.0.1:9");
    assert_eq!(spawner.state(&name("maria")), Presence::Present);
    assert!(matches!(spawner.start(&order("maria"), &drop).await, Err(SpawnError::Present(_))));

    let home = dir.path().join("homes/maria");
    let lab = dir.path().canonicalize().expect("exists").join("run/maria");
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!([mode(&lab.join("config.json")), mode(&lab.join("s")), mode(&home)], [0o600, 0o700, 0o700]);
    let text = std::fs::read(lab.join("config.json")).expect("read");
    let written: api::lab::LabConfig = serde_json::from_slice(&text).expect("a lab's configuration");
    assert_eq!((written.home, written.run_dir), (home.clone(), lab.join("s")));
    assert_eq!(std::fs::read_to_string(home.join("notebooks/01.ipynb")).expect("read"), "{}");

    let environment = std::fs::read_to_string(home.join("environment")).expect("read");
    let mut names: Vec<_> =
        environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_", "TZ"].contains(name));
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "NEARSIDE_LAB", "NEARSIDE_LAB_USER", "PATH"]);
    assert!(environment.contains(&format!("NEARSIDE_LAB={installation}\n")));
    spawner.stop(&name("maria")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_every_process_of_the_lab_and_of_no_other() {
    let (dir, installation) = (short_dir(), Uuid::new_v4());
    let spawner = spawner(&with_agent(&dir, &format!("{READY}\n{OBEYS}")), installation).await;
    let marias = spawner.start(&order("maria"), &drop).await.expect("a lab");
    let _carolines = spawner.start(&order("caroline"), &drop).await.expect("a lab");
    let both = processes(installation).len();
    spawner.stop(&name("maria")).await;
    assert_eq!(marias.ended.await, Ended::Asked);
    assert_eq!(spawner.state(&name("maria")), Presence::Absent);
    assert_eq!(spawner.state(&name("caroline")), Presence::Present);
    let left = processes(installation).len();
    assert!(left > 0 && left < both, "{left} of {both}");
    spawner.stop(&name("caroline")).await;
    assert_eq!(processes(installation), [] as [&str; 0]);
    assert!(!dir.path().join("run/maria/config.json").exists(), "its secrets are gone");
    assert_eq!(std::fs::read_to_string(dir.path().join("run/labs.json")).expect("read"), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_dies_at_start_is_reported_with_what_it_said() {
    let (dir, installation) = (short_dir(), Uuid::new_v4());
    let spawner = spawner(&with_agent(&dir, DIES), installation).await;
    let Err(SpawnError::Ended { reason, log }) = spawner.start(&order("maria"), &drop).await else {
        panic!("it ended")
    };
    assert_eq!(reason, "the lab ended by itself (exit status: 3)");
    assert_eq!(log, "No module named jupyterlab");
    assert_eq!(spawner.state(&name("maria")), Presence::Absent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_never_answers_is_given_up_and_ended() {
    let (dir, installation) = (short_dir(), Uuid::new_v4());
    let mut config = with_agent(&dir, &format!("echo waiting\n{OBEYS}"));
    config.lab.start_within = Duration::from_secs(2);
    let spawner = spawner(&config, installation).await;
    let Err(SpawnError::TooSlow { log, .. }) = spawner.start(&order("maria"), &drop).await else {
        panic!("it never answered")
    };
    assert_eq!(log, "waiting");
    assert_eq!(processes(installation), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_that_ends_by_itself_takes_its_children_with_it_and_says_so() {
    let (dir, installation) = (short_dir(), Uuid::new_v4());
    let spawner = spawner(
        &with_agent(&dir, &format!("{READY}\nsleep 0.2\necho 'out of memory'\nexit 9")),
        installation,
    )
    .await;
    let running = spawner.start(&order("maria"), &drop).await.expect("a lab");
    let expected = Ended::Unasked {
        reason: "the lab ended by itself (exit status: 9)".into(),
        log: "out of memory".into(),
    };
    assert_eq!(running.ended.await, expected);
    assert_eq!(processes(installation), [] as [&str; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_gateway_left_is_ended_at_the_next_start_and_others_are_left_alone() {
    let (dir, installation, neighbour) = (short_dir(), Uuid::new_v4(), Uuid::new_v4());
    let config = with_agent(&dir, &format!("{READY}\n{OBEYS}"));
    let leave = |installation: Uuid| {
        Command::new("sh")
            .args(["-c", "trap '' TERM; while :; do sleep 1; done"])
            .env("NEARSIDE_LAB", installation.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("a shell")
    };
    let (mut ours, mut theirs) = (leave(installation), leave(neighbour));
    let stale = dir.path().join("run/maria");
    std::fs::create_dir_all(&stale).expect("made");
    std::fs::write(stale.join("config.json"), "{}").expect("written");
    let spawner = spawner(&config, installation).await;
    assert_eq!(processes(installation), [] as [&str; 0]);
    assert_eq!(processes(neighbour).len(), 2, "a shell and its sleep");
    assert!(!stale.exists());
    assert!(matches!(open(&config, installation).await, Err(SpawnError::RunDirInUse(_))));
    drop(spawner);
    open(&config, neighbour).await.expect("ends the neighbour's");
    ours.wait().expect("collected");
    theirs.wait().expect("collected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_ends_even_disobedient_labs() {
    let dir = short_dir();
    let mut config = with_agent(&dir, &format!("{READY}\n{DISOBEYS}"));
    config.lab.stop_within = kernel_gateway::config::LabLimits::default().stop_within;
    let identity = Identity::open(dir.path()).await.expect("an identity store");
    let installation = identity.installation();
    let gateway = start(config, identity).await.expect("a gateway");
    for user in ["maria", "caroline", "wilhelm"] {
        gateway.start_lab(&name(user));
    }
    let ready = |user| dir.path().join(format!("run/{user}/ready.json"));
    eventually("all three run", async || {
        ["maria", "caroline", "wilhelm"].iter().all(|user| ready(user).exists())
    })
    .await;
    gateway.shutdown_and_wait().await;
    assert_eq!(processes(installation), [] as [&str; 0]);
}

/// The program itself on a free port. It is killed at the end of the test, however that comes.
struct Program {
    process: std::process::Child,
    url: String,
}

impl Program {
    fn run(dir: &TempDir) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_kernel-gateway"))
            .args(["--listen", "127.0.0.1:0", "--python", "/nonexistent/python3", "--state"])
            .arg(dir.path())
            .arg("--agent")
            .arg(dir.path().join("agent.sh"))
            .arg("--run-dir")
            .arg(dir.path().join("run"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let first = lines.map_while(Result::ok).find(|line| line.contains("the gateway answers"));
        let first = first.expect("it answers");
        let url = first.split('"').find(|part| part.starts_with("http://")).expect("a URL").to_owned();
        Self { process, url }
    }

    fn kill(&mut self) {
        self.process.kill().expect("killed");
        self.process.wait().expect("collected");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_the_next_start_ends_agents_that_do_not_wait_for_it_and_knows_everybody() {
    let dir = short_dir();
    agent(&dir, &format!("{READY}\n{OBEYS}"));
    let identity = Identity::open(dir.path()).await.expect("an identity store");
    identity.accounts().add(&name("maria"), None).await.expect("added");
    let code = identity.issue_link(&name("maria")).await.expect("a code");
    let installation = identity.installation();

    let mut program = Program::run(&dir);
    let url = program.url.clone();
    let signed_in = client().get(format!("{url}/login/link/{code}")).send().await.expect("an answer");
    let maria = Browser::of(&signed_in, &url);
    maria.navigates(client().get(format!("{url}/lab"))).send().await.expect("an answer");
    eventually("the lab runs", async || dir.path().join("run/maria/ready.json").exists()).await;
    let text = std::fs::read(dir.path().join("run/labs.json")).expect("read");
    let labs: serde_json::Value = serde_json::from_slice(&text).expect("the running labs");
    let agent = format!("/proc/{}", labs[0]["pid"]);
    assert!(Path::new(&agent).exists());

    program.kill();
    assert!(Path::new(&agent).exists() && !processes(installation).is_empty(), "nobody has ended it");

    let program = Program::run(&dir);
    assert_eq!(processes(installation), [] as [&str; 0]);
    let answer =
        maria.navigates(client().get(format!("{}/token", program.url))).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "the login survived");
}
