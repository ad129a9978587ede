//! An open WebSocket: bytes in both directions until one side ends, the login ends, or we do.

use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::time::{interval, sleep};

use super::departing::Departing;
use crate::access::{Caller, Proof};
use crate::app::App;

/// Bytes on their way in one direction: most messages of a notebook pass in one piece.
const BUFFER_BYTES: usize = 64 * 1024;

/// Connects both sides once each has switched protocols. Does not wait.
pub fn open(app: App, caller: Caller, browser: OnUpgrade, lab: OnUpgrade) {
    tokio::spawn(async move {
        let (browser, lab) = match tokio::try_join!(browser, lab) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(user = %caller.user, %error, "a WebSocket was not taken up");
                return;
            }
        };
        let (mut browser, mut lab) = (Departing(TokioIo::new(browser)), TokioIo::new(lab));
        tokio::select! {
            // Either side may just vanish; that is how most WebSockets end.
            _ = copy_bidirectional_with_sizes(&mut browser, &mut lab, BUFFER_BYTES, BUFFER_BYTES) => {}
            () = until_signed_out(&app, &caller.proof) => {
                tracing::info!(user = %caller.user, "closed a WebSocket whose login has ended");
            }
            () = app.closing.cancelled() => {}
        }
    });
}

/// Resolves when the proof that opened the socket would no longer open it. Asks the database, because another
/// process may have changed the password.
async fn until_signed_out(app: &App, proof: &Proof) {
    match proof {
        Proof::Cookie { login, .. } => {
            let mut ticks = interval(app.traffic.login_check_every);
            loop {
                ticks.tick().await;
                // A database that fails for a moment does not close everybody's notebooks.
                if matches!(app.identity.logins().is_alive(&login.id).await, Ok(false)) {
                    return;
                }
            }
        }
        Proof::Token { expires_at } => {
            let left = expires_at - jiff::Timestamp::now().as_second();
            sleep(Duration::from_secs(u64::try_from(left).unwrap_or_default())).await;
        }
        Proof::LabSecret => std::future::pending().await,
    }
}
