//! Requests on their way to the kernel's present process, and its replies on their way into the journal.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use zeromq::{SocketRecv as _, SocketSend as _, ZmqMessage, ZmqResult};

use super::connection::{Connection, Dealers};
use super::kept::{Inbox, Kept};
use crate::kernels::wire::Channel;

/// Pause before sockets that failed are connected again; a process that died is replaced meanwhile.
const RECONNECT: Duration = Duration::from_millis(100);

/// Carries both ways, to each of the kernel's processes in turn.
pub async fn carry(kept: Arc<Kept>) {
    let mut inbox = kept.take_inbox();
    let mut processes = kept.connection.subscribe();
    loop {
        let present = processes.wait_for(Option::is_some).await.map(|present| present.clone());
        let Ok(Some(connection)) = present else { return };
        let attached = async {
            match connection.dealers().await {
                Ok(dealers) => pump(&kept, &connection, dealers, &mut inbox).await,
                Err(error) => {
                    tracing::warn!(kernel.id = %kept.id, "cannot reach kernel {}: {error}", kept.id)
                }
            }
            sleep(RECONNECT).await;
        };
        tokio::select! {
            _ = processes.changed() => {
                // What was meant for the process that ended must not be executed by the next one.
                while inbox.try_recv().is_ok() {}
            }
            () = attached => {}
        }
    }
}

/// Carries until a socket fails.
async fn pump(kept: &Kept, connection: &Connection, dealers: Dealers, inbox: &mut Inbox) {
    let (mut shell_out, mut shell) = dealers.shell.split();
    let (mut control_out, mut control) = dealers.control.split();
    let (mut stdin_out, mut stdin) = dealers.stdin.split();
    let requests = async {
        while let Some((channel, parts)) = inbox.recv().await {
            let message = connection.key.seal(&parts);
            let sent = match channel {
                Channel::Shell => shell_out.send(message).await,
                Channel::Control => control_out.send(message).await,
                Channel::Stdin => stdin_out.send(message).await,
                // Nobody listens there; Jupyter's server drops such messages too.
                Channel::Iopub => Ok(()),
            };
            if sent.is_err() {
                break;
            }
        }
    };
    let replies = async {
        loop {
            let (channel, message): (Channel, ZmqResult<ZmqMessage>) = tokio::select! {
                message = shell.recv() => (Channel::Shell, message),
                message = control.recv() => (Channel::Control, message),
                message = stdin.recv() => (Channel::Stdin, message),
            };
            let Ok(message) = message else { break };
            match connection.key.open(message) {
                Ok(parts) => kept.replied(channel, &parts),
                Err(error) => tracing::warn!(kernel.id = %kept.id, "kernel {}: {error}", kept.id),
            }
        }
    };
    tokio::select! {
        () = requests => {}
        () = replies => {}
    }
}
