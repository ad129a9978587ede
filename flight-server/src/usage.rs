//! Somebody who hears of queries, to count them. Nothing is counted or kept here.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

/// What our own clients say of themselves; gRPC libraries take `user-agent` for themselves.
const PROGRAM: &str = "x-nearside-client";

/// Hears of each query.
pub trait Usage: Send + Sync {
    /// A query was offered its rows, or was refused.
    fn asked(&self, asked: &Asked<'_>);
}

/// A query, when it was answered.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its text.
    pub sql: &'a str,
    /// What the program says of itself, as in `User-Agent` (RFC 9110 section 10.1.5).
    pub program: &'a str,
    /// How it ended.
    pub ended: Ended,
    /// Until then.
    pub elapsed: Duration,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has rows.
    Answered,
    /// It was refused with a reason.
    Refused,
    /// The server failed.
    Failed,
}

/// Who hears of queries, if anybody.
#[derive(Clone, Default)]
pub struct UsageListener(pub Option<Arc<dyn Usage>>);

impl fmt::Debug for UsageListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UsageListener({})", if self.0.is_some() { "somebody" } else { "nobody" })
    }
}

impl UsageListener {
    /// Tells of a query that began at a time.
    pub(crate) fn tell<T>(&self, sql: &str, program: &str, began: Instant, outcome: &Result<T, Status>) {
        if let Some(usage) = &self.0 {
            let ended = outcome.as_ref().err().map_or(Ended::Answered, |status| ended(status.code()));
            usage.asked(&Asked { sql, program, ended, elapsed: began.elapsed() });
        }
    }
}

/// The program that a call's headers name; empty where they name none.
pub(crate) fn program(headers: &MetadataMap) -> String {
    let named = headers.get(PROGRAM).or_else(|| headers.get("user-agent"));
    named.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn ended(code: Code) -> Ended {
    match code {
        Code::Ok => Ended::Answered,
        Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss => Ended::Failed,
        _ => Ended::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_name_comes_before_the_librarys() {
        let mut headers = MetadataMap::new();
        assert_eq!(program(&headers), "");
        headers.insert("user-agent", "grpc-c++/1.60".parse().expect("a header"));
        assert_eq!(program(&headers), "grpc-c++/1.60");
        headers.insert(PROGRAM, "nearside-kernel/0.1.0".parse().expect("a header"));
        assert_eq!(program(&headers), "nearside-kernel/0.1.0");
    }
}
