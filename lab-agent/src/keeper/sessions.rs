//! Who asked what, and how far each client has read: replies go to the session that asked, also when it has left
//! meanwhile, and a client that knows no cursor goes on from where it was.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;

use crate::kernels::wire::Parts;
use crate::link::Cursor;

/// Sessions that are remembered; the one that was heard of least recently is forgotten first.
const SESSIONS: usize = 256;
/// Requests whose sender is remembered; the oldest is forgotten first.
const REQUESTS: usize = 16 * 1024;

/// The sessions of one kernel.
#[derive(Default)]
pub struct Sessions {
    read: VecDeque<(String, Place)>,
    asked: HashMap<String, String>,
    order: VecDeque<String>,
}

/// How far a session has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    sent: u64,
    has: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Header {
    #[serde(default)]
    msg_id: String,
    #[serde(default)]
    session: String,
}

impl Sessions {
    /// The message after which a client reads. `last` is the newest.
    pub fn begin(&mut self, session: &str, cursor: Cursor, last: u64) -> u64 {
        let known = self.take(session);
        let start = match (cursor, known) {
            (Cursor::After(seq), _) => seq.min(last),
            (Cursor::Latest, _) | (Cursor::Resume, None) => last,
            (Cursor::Resume, Some(Place { sent, has })) => has.unwrap_or(sent),
        };
        self.put(session, Place { sent: start, has: None });
        start
    }

    /// Messages up to `seq` are on their way to a client.
    pub fn sent(&mut self, session: &str, seq: u64) {
        if let Some(Place { has, .. }) = self.take(session) {
            self.put(session, Place { sent: seq, has });
        }
    }

    /// A client confirms that it has the messages up to `seq`.
    pub fn has(&mut self, session: &str, seq: u64) {
        if let Some(Place { sent, .. }) = self.take(session) {
            self.put(session, Place { sent, has: Some(seq) });
        }
    }

    /// Takes note of a request.
    pub fn asked(&mut self, session: &str, request: &Parts) {
        let Header { msg_id, .. } = serde_json::from_slice(&request[0]).unwrap_or_default();
        if self.asked.insert(msg_id.clone(), session.to_owned()).is_none() {
            self.order.push_back(msg_id);
        }
        if self.order.len() > REQUESTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.asked.remove(&oldest);
        }
    }

    /// The session that a reply or a question of the kernel is for.
    pub fn asker(&self, reply: &Parts) -> String {
        let Header { msg_id, session } = serde_json::from_slice(&reply[1]).unwrap_or_default();
        self.asked.get(&msg_id).cloned().unwrap_or(session)
    }

    fn take(&mut self, session: &str) -> Option<Place> {
        let index = self.read.iter().position(|(name, _)| name == session)?;
        self.read.remove(index).map(|(_, place)| place)
    }

    fn put(&mut self, session: &str, place: Place) {
        self.read.push_back((session.to_owned(), place));
        if self.read.len() > SESSIONS {
            self.read.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::wire::compose;

    #[test]
    fn a_client_goes_on_from_what_it_confirmed_or_was_sent_or_asks_for() {
        let mut sessions = Sessions::default();
        assert_eq!(sessions.begin("a", Cursor::Resume, 10), 10, "a new session begins with what comes");
        sessions.sent("a", 15);
        assert_eq!(sessions.begin("a", Cursor::Resume, 20), 15);
        sessions.sent("a", 20);
        sessions.has("a", 18);
        assert_eq!(sessions.begin("a", Cursor::Resume, 20), 18);
        assert_eq!(sessions.begin("a", Cursor::After(3), 20), 3);
        assert_eq!(sessions.begin("a", Cursor::After(99), 20), 20, "nobody has read the future");
        assert_eq!(sessions.begin("a", Cursor::Latest, 20), 20);
    }

    #[test]
    fn a_reply_is_for_the_session_that_asked() {
        let mut sessions = Sessions::default();
        let request = compose("execute_request", None, &serde_json::json!({}));
        sessions.asked("tab", &request);
        let reply = compose("execute_reply", Some(&request[0]), &serde_json::json!({}));
        assert_eq!(sessions.asker(&reply), "tab");
    }
}
