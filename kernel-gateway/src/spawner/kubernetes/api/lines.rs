//! The lines of an answer that does not end.

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::ClusterError;

/// Bytes of one line: a lab has some two thousand.
const LINE_BYTES: usize = 1024 * 1024;

/// A body, line by line.
pub struct Lines {
    body: Incoming,
    read: Vec<u8>,
}

impl Lines {
    /// The lines of `body`.
    pub fn new(body: Incoming) -> Self {
        Self { body, read: Vec::new() }
    }

    /// The next line, without its end. What comes after the last whole line is dropped.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClusterError> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let rest = self.read.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.read, rest);
                line.truncate(end);
                return Ok(Some(line.into()));
            }
            if self.read.len() > LINE_BYTES {
                return Err(ClusterError::Malformed("watch of labs"));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            if let Ok(data) = frame.map_err(ClusterError::unreachable)?.into_data() {
                self.read.extend_from_slice(&data);
            }
        }
    }
}
