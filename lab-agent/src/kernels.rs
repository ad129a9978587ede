//! The kernels of the lab: starting, watching, restarting and stopping them, and what clients may ask of them.
//!
//! What clients and kernels say to each other is carried by [`crate::channels`] and not looked at here, except
//! for broadcasts, which tell whether a kernel is busy.

pub mod api;
mod broadcast;
mod clients;
mod connection;
mod kernel;
mod launch;
mod manager;
mod model;
mod process;
mod spec;
mod status;
mod supervisor;
pub mod wire;

pub use broadcast::Subscription;
pub use connection::{Connection, Dealers};
pub use kernel::Kernel;
pub use launch::{StartError, StartRequest};
pub use manager::Kernels;
