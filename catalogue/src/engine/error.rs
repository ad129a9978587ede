//! What can go wrong with a query, in the words of the person who asked it. No paths of the server, no names
//! of its internals.

use std::fmt;

use thiserror::Error;

use super::place::Place;
use super::user_tables::Unavailable;

/// Why a query gives no rows, or no more of them.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum QueryError {
    /// The text is not SQL.
    #[error("{message}{}", at(place))]
    Syntax {
        /// What the parser expected.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A table that does not exist for this user.
    #[error("no such table {name}{}{}", hint(suggestion, "SHOW TABLES lists them"), at(place))]
    UnknownTable {
        /// As written in the query.
        name: String,
        /// The most similar name that exists.
        suggestion: Option<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A column that none of the query's tables has.
    #[error("no such column {name}{}{}", hint(suggestion, "DESCRIBE <table> lists them"), at(place))]
    UnknownColumn {
        /// As written in the query.
        name: String,
        /// The most similar name that exists.
        suggestion: Option<String>,
        /// Where.
        place: Option<Place>,
    },
    /// A function that does not exist.
    #[error("no such function {name}{}{}", hint(suggestion, "SHOW FUNCTIONS lists them"), at(place))]
    UnknownFunction {
        /// As written in the query.
        name: String,
        /// The most similar name that exists.
        suggestion: Option<String>,
        /// Where.
        place: Option<Place>,
    },
    /// SQL that has no meaning here: types that do not fit, a column outside GROUP BY, a missing feature.
    #[error("{message}{}", at(place))]
    Invalid {
        /// What does not fit.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// The keeper of users' tables does not answer.
    #[error(transparent)]
    UserTables(#[from] Unavailable),
    /// A statement that does something else than read.
    #[error("{what} is not permitted here: only SELECT, WITH, EXPLAIN, SHOW TABLES and DESCRIBE are")]
    Forbidden {
        /// The statement's name.
        what: String,
    },
    /// More text, brackets, operators or tables than the engine accepts.
    #[error("the query is too complex: {what}")]
    TooComplex {
        /// What is too much, its limit, and what to do.
        what: String,
    },
    /// As many queries run as may, and none ended in time.
    #[error("{crowd} already run{} {queries} queries at once: {}", if *crowd == Crowd::User { "" } else { "s" }, crowd.advice())]
    Busy {
        /// Whose queries they are.
        crowd: Crowd,
        /// How many may run.
        queries: usize,
    },
    /// The query has read as many bytes of the catalogue as it may.
    #[error(
        "the query would read more than {limit_bytes} bytes of the catalogue: name the columns you need, or a part of the sky"
    )]
    Scanned {
        /// The limit.
        limit_bytes: u64,
    },
    /// The user has read as many bytes of the catalogue as may be in one hour.
    #[error(
        "your queries have read {limit_bytes} bytes of the catalogue this hour: go on in {minutes} minutes, or ask the operator for more"
    )]
    ScannedThisHour {
        /// The limit.
        limit_bytes: u64,
        /// Until the hour is over.
        minutes: u64,
    },
    /// The memory or disk that a query may use is used up.
    #[error(
        "the query needs more {what} than the limit of {limit_bytes} bytes: read fewer columns, filter earlier, or sort and join less"
    )]
    Resources {
        /// `memory` or `disk`, and whose it is if not the query's own.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
    },
    /// Time is up. Rows that came before are not the whole answer.
    #[error("the query was stopped after {seconds} s, before its last row: ask for less, or in parts")]
    Deadline {
        /// The limit.
        seconds: u64,
    },
    /// A value that could not be computed, such as a division by zero.
    #[error("{message}")]
    Execution {
        /// What could not be computed.
        message: String,
    },
    /// A table with a file that is missing or broken. Other tables can be read.
    #[error("table {table} cannot be read: {problem}; tell the operator")]
    Unreadable {
        /// `schema.name`
        table: String,
        /// Which file, relative to the data directory, what is wrong with it, and at which byte.
        problem: String,
    },
    /// A file of the catalogue that could not be read. The log says which.
    #[error("the catalogue's files could not be read: tell the operator, whose log has the details")]
    Data,
    /// A defect of the engine. The log has the details.
    #[error("the query engine failed on this query: tell the operator, whose log has the details")]
    Internal,
}

/// Whose queries are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// One user's.
    User,
    /// All users' together.
    Server,
}

impl Crowd {
    fn advice(self) -> &'static str {
        match self {
            Self::User => "read one to its end or close it first",
            Self::Server => "try again in a minute",
        }
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "you",
            Self::Server => "the server",
        })
    }
}

fn hint(suggestion: &Option<String>, otherwise: &str) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name}?"),
        None => format!("; {otherwise}"),
    }
}

fn at(place: &Option<Place>) -> String {
    place.as_ref().map_or_else(String::new, |place| format!("\n{place}"))
}
