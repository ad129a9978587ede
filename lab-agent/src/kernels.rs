//! The kernels of the lab, as clients may ask for them: starting, finding, restarting and stopping them.
//!
//! Each kernel belongs to a [keeper](crate::keeper), a process of its own; here are only the handles to them. What
//! clients and kernels say to each other is carried by [`crate::channels`] and not looked at here.

pub mod api;
mod clients;
mod kernel;
mod launch;
mod manager;
mod model;
mod spec;
mod warm;
pub mod wire;

pub use clients::Seat;
pub use kernel::Kernel;
pub use launch::{Launch, StartError, StartRequest, relative};
pub use manager::Kernels;
pub use model::ExecutionState;
pub use spec::InterruptMode;
