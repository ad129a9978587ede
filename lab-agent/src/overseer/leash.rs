//! Who holds the lab: the gateway that started it, and when that is gone, the next one that comes for it.
//!
//! A gateway that is killed is usually started again within seconds, and what runs here must not pay for it. But
//! nothing may run for ever for nobody, so the wait has an end.

use std::path::PathBuf;
use std::time::Duration;

use api::lab::LabConfig;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

/// Pause after a connection that could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Where gateways come for the lab.
pub struct Leash {
    socket: UnixListener,
    path: PathBuf,
    absence: Duration,
}

impl Leash {
    /// Makes the socket, for labs that wait for gateways. An old one is there when the directory was used before.
    pub fn new(lab: &LabConfig) -> std::io::Result<Option<Self>> {
        let Some(seconds) = lab.gateway_absence_seconds else { return Ok(None) };
        let path = lab.leash();
        let _ = std::fs::remove_file(&path);
        let socket = UnixListener::bind(&path)?;
        Ok(Some(Self { socket, path, absence: Duration::from_secs(seconds) }))
    }

    /// Returns when nobody has held the lab for too long. `first` ends when the one who started it does.
    pub async fn is_let_go(&self, first: impl Future<Output = ()>) {
        tokio::pin!(first);
        let mut next = tokio::select! {
            () = first => None,
            next = self.next() => Some(next),
        };
        loop {
            if let Some(holder) = next.take() {
                // The newest gateway counts: the one before may be dead without our knowledge.
                next = tokio::select! {
                    () = end_of(holder) => None,
                    next = self.next() => Some(next),
                };
            } else {
                tracing::warn!("the gateway is gone: the lab waits {:?} for another", self.absence);
                match timeout(self.absence, self.next()).await {
                    Ok(holder) => next = Some(holder),
                    Err(_) => return,
                }
            }
        }
    }

    async fn next(&self) -> UnixStream {
        loop {
            match self.socket.accept().await {
                Ok((holder, _)) => return holder,
                Err(error) => tracing::warn!("a gateway could not take the lab over: {error}"),
            }
            sleep(ACCEPT_AGAIN).await;
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn end_of(mut holder: UnixStream) {
    let mut sink = [0; 64];
    while matches!(holder.read(&mut sink).await, Ok(count) if count > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leash(directory: &tempfile::TempDir) -> Leash {
        let path = directory.path().join("leash.sock");
        let socket = UnixListener::bind(&path).expect("a socket");
        Leash { socket, path, absence: Duration::from_millis(200) }
    }

    #[tokio::test]
    async fn a_lab_without_a_gateway_is_let_go_after_its_wait() {
        let directory = tempfile::tempdir().expect("a directory");
        timeout(Duration::from_secs(10), leash(&directory).is_let_go(async {})).await.expect("let go");
    }

    #[tokio::test]
    async fn a_lab_lives_as_long_as_the_newest_gateway() {
        let directory = tempfile::tempdir().expect("a directory");
        let leash = leash(&directory);
        let path = leash.path.clone();
        let held = tokio::spawn(async move { leash.is_let_go(std::future::pending()).await });
        let first = UnixStream::connect(&path).await.expect("a first gateway");
        let second = UnixStream::connect(&path).await.expect("a second gateway");
        drop(first);
        sleep(Duration::from_millis(600)).await;
        assert!(!held.is_finished(), "the second holds it");
        drop(second);
        timeout(Duration::from_secs(10), held).await.expect("let go").expect("no panic");
        assert!(!path.exists());
    }
}
