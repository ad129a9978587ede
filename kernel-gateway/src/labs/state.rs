//! Where a lab can be in its life.

use std::net::SocketAddr;

/// Where a lab is in its life.
#[derive(Clone, Debug)]
pub enum LabState {
    /// It does not run.
    Stopped,
    /// It was asked for.
    Starting {
        /// What it waits for.
        step: Step,
        /// The same in a sentence, where there is more to say.
        message: String,
    },
    /// It answers.
    Ready(Upstream),
    /// It ended without being asked to.
    Failed(Failure),
}

impl LabState {
    /// It starts, and there is nothing more to say.
    pub fn starting(step: Step) -> Self {
        Self::Starting { step, message: String::new() }
    }

    /// Whether there is something to stop.
    pub fn is_alive(&self) -> bool {
        match self {
            Self::Starting { .. } | Self::Ready(_) => true,
            Self::Stopped | Self::Failed(_) => false,
        }
    }
}

/// What a starting lab is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The agent's process.
    Agent,
    /// The JupyterLab behind the agent.
    JupyterLab,
}

impl Step {
    /// Its name in progress events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::JupyterLab => "jupyterlab",
        }
    }
}

/// Where a ready lab answers. Only a spawner makes one; nothing in a request can.
#[derive(Clone)]
pub struct Upstream {
    /// The agent's address.
    pub addr: SocketAddr,
    /// What the agent wants to see as Bearer.
    pub agent_secret: String,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upstream({})", self.addr)
    }
}

/// Why a lab ended.
#[derive(Clone, Debug)]
pub struct Failure {
    /// In a sentence.
    pub reason: String,
    /// The last lines of its log.
    pub log: String,
}
