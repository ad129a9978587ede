//! The query engine on a small sample sky: what it answers, what it refuses, and what it says.

mod answers;
mod limits;
mod mistakes;
mod opening;
mod refusals;
mod sky;
