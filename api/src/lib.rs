//! What the programs of Nearside say to each other: names, token claims, and the files they hand over.
//!
//! Types and pure functions only. Nothing here opens a file, a socket or a database, so every program can
//! depend on this crate and no program needs another one to speak with it.

pub mod lab;
pub mod limits;
pub mod names;
pub mod permission;
pub mod ready;
#[cfg(feature = "kubernetes")]
pub mod resources;
pub mod token;
