//! A lab in temporary directories, and plain HTTP to it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use api::lab::{LabConfig, LabReady};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

pub const SECRET: &str = "the-secret-of-the-gateway";
pub const BASE: &str = "/user/maria/";

/// How long a test waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// A running lab-agent. Its standard input closes with this value, and then it stops everything.
pub struct Lab {
    pub addr: String,
    pub pid: u32,
    pub marker: String,
    pub child: Child,
    pub home: TempDir,
    pub run_dir: TempDir,
    _files: TempDir,
    http: reqwest::Client,
}

/// The interpreter, or `None` after saying that the test is skipped.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("NEARSIDE_PYTHON").map(PathBuf::from);
    if python.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "NEARSIDE_PYTHON must name an interpreter with JupyterLab and ipykernel");
        eprintln!("SKIPPED: set NEARSIDE_PYTHON to an interpreter with JupyterLab and ipykernel");
    }
    python
}

/// The lab that most tests share: starting JupyterLab is the slow part.
pub fn shared() -> Option<&'static Lab> {
    static LAB: OnceLock<Lab> = OnceLock::new();
    let python = python()?;
    Some(LAB.get_or_init(|| Lab::start(python, |_| ())))
}

impl Lab {
    /// Starts the program; `adjust` may change its configuration.
    pub fn start(python: PathBuf, adjust: impl FnOnce(&mut LabConfig)) -> Self {
        // Sockets need short paths; homes may stay behind when the test process ends.
        let run_dir = tempfile::tempdir().expect("a temporary directory");
        let files = tempfile::tempdir().expect("a temporary directory");
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
        let mut config = LabConfig {
            user: "maria".parse().expect("a user name"),
            base_url: BASE.into(),
            home: home.path().into(),
            run_dir: run_dir.path().into(),
            python,
            listen: "127.0.0.1:0".parse().expect("an address"),
            ready_file: files.path().join("ready.json"),
            agent_secret: SECRET.into(),
            lab_secret: "the-secret-of-the-lab".into(),
            token_url: "http://127.0.0.1:9/token".into(),
            flight_url: "grpc://127.0.0.1:1".into(),
            ca_file: None,
            kernel_idle_seconds: 0,
            gateway_absence_seconds: None,
        };
        adjust(&mut config);
        let config_file = files.path().join("config.json");
        std::fs::write(&config_file, serde_json::to_vec(&config).expect("JSON")).expect("a config file");
        let marker = format!("test-{}", uuid::Uuid::new_v4());
        let child = Command::new(env!("CARGO_BIN_EXE_lab-agent"))
            .arg("--config")
            .arg(&config_file)
            .env("NEARSIDE_LAB", &marker)
            .env("RUST_LOG", "error")
            .stdin(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let ready: LabReady = eventually("the ready file", || {
            serde_json::from_slice(&std::fs::read(&config.ready_file).ok()?).ok()
        });
        assert_eq!(ready.pid, child.id());
        // Tests have a runtime each, and connections do not outlive theirs.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
        Self {
            addr: ready.addr.to_string(),
            pid: ready.pid,
            marker,
            child,
            home,
            run_dir,
            _files: files,
            http,
        }
    }

    /// Sends a request below the base URL.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let url = format!("http://{}{BASE}{path}", self.addr);
        let mut request = self.http.request(method, url).bearer_auth(SECRET);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        request.send().await.expect("the agent answers")
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        taken(self.send(Method::GET, path, None).await).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        taken(self.send(Method::POST, path, Some(body)).await).await
    }

    pub async fn delete(&self, path: &str) -> StatusCode {
        self.send(Method::DELETE, path, None).await.status()
    }

    /// Starts a kernel and returns its id.
    pub async fn kernel(&self) -> String {
        let (status, model) =
            self.post("api/kernels", serde_json::json!({"name": "python3", "path": null})).await;
        assert_eq!(status, StatusCode::CREATED, "{model}");
        model["id"].as_str().expect("an id").to_owned()
    }

    /// Writes a kernelspec into the user's home.
    pub fn add_kernelspec(&self, name: &str, argv: &[&str]) {
        let directory = self.home.path().join(".local/share/jupyter/kernels").join(name);
        std::fs::create_dir_all(&directory).expect("a kernelspec directory");
        let json = serde_json::json!({"argv": argv, "display_name": name, "language": "python"});
        std::fs::write(directory.join("kernel.json"), json.to_string()).expect("a kernel.json");
    }

    /// The agent's own process, which the overseer starts again when it is gone.
    pub fn agent(&self) -> Option<u32> {
        let is_agent = |pid: &u32| {
            let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.split('\0').nth(1) == Some("serve")
        };
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid)).ok()?;
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).find(is_agent)
    }

    /// Kills the agent, and returns when it is dead.
    pub fn kill_agent(&self) {
        let pid = eventually("an agent", || self.agent());
        let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()));
        eventually("the end of the agent", || (self.agent() != Some(pid)).then_some(()));
    }

    /// Processes of this lab, the agent included, by the marker that they inherit.
    pub fn processes(&self) -> Vec<u32> {
        let marker = format!("NEARSIDE_LAB={}", self.marker);
        let all = std::fs::read_dir("/proc").expect("/proc").flatten();
        all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes())
            })
            .collect()
    }
}

async fn taken(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Looks until there is something; fails after the deadline.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "there was never {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
