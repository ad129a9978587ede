//! Stopping labs in which nothing happens.

use std::sync::Arc;
use std::time::Duration;

use api::lab::Activity;
use api::names::Username;
use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use tokio::time::{MissedTickBehavior, interval};

use super::{Labs, Upstream, base_url};

/// Bytes of an activity report; ours have less than a hundred.
const REPORT_BYTES: usize = 4096;

/// Looks at every ready lab now and then, and stops those idle for longer than `idle_seconds`. Runs for ever.
pub async fn cull_idle_labs(labs: Arc<Labs>, idle_seconds: u64, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        for (user, upstream) in labs.ready() {
            // An agent that does not answer is not idle: it is left to the person who uses it.
            let Some(activity) = activity(&labs, &user, &upstream).await else { continue };
            if activity.idle_seconds > idle_seconds {
                tracing::info!(lab.user = %user, idle_seconds = activity.idle_seconds, "stopping the idle lab of {user}");
                labs.stop(&user).await;
            }
        }
    }
}

async fn activity(labs: &Labs, user: &Username, upstream: &Upstream) -> Option<Activity> {
    let question = Request::get(format!("{}api/nearside/activity", base_url(user))).body(Body::empty());
    let answer =
        labs.client.send(upstream, question.expect("a user's base URL is a valid path")).await.ok()?;
    if answer.status() != StatusCode::OK {
        return None;
    }
    let body = to_bytes(Body::new(answer.into_body()), REPORT_BYTES).await.ok()?;
    serde_json::from_slice(&body).ok()
}
