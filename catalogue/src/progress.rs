//! How long work tells somebody how far it is, without knowing whether that is a terminal, a log or nobody.

/// Receives the progress of one piece of long work after another.
pub trait Progress: Sync {
    /// `what` begins; `total` counts of `unit` are expected, 0 when nobody knows.
    fn begin(&self, what: &str, total: u64, unit: &'static str);
    /// `done` more counts are finished. May be called from several threads at once.
    fn advance(&self, done: u64);
    /// The current work is over.
    fn end(&self);
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: u64, _unit: &'static str) {}
    fn advance(&self, _done: u64) {}
    fn end(&self) {}
}
