//! The controller against a simulated cluster: one seed, one run, one verdict.
//!
//! The real controller runs here, with the real Kubernetes client, against an API server that is a [`tower::Service`]
//! in the same process. Time is simulated and jumps to whatever happens next, so half an hour takes milliseconds. Everything
//! that could go either way is drawn from the seed, so a run can be repeated exactly: which calls fail, which answers get
//! lost, which watches fall silent, which nodes vanish, and when a replica is killed between two calls.
//!
//! What must always hold is in `invariants.rs`; that this would notice is shown by the planted defects in `defects.rs`.
//! It deliberately does not model schemas and admission beyond the rules that safety rests on: those are tested on a real
//! API server.

pub mod agents;
pub mod clock;
pub mod cluster;
pub mod defects;
pub mod dice;
pub mod invariants;
pub mod nodes;
pub mod people;
pub mod run;
pub mod server;
pub mod store;
pub mod wire;

pub use run::{Verdict, run};
