//! The gateway as browsers, scripts and labs meet it: a real server on a free port, real clients, real processes.

mod browser;
mod csrf;
mod harness;
mod lab;
mod logs;
mod process;
mod proxy;
mod routes;
mod sign_in;
mod tls;
mod tunnel;
