//! `nearside import`, the real program: killed and resumed, with bombs, and against a TAP service.

mod bombs;
mod resume;
mod support;
mod tap;
