//! The server over HTTP, as clients see it.

mod callers;
mod forms;
mod jobs;
mod world;
