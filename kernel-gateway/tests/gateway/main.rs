//! The gateway as browsers, scripts and labs meet it: a real server on a free port, real clients, real processes.

mod browser;
mod cluster;
mod contract;
mod csrf;
mod harness;
mod kubernetes;
mod lab;
mod logs;
mod lying_provider;
mod process;
mod providers;
mod proxy;
mod routes;
mod sign_in;
mod tls;
mod tunnel;
