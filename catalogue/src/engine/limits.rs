//! Every limit of the engine, with its default. Nothing here is enforced; the modules that enforce read it.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How much one query, one user and all users together may ask for and use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
    /// Memory that all queries of one user may hold, in bytes.
    pub user_memory_bytes: usize,
    /// Memory that all queries together may hold, in bytes; by default half of what the machine has.
    pub memory_bytes: usize,
    /// Disk that one query may use once its memory is full, in bytes.
    pub query_spill_bytes: u64,
    /// Longest time from the start of a query to its last row, in seconds.
    pub query_seconds: u64,
    /// Bytes of the catalogue that one query may read.
    pub query_scan_bytes: u64,
    /// Bytes of the catalogue that all queries of one user may read in an hour.
    pub user_scan_bytes_per_hour: u64,
    /// Queries that run at once, of all users together.
    pub queries: usize,
    /// Queries of one user that run at once.
    pub user_queries: usize,
    /// Longest wait of a query for its turn, in seconds.
    pub queue_seconds: u64,
    /// Users whose threads are kept while they ask nothing.
    pub idle_users: usize,
    /// Threads that work on the queries of one user, and parts into which each query is split; by default one
    /// for each core.
    pub query_threads: usize,
    /// Rows of one batch, at most.
    pub batch_rows: usize,
    /// Bytes of one batch, about; rows are fewer when they are wide.
    pub batch_bytes: usize,
    /// Memory in which the footers of files are kept between queries, in bytes. One that does not fit is read
    /// again when it is next needed.
    pub footer_bytes: usize,
    /// Frequencies or periods that a search may try for one light curve; each frequency takes 8 bytes meanwhile.
    pub grid_points: usize,
    /// The widest radius of a crossmatch, in arcseconds. Pairs that are further apart are most of all pairs, which no
    /// index helps with: a wider join on a distance compares all rows, and a wider `crossmatch` is refused.
    pub crossmatch_radius_arcsec: u32,
    /// Bytes of a table, as it is stored, that a join on `source_id` with another table reads and holds at once.
    pub join_part_bytes: u64,
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
            user_memory_bytes: 4 << 30,
            memory_bytes: machine_memory_bytes() / 2,
            query_spill_bytes: 10 << 30,
            query_seconds: 600,
            query_scan_bytes: 4 << 40,
            user_scan_bytes_per_hour: 16 << 40,
            queries: 64,
            user_queries: 4,
            queue_seconds: 30,
            idle_users: 64,
            query_threads: available_parallelism().map_or(2, usize::from),
            batch_rows: 65_536,
            // A little below the two mebibytes of a Flight message, which has a header and bitmaps besides.
            batch_bytes: (2 << 20) * 7 / 8,
            footer_bytes: 256 << 20,
            grid_points: 4_000_000,
            crossmatch_radius_arcsec: 36_000,
            join_part_bytes: 32 << 20,
            batches_waiting: 4,
        }
    }
}

/// Why limits cannot be used.
#[derive(Debug, Error)]
pub enum LimitsError {
    /// The file cannot be read.
    #[error("cannot read the limits in {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A line is not a name and a number.
    #[error("line {line} of {path} is not NAME = NUMBER")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A name is not a limit, or a number not a possible one.
    #[error("the limits in {path} cannot be used: the operator guide lists the names")]
    Values {
        /// The file.
        path: PathBuf,
        /// Which, and why.
        source: serde_json::Error,
    },
    /// With this limit nothing could ever run.
    #[error("{name} in {path} is 0, so that no query could run: leave it out for its default")]
    Zero {
        /// The file.
        path: PathBuf,
        /// The limit.
        name: String,
    },
}

impl Limits {
    /// Reads limits from a file with one `name = number` on each line and `#` before comments; those it leaves
    /// out keep their defaults. Blocks.
    pub fn read(path: &Path) -> Result<Self, LimitsError> {
        let text =
            read_to_string(path).map_err(|source| LimitsError::File { path: path.to_owned(), source })?;
        let values = values(&text).map_err(|line| LimitsError::Line { path: path.to_owned(), line })?;
        let limits: Self = serde_json::from_value(values.into())
            .map_err(|source| LimitsError::Values { path: path.to_owned(), source })?;
        match limits.zero() {
            Some(name) => Err(LimitsError::Zero { path: path.to_owned(), name }),
            None => Ok(limits),
        }
    }

    /// Every limit by its name.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let values = serde_json::to_value(self).expect("numbers have a JSON form");
        serde_json::from_value(values).expect("every limit is a whole number")
    }

    /// Nobody has to wait, and nobody's threads have to be kept.
    fn zero(&self) -> Option<String> {
        let may_be = ["idle_users", "queue_seconds", "query_spill_bytes"];
        let zero =
            |(name, value): (String, u64)| (value == 0 && !may_be.contains(&name.as_str())).then_some(name);
        self.by_name().into_iter().find_map(zero)
    }
}

/// The names and numbers of a text, or the first line that is neither empty nor a name and a number.
fn values(text: &str) -> Result<serde_json::Map<String, serde_json::Value>, usize> {
    let mut values = serde_json::Map::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (name, number) = line.split_once('=').ok_or(index + 1)?;
        let number: u64 = number.trim().replace('_', "").parse().map_err(|_| index + 1)?;
        values.insert(name.trim().to_owned(), number.into());
    }
    Ok(values)
}

/// Memory of the machine, or of the control group (version 2) that this process is confined to, in bytes.
fn machine_memory_bytes() -> usize {
    /// Where the system says nothing.
    const OTHERWISE: usize = 8 << 30;
    let total = read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text));
    let confined = read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    [total, confined].into_iter().flatten().min().unwrap_or(OTHERWISE)
}

/// `MemTotal:       24689764 kB`
fn total_bytes(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Limits, LimitsError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("it is ours");
        Limits::read(file.path())
    }

    #[test]
    fn limits_left_out_keep_their_defaults() {
        let limits = read("user_queries = 9\nquery_seconds = 60 # workshop\n").expect("good limits");
        assert_eq!(limits, Limits { user_queries: 9, query_seconds: 60, ..Limits::default() });
    }

    #[test]
    fn a_wrong_name_or_a_zero_is_refused() {
        let wrong = read("users_queries = 9").expect_err("no such limit");
        let LimitsError::Values { source, .. } = wrong else { panic!("{wrong}") };
        assert!(source.to_string().contains("unknown field `users_queries`"), "{source}");
        let text = read("queries = 1_000\nuser_queries = many").expect_err("not a number");
        assert!(matches!(text, LimitsError::Line { line: 2, .. }), "{text}");
        let zero = read("query_threads = 0").expect_err("nothing could run");
        assert!(matches!(&zero, LimitsError::Zero { name, .. } if name == "query_threads"), "{zero}");
    }

    #[test]
    fn the_operator_guide_lists_every_limit_with_its_default() {
        let guide = include_str!("../../../docs/OPERATOR_GUIDE.md");
        let of_the_machine = ["memory_bytes", "query_threads"];
        for (name, value) in Limits::default().by_name() {
            let value =
                if of_the_machine.contains(&name.as_str()) { String::new() } else { value.to_string() };
            let row = format!("| `{name}` | {value}");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }

    #[test]
    fn the_memory_of_the_machine_is_read_in_bytes() {
        let text = "MemTotal:       24689764 kB\nMemFree:        22000000 kB\n";
        assert_eq!(total_bytes(text), Some(24_689_764 * 1024));
        assert_eq!(total_bytes("MemFree: 1 kB"), None);
    }
}
