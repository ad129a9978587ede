//! Finding and ending processes by a mark in their environment, which every descendant inherits.
//!
//! Process groups and parents are not enough: a kernel may start a daemon of its own, and after a crash of the
//! gateway nobody is left who knew the pids. A mark cannot be confused with a process that got a recycled pid.

use std::fs;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// Between two looks at who is left.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// `NAME=value` entries that a process must all have, and others of which it must have none.
#[derive(Clone, Debug)]
pub struct Marks {
    all_of: Vec<String>,
    none_of: Vec<String>,
}

impl Marks {
    /// Carried by every process of every lab of an installation.
    pub const LAB: &str = "NEARSIDE_LAB";
    /// Carried by every process of one user's lab.
    pub const USER: &str = "NEARSIDE_LAB_USER";

    /// Marks from names and values.
    pub fn new<const N: usize>(marks: [(&str, &str); N]) -> Self {
        let all_of = marks.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Self { all_of, none_of: Vec::new() }
    }

    /// Leaves those alone that carry this too.
    pub fn spare(&mut self, name: &str, value: &str) {
        self.none_of.push(format!("{name}={value}"));
    }

    /// Ends every process that carries the marks: TERM, and KILL for those left after `grace`.
    pub async fn end(&self, grace: Duration) {
        self.signal(Signal::SIGTERM).await;
        if !self.are_gone_within(grace).await {
            self.signal(Signal::SIGKILL).await;
            self.are_gone_within(grace).await;
        }
    }

    async fn signal(&self, signal: Signal) {
        for pid in self.carriers().await {
            match kill(pid, signal) {
                Ok(()) | Err(Errno::ESRCH) => {
                    tracing::info!(%pid, %signal, "ending a left-over process of a lab")
                }
                Err(error) => {
                    tracing::warn!(%pid, %signal, %error, "failed to end a left-over process of a lab")
                }
            }
        }
    }

    async fn are_gone_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while !self.carriers().await.is_empty() {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(LOOK_EVERY).await;
        }
        true
    }

    /// The living processes with the marks, ourselves excepted. A dead one that nobody has collected yet has
    /// no environment any more, and does not count.
    async fn carriers(&self) -> Vec<Pid> {
        let marks = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
            let pids =
                entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
            pids.filter(|&pid| pid != Pid::this() && marks.are_carried_by(pid)).collect()
        });
        looked.await.unwrap_or_default()
    }

    fn are_carried_by(&self, pid: Pid) -> bool {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let has = |mark: &String| environment.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes());
        !environment.is_empty() && self.all_of.iter().all(has) && !self.none_of.iter().any(has)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn a_process_that_ignores_term_is_killed_and_others_are_left_alone() {
        let value = uuid::Uuid::new_v4().to_string();
        let marks = Marks::new([("NEARSIDE_TEST_MARK", &value), ("NEARSIDE_TEST_USER", "maria")]);
        let start = |user: &str| {
            Command::new("sh")
                .args(["-c", "trap '' TERM; sleep 60 & wait; wait"])
                .envs([("NEARSIDE_TEST_MARK", value.as_str()), ("NEARSIDE_TEST_USER", user)])
                .stdout(Stdio::null())
                .spawn()
                .expect("a shell")
        };
        let (mut marias, mut carolines) = (start("maria"), start("caroline"));

        let mut spared = Marks::new([("NEARSIDE_TEST_MARK", &value)]);
        spared.spare("NEARSIDE_TEST_USER", "caroline");
        spared.end(Duration::from_millis(200)).await;

        assert_eq!(marks.carriers().await, []);
        assert!(carolines.try_wait().expect("a status").is_none(), "another user's process lives");
        Marks::new([("NEARSIDE_TEST_MARK", &value)]).end(Duration::from_millis(200)).await;
        marias.wait().expect("collected");
        carolines.wait().expect("collected");
    }
}
