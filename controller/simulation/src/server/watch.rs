//! Watches: every change in its order, late; bookmarks; an end when the time is up; 410 for versions that are forgotten;
//! and now and then silence without an end.

use std::time::Duration;

use bytes::Bytes;
use controller::clock::{Clock as _, within};
use futures::StreamExt as _;
use futures::stream;
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::json;

use crate::defects::Defect;
use crate::store::text;

use super::{Answer, Call, Closed, Connection};

/// Between two bookmarks, when nothing else happens.
const BOOKMARK: Duration = Duration::from_secs(10);

/// How late changes are told.
const LAG_MILLIS: u64 = 1_500;

/// How late they are told by a server that has too much to do.
const LONGEST_LAG_MILLIS: u64 = 10_000;

struct Open {
    connection: Connection,
    call: Call,
    version: u64,
    end: Duration,
    silent: bool,
    over: bool,
    /// Whether everything that has happened so far was told, so that what comes next comes late.
    caught_up: bool,
}

/// Opens a watch.
pub async fn open(connection: Connection, call: Call) -> Result<Response<Answer>, Closed> {
    let cluster = connection.cluster.clone();
    cluster.clock.sleep(cluster.dice.millis(1..20)).await;
    let faults = cluster.world().faults;
    if faults.outage || cluster.dice.happens(faults.calls) {
        cluster.world().tally.faults += 1;
        return Err(Closed);
    }
    let version = call.query.get("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
    let seconds = call.query.get("timeoutSeconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(300);
    let end = cluster.clock.now() + Duration::from_secs(seconds);
    let silent = cluster.dice.happens(faults.stalls);
    let open = Open { connection, call, version, end, silent, over: false, caught_up: true };
    let lines = stream::unfold(open, |open| async { open.next().await }).map(|line| Ok(Frame::data(line)));
    Ok(Response::new(StreamBody::new(lines).boxed_unsync()))
}

impl Open {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.over {
            return None;
        }
        let cluster = self.connection.cluster.clone();
        if self.silent {
            cluster.world().tally.faults += 1;
            std::future::pending::<()>().await;
        }
        if self.version < cluster.world().store.forgotten {
            self.over = true;
            if self.connection.defect == Some(Defect::ForgottenVersionIgnored) {
                return None;
            }
            let gone = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 410,
                "reason": "Expired", "message": "too old resource version"});
            return Some((line("ERROR", gone.to_string().as_bytes()), self));
        }
        let bookmark = (cluster.clock.now() + BOOKMARK).min(self.end);
        loop {
            if let Some(event) = self.event() {
                // What piled up meanwhile comes at once, as from the real server.
                if self.caught_up {
                    self.caught_up = false;
                    cluster.clock.sleep(self.lag()).await;
                }
                return Some((event, self));
            }
            self.caught_up = true;
            let now = cluster.clock.now();
            if cluster.world().faults.outage || now >= self.end {
                return None;
            }
            if now >= bookmark {
                let object = json!({"kind": "Bookmark", "apiVersion": "v1", "metadata": {"resourceVersion": self.version.to_string()}});
                return Some((line("BOOKMARK", object.to_string().as_bytes()), self));
            }
            within(&cluster.clock, bookmark - now, cluster.changed.notified()).await;
        }
    }

    /// How long the next change is on its way.
    fn lag(&self) -> Duration {
        let (dice, stalls) = (&self.connection.cluster.dice, self.connection.cluster.world().faults.stalls);
        let longest = if dice.happens(stalls) { LONGEST_LAG_MILLIS } else { LAG_MILLIS };
        dice.millis(1..longest)
    }

    /// The next change of this kind that the selector takes.
    fn event(&mut self) -> Option<Bytes> {
        let world = self.connection.cluster.world();
        loop {
            let Some(event) = world.store.after(&self.call.plural, self.version) else {
                self.version = world.store.version();
                return None;
            };
            self.version = event.version;
            if self.call.selects(&event.object) {
                debug_assert!(!text(&event.object, "/metadata/name").is_empty(), "every object has a name");
                return Some(line(event.type_, &event.json()));
            }
        }
    }
}

fn line(type_: &str, object: &[u8]) -> Bytes {
    let begin = format!("{{\"type\":\"{type_}\",\"object\":");
    Bytes::from([begin.as_bytes(), object, b"}\n"].concat())
}
