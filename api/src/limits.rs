//! Limits that more than one program must agree on.

/// Seconds a data token lives. The lab-agent replaces it at half of that.
pub const DATA_TOKEN_SECONDS: i64 = 600;

/// Seconds the token in a ready file lives: a working day.
pub const READY_TOKEN_SECONDS: i64 = 12 * 3600;

/// Seconds of disagreement between two clocks that a token check forgives.
pub const CLOCK_LEEWAY_SECONDS: u64 = 5;
