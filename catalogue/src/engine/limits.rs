//! Every limit of the engine, with its default. Nothing here is enforced; the modules that enforce read it.

use std::thread::available_parallelism;

/// How much one query may ask for and use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest SQL text, in bytes.
    pub sql_bytes: usize,
    /// Longest stretch of SQL without a comma, in tokens, summed over the brackets that are open. It bounds
    /// how deep an expression tree can become, so that no text can exhaust the stack; lists separated by
    /// commas may be as long as the text.
    pub unbroken_tokens: usize,
    /// Most brackets open at once.
    pub open_brackets: usize,
    /// Most table scans in one query, with every use of a common table expression counted.
    pub scans: usize,
    /// Memory that sorts, joins and aggregations of one query may hold, in bytes.
    pub query_memory_bytes: usize,
    /// Disk that one query may use once its memory is full, in bytes.
    pub query_spill_bytes: u64,
    /// Longest time from the start of a query to its last row, in seconds.
    pub query_seconds: u64,
    /// Threads that work on queries, and parts into which each query is split.
    pub query_threads: usize,
    /// Rows of one batch, at most.
    pub batch_rows: usize,
    /// Bytes of one batch, about; rows are fewer when they are wide.
    pub batch_bytes: usize,
    /// Batches of one query that wait for a slow reader.
    pub batches_waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sql_bytes: 1 << 20,
            unbroken_tokens: 2_000,
            open_brackets: 40,
            scans: 256,
            query_memory_bytes: 2 << 30,
            query_spill_bytes: 10 << 30,
            query_seconds: 600,
            query_threads: available_parallelism().map_or(2, usize::from),
            batch_rows: 65_536,
            // A little below the two mebibytes of a Flight message, which has a header and bitmaps besides.
            batch_bytes: (2 << 20) * 7 / 8,
            batches_waiting: 4,
        }
    }
}
