//! The server over HTTP, as clients see it.

mod callers;
mod crossmatches;
mod forms;
mod jobs;
mod table_nodes;
mod transfers;
mod two_servers;
mod vospace;
mod world;
