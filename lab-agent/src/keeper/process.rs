//! One process of a kernel, from its start until it is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use zeromq::{DealerSocket, SocketRecv as _, SocketSend as _, SubSocket, ZmqResult};

use super::connection::Connection;
use super::forked::Forked;
use super::kept::Kept;
use crate::kernels::wire::compose;
use crate::kernels::{InterruptMode, Launch, StartError};
use crate::process::{Death, Group, Launcher};

/// How often a starting kernel is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long a kernel may think about `kernel_info_request` before it is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How long broadcasts of a dead kernel may still be on their way.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A process that answers.
pub struct KernelProcess {
    /// Where it is reached.
    pub connection: Arc<Connection>,
    /// When it first answered: a slow start is not a long life.
    pub answered: Instant,
    group: Group,
    control: DealerSocket,
    _listener: AbortOnDropHandle<()>,
}

impl KernelProcess {
    /// Starts a process, or makes a forked one begin, and waits until it answers, dies, or has been silent for too long.
    pub async fn start(
        kernel: &Arc<Kept>,
        launch: &Launch,
        forked: Option<Forked>,
    ) -> Result<Self, StartError> {
        let connection = Arc::new(Connection::create(launch)?);
        let program = launch.program_of(std::process::id());
        let mut group = match forked {
            Some(forked) => forked.become_a(&program).await?,
            None => Launcher::new(&launch.search_path, kernel.limits.stderr_tail_bytes).start(&program)?,
        };
        let limit = kernel.limits.kernel_start;
        let (control, listener) = tokio::select! {
            death = group.wait() => return Err(StartError::Died(death)),
            greeted = timeout(limit, greet(kernel, &connection)) => {
                greeted.map_err(|_| StartError::Silent(limit.as_secs()))?
            }
        };
        Ok(Self { connection, answered: Instant::now(), group, control, _listener: listener })
    }

    /// Waits for its end.
    pub async fn death(&mut self) -> Death {
        let death = self.group.wait().await;
        sleep(LAST_WORDS).await;
        death
    }

    /// Interrupts what it is doing.
    pub async fn interrupt(&mut self, mode: InterruptMode) -> Result<(), String> {
        match mode {
            InterruptMode::Signal => self.group.signal(Signal::SIGINT),
            InterruptMode::Message => {
                self.say("interrupt_request", &json!({})).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }

    /// Interrupts it, asks it to leave, and makes it leave.
    pub async fn stop(mut self, kernel: &Kept, restart: bool) {
        self.group.signal(Signal::SIGINT);
        let asked = self.say("shutdown_request", &json!({"restart": restart})).await.is_ok();
        let limits = &kernel.limits;
        if !asked || timeout(limits.kernel_grace, self.group.wait()).await.is_err() {
            self.group.terminate(limits.terminate_grace).await;
        }
    }

    async fn say(&mut self, kind: &str, content: &Value) -> ZmqResult<()> {
        self.control.send(self.connection.key.seal(&compose(kind, None, content))).await
    }
}

/// Asks until the kernel answers on its shell socket and a broadcast arrives; whatever goes wrong before that
/// is tried again, because a kernel makes its sockets one after the other.
async fn greet(kernel: &Arc<Kept>, connection: &Arc<Connection>) -> (DealerSocket, AbortOnDropHandle<()>) {
    loop {
        while !connection.is_there() {
            sleep(LOOK).await;
        }
        match greet_once(kernel, connection).await {
            Ok(greeted) => return greeted,
            Err(error) => {
                tracing::debug!(kernel.id = %kernel.id, "kernel {} is not ready: {error}", kernel.id)
            }
        }
        sleep(LOOK).await;
    }
}

async fn greet_once(
    kernel: &Arc<Kept>,
    connection: &Arc<Connection>,
) -> ZmqResult<(DealerSocket, AbortOnDropHandle<()>)> {
    let (spoke, mut spoken) = watch::channel(false);
    let broadcasts = connection.iopub().await?;
    let listener = tokio::spawn(listen(kernel.clone(), connection.clone(), broadcasts, spoke));
    let listener = AbortOnDropHandle::new(listener);
    let mut shell = connection.shell().await?;
    loop {
        shell.send(connection.key.seal(&compose("kernel_info_request", None, &json!({})))).await?;
        let answered = async {
            shell.recv().await?;
            // The listener ends only with this function or after it, so the wait cannot fail.
            let _ = spoken.wait_for(|spoken| *spoken).await;
            ZmqResult::Ok(())
        };
        if let Ok(answer) = timeout(ASK_AGAIN, answered).await {
            answer?;
            return Ok((connection.control().await?, listener));
        }
    }
}

/// Hands every broadcast to the kernel's clients, for as long as the process lives.
async fn listen(
    kernel: Arc<Kept>,
    connection: Arc<Connection>,
    mut socket: SubSocket,
    spoke: watch::Sender<bool>,
) {
    loop {
        match socket.recv().await.map(|message| connection.key.open(message)) {
            Ok(Ok(parts)) => {
                kernel.heard(&parts);
                spoke.send_replace(true);
            }
            Ok(Err(error)) => tracing::warn!(kernel.id = %kernel.id, "kernel {}: {error}", kernel.id),
            // The process is going; its supervisor will see it.
            Err(_) => sleep(LOOK).await,
        }
    }
}
