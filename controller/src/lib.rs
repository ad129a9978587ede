//! The Kubernetes operator of Nearside: makes every `Lab` true, in the `Environment` that it names.
//!
//! Every reconcile is *fetch -> validate -> plan -> act -> report*. What is to be done is decided by pure functions
//! from what was seen (`lab/plan.rs`); what is to be made is built by pure functions (`lab/build/`); only `cluster.rs`
//! speaks with the API server. Safety never rests on a lease or on a cache: names are functions of the lab, objects are
//! read again before anything is created or deleted, and every delete names the UID that it means. So two replicas may
//! act at once, and one may be killed between any two calls.
//!
//! It deliberately holds no state of its own: what it knows is in the cluster, and a new process starts from there.

pub mod agents;
pub mod backoff;
pub mod budget;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod controller;
pub mod definitions;
pub mod error;
pub mod health;
pub mod lab;
pub mod metrics;
pub mod queue;
pub mod seen;
pub mod watch;

pub use config::Config;
pub use controller::Controller;
