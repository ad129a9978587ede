//! The catalogue: HATS tables on disk, the sample sky, the importer, and the bounded query engine.
//!
//! `(user, query) -> bounded Arrow stream`. This crate knows neither Flight nor HTTP.

pub mod astrometry;
pub mod columns;
pub mod engine;
pub mod hats;
pub mod healpix;
pub mod import;
mod light_curve;
pub mod progress;
pub mod sky;
pub mod units;
