//! The query engine on a small sample sky: what it answers, what it refuses, and what it says.

mod answers;
mod crossmatch;
mod estimates;
mod fairness;
mod foreign;
mod foreign_rows;
mod goldens;
mod index;
mod light_curves;
mod limits;
mod local_join;
mod many;
mod mistakes;
mod mutations;
mod nearest;
mod opening;
mod products;
mod random;
mod refusals;
mod regions;
mod requests;
mod sky;
mod slt;
