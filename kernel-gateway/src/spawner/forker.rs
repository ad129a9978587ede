//! The one thread that starts lab processes.
//!
//! The system delivers a "parent has died" signal (prctl(2), `PR_SET_PDEATHSIG`) when the *thread* that forked
//! ends. Threads of the async runtime come and go, so this thread does all the forking and lives as long as we.

use std::io;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

struct Job {
    command: Command,
    answer: oneshot::Sender<io::Result<Child>>,
}

/// A handle to the thread.
pub struct Forker {
    jobs: mpsc::Sender<Job>,
}

impl Forker {
    /// Starts the thread. It ends when the handle is dropped.
    pub fn start() -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let runtime = Handle::current();
        std::thread::Builder::new().name("lab-forker".into()).spawn(move || {
            let _runtime = runtime.enter();
            for Job { mut command, answer } in inbox {
                // Where nobody waits any more, dropping the child kills it.
                let _ = answer.send(command.spawn());
            }
        })?;
        Ok(Self { jobs })
    }

    /// Starts a process. It is killed when its handle is dropped.
    pub async fn spawn(&self, mut command: Command) -> io::Result<Child> {
        command.kill_on_drop(true);
        let (answer, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts processes has ended");
        self.jobs.send(Job { command, answer }).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}
