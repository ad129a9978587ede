//! The face of the catalogue that the Virtual Observatory knows: queries in ADQL over the protocols of the IVOA.
//!
//! [`start`] serves; `routes` shows every address on one page. [`adql`] reads queries; what a query means is the
//! catalogue's business, and what an account is the gateway's.

pub mod adql;
mod answer;
mod app;
mod ask;
mod columns;
mod cone;
mod config;
mod dali;
mod data;
mod format;
mod identity;
mod listing;
mod page;
mod parameters;
pub mod plan;
mod refusal;
mod registry;
mod routes;
mod server;
mod state;
mod tap;
mod tap_schema;
mod upload;
mod usage;
mod user_tables;
mod uws;
mod vosi;
mod vospace;
mod witness;

pub use config::{Config, JobLimits, Tls, TrafficLimits, UsageLimits, VoSpaceLimits};
pub use identity::{ANONYMOUS, Passwords};
pub use server::{ServerHandle, StartError, start};
pub use state::StateError;
pub use usage::{FlightUsage, Outcome};
