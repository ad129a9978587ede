//! The Arrow Flight SQL face of the catalogue: tokens in, Arrow batches out, and users' tables in.
//!
//! [`start`] serves; `service` shows every call on one page. What a query means is the catalogue's business, and
//! what an account is the gateway's.

mod command;
mod config;
mod identity;
mod incoming;
mod keys;
mod listings;
mod parameters;
mod plans;
mod report;
mod rows;
mod running;
mod seal;
mod server;
mod service;
mod sql_info;
mod statement;
mod statements;
mod status;
mod tables;
mod types;
mod upload_size;
mod usage;
mod whole_streams;

pub use config::{Config, Tls};
pub use server::{ServerHandle, StartError, start};
pub use usage::{Asked, Ended, Usage, UsageListener};
