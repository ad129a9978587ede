//! One agent per lab: it starts and stops kernels, answers Jupyter's kernel and session calls, keeps the data
//! token fresh, and runs the stock `jupyter lab` behind a Unix socket for everything else.
//!
//! Three kinds of processes make a lab: the [`overseer`] holds the socket and starts the agent, the agent answers
//! requests and may be killed at any time, and a [`keeper`] for each kernel writes down all that the kernel says.
//!
//! The agent trusts whoever knows its secret, which is the gateway. It knows no accounts, no cookies and no
//! cross-site checks; those belong to the gateway.

mod activity;
mod agent;
mod auth;
mod channels;
pub mod config;
mod environment;
mod error;
mod journal;
pub mod keeper;
mod kernels;
mod lab;
mod link;
mod outputs;
pub mod overseer;
mod process;
mod routes;
mod sessions;
mod token;

pub use agent::{AgentError, ServerHandle, start};
pub use config::{Config, ConfigError, Limits};
pub use journal::JournalLimits;
