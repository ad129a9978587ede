//! The lab's warm Python (`warm.py`): it has done the imports that most of a kernel's start consists of, and forks a
//! kernel, with its keeper, whenever one of the lab's own Python is wanted.
//!
//! There is one, started when JupyterLab has, so that it is not in the way of what somebody waits for. Where it is
//! not ready, or not sure to be like a Python that starts now, kernels start without it.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};

use super::launch::Launch;
use crate::config::Config;
use crate::environment;

/// What the Python runs.
const SCRIPT: &str = include_str!("warm.py");
/// Its answer when it has imported everything.
const WARM: &str = "warm";
/// Its answer when there is a kernel.
const FORKED: &str = "forked";

/// The lab's warm Python, once there is one.
#[derive(Default)]
pub struct Warm {
    python: Mutex<Option<Python>>,
    lost: Notify,
}

/// A process that forks kernels. It ends when this is dropped.
struct Python {
    wishes: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Warm {
    /// Starts keeper and kernel of `launch`, which has been written; `false` where that has to be done otherwise. The
    /// keeper's socket is there then.
    pub async fn fork(&self, launch: &Launch, within: Duration) -> bool {
        let mut python = self.python.lock().await;
        let Some(found) = python.as_mut() else { return false };
        let forked = timeout(within, found.fork(launch)).await.map_err(io::Error::from).flatten();
        if let Err(error) = &forked {
            tracing::info!(kernel.id = %launch.kernel, "kernel {} starts cold: {error}", launch.kernel);
            *python = None;
            self.lost.notify_one();
        }
        forked.is_ok()
    }

    /// Starts it, and again whenever it was lost, for ever.
    pub async fn keep(&self, config: &Config) {
        loop {
            match Python::start(config).await {
                Ok(python) => {
                    *self.python.lock().await = Some(python);
                    self.lost.notified().await;
                }
                Err(error) => tracing::warn!("kernels start cold: {error}"),
            }
            sleep(config.limits.warm_pause).await;
        }
    }

    /// Whether there is one.
    pub async fn is_there(&self) -> bool {
        self.python.lock().await.is_some()
    }

    /// Ends it.
    pub async fn end(&self) {
        self.python.lock().await.take();
    }
}

impl Python {
    async fn start(config: &Config) -> io::Result<Self> {
        let mut process = Command::new(&config.lab.python)
            .args(["-c", SCRIPT])
            .current_dir("/")
            .envs(environment::of_the_lab(config))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let wishes = process.stdin.take().ok_or_else(|| io::Error::other("it has no standard input"))?;
        let answers = process.stdout.take().ok_or_else(|| io::Error::other("it has no standard output"))?;
        let mut python = Self { wishes, answers: BufReader::new(answers).lines(), _process: process };
        timeout(config.limits.warm_start, python.hear(WARM)).await??;
        Ok(python)
    }

    async fn fork(&mut self, launch: &Launch) -> io::Result<()> {
        let program: PathBuf = std::env::current_exe()?;
        let keeper = [program, "keep".into(), "--launch".into(), launch.file()];
        let wish = json!({"socket": launch.socket(), "keeper": keeper});
        self.wishes.write_all(format!("{wish}\n").as_bytes()).await?;
        self.hear(FORKED).await
    }

    async fn hear(&mut self, expected: &str) -> io::Result<()> {
        match self.answers.next_line().await? {
            Some(answer) if answer == expected => Ok(()),
            Some(answer) => Err(io::Error::other(format!("the warm Python says {answer:?}"))),
            None => Err(io::Error::other("the warm Python ended: its reason is in the lab's log")),
        }
    }
}
