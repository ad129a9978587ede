//! The real program with a real JupyterLab and real kernels, seen from where the gateway stands.
//!
//! The interpreter is `NEARSIDE_PYTHON`. Without it these tests skip themselves and say so, except in CI.

mod channels;
mod harness;
mod kernels;
mod lifecycle;
mod outputs;
mod proxy;
mod sessions;
mod survival;
mod token;
mod warm;
mod websocket;
