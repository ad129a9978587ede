//! What a kernel is doing and since when, as its broadcasts tell.
//!
//! A kernel that crashes may not get round to saying what it was doing. Requests that it was given and has not
//! mentioned yet are therefore remembered too.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use crate::kernels::ExecutionState;
use crate::kernels::wire::Parts;

/// The state of one kernel.
pub struct Status {
    /// What it is doing.
    pub state: ExecutionState,
    /// When it last said something, for people.
    pub last_activity: Timestamp,
    heard: Instant,
    running: Option<Request>,
    asked: VecDeque<Request>,
}

/// Executions that are remembered before the kernel mentions them; older ones are forgotten first.
const ASKED: usize = 256;

/// An execution that a kernel is working on, or was given.
struct Request {
    id: String,
    header: Bytes,
}

#[derive(Default, Deserialize)]
struct Header {
    #[serde(default)]
    msg_id: String,
    #[serde(default)]
    msg_type: String,
}

#[derive(Deserialize)]
struct StatusContent {
    execution_state: String,
}

impl Status {
    /// A kernel whose process has just been started.
    pub fn starting() -> Self {
        let (last_activity, heard) = (Timestamp::now(), Instant::now());
        Self { state: ExecutionState::Starting, last_activity, heard, running: None, asked: VecDeque::new() }
    }

    /// Changes the state because the process was replaced or is gone, and with it all that it was given.
    pub fn set(&mut self, state: ExecutionState) {
        self.running = None;
        self.asked.clear();
        self.state = state;
        self.touch();
    }

    /// Takes note of a request on its way to the kernel.
    pub fn ask(&mut self, header: &Bytes) {
        let Header { msg_id, msg_type } = serde_json::from_slice(header).unwrap_or_default();
        if msg_type == "execute_request" {
            if self.asked.len() == ASKED {
                self.asked.pop_front();
            }
            self.asked.push_back(Request { id: msg_id, header: header.clone() });
        }
    }

    /// Takes note of a broadcast.
    pub fn observe(&mut self, parts: &Parts) {
        self.touch();
        let kind = serde_json::from_slice::<Header>(&parts[0]).unwrap_or_default().msg_type;
        if kind == "status"
            && let Ok(content) = serde_json::from_slice::<StatusContent>(&parts[3])
        {
            let request = serde_json::from_slice(&parts[1]).unwrap_or_default();
            self.follow(&content.execution_state, &request, &parts[1]);
        }
    }

    /// The header of the request that the kernel is working on: outputs of ours belong to it.
    pub fn running(&self) -> Option<Bytes> {
        self.running.as_ref().or_else(|| self.asked.front()).map(|request| request.header.clone())
    }

    /// Time since the last sign of work; none while it works.
    pub fn idle(&self) -> Duration {
        match self.state {
            ExecutionState::Busy | ExecutionState::Restarting => Duration::ZERO,
            ExecutionState::Starting | ExecutionState::Idle | ExecutionState::Dead => self.heard.elapsed(),
        }
    }

    fn touch(&mut self) {
        self.last_activity = Timestamp::now();
        self.heard = Instant::now();
    }

    /// A kernel reports busy and idle for requests on the control channel too, while it executes a cell. An
    /// execution therefore wins over anything else, and only its own end ends it.
    fn follow(&mut self, state: &str, request: &Header, header: &Bytes) {
        self.asked.retain(|asked| asked.id != request.msg_id);
        match state {
            "busy" => {
                self.state = ExecutionState::Busy;
                if self.running.is_none() || request.msg_type == "execute_request" {
                    self.running = Some(Request { id: request.msg_id.clone(), header: header.clone() });
                }
            }
            "idle" if self.running.as_ref().is_none_or(|running| running.id == request.msg_id) => {
                self.state = ExecutionState::Idle;
                self.running = None;
            }
            "starting" => self.state = ExecutionState::Starting,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::wire::compose;

    fn request(kind: &str, id: &str) -> Bytes {
        serde_json::json!({"msg_type": kind, "msg_id": id}).to_string().into()
    }

    fn report(state: &str, request: &Bytes) -> Parts {
        compose("status", Some(request), &serde_json::json!({"execution_state": state}))
    }

    #[test]
    fn a_request_on_control_does_not_end_the_execution_of_a_cell() {
        let (cell, control) = (request("execute_request", "1"), request("debug_request", "2"));
        let reports =
            [("busy", &cell), ("busy", &control), ("idle", &control), ("idle", &cell), ("busy", &control)];
        let mut status = Status::starting();
        let states = reports.map(|(state, request)| {
            status.observe(&report(state, request));
            status.state
        });
        use ExecutionState::{Busy, Idle};
        assert_eq!(states, [Busy, Busy, Busy, Idle, Busy]);
        assert_eq!(status.running(), Some(control));
    }

    #[test]
    fn a_crash_belongs_to_the_oldest_cell_that_was_not_finished() {
        let [first, second, third] = ["1", "2", "3"].map(|id| request("execute_request", id));
        let mut status = Status::starting();
        [&first, &second, &third].into_iter().for_each(|header| status.ask(header));
        status.ask(&request("complete_request", "4"));
        let mut blamed = vec![status.running()];
        for state in ["busy", "idle"] {
            status.observe(&report(state, &first));
            blamed.push(status.running());
        }
        status.set(ExecutionState::Restarting);
        blamed.push(status.running());
        assert_eq!(blamed, [Some(first.clone()), Some(first), Some(second), None]);
    }

    #[test]
    fn a_lost_idle_report_does_not_leave_a_kernel_busy_for_ever() {
        let (first, second) = (request("execute_request", "1"), request("execute_request", "2"));
        let mut status = Status::starting();
        for (state, request) in [("busy", &first), ("busy", &second), ("idle", &second)] {
            status.observe(&report(state, request));
        }
        assert_eq!(status.state, ExecutionState::Idle);
    }
}
