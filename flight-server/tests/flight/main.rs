//! The Flight server as clients meet it: the real protocol, the real catalogue, on a port of the system's choice.

mod audit;
mod ending;
mod listings;
mod parameters;
mod queries;
mod tables;
mod tokens;
mod world;
