//! What can go wrong with a user's table, in the words of the person whose table it is.

use std::io;

use thiserror::Error;

/// Why a table was not made, changed or dropped. Whatever was there before is there still.
#[derive(Debug, Error)]
pub enum SpaceError {
    /// Not a name that a table can have.
    #[error(
        "{name:?} is no name for a table: it has letters, digits and _, begins with a letter, and has at most {most} bytes"
    )]
    Name {
        /// What was given, or its beginning.
        name: String,
        /// The limit.
        most: usize,
    },
    /// A schema that the caller cannot write to. The same whether it exists or not.
    #[error("tables can be made, changed and dropped in {own} only, which is yours, and not in {schema}")]
    NotYours {
        /// The schema that was named.
        schema: String,
        /// The caller's.
        own: String,
    },
    /// A shared table that the caller may only read, or only write to.
    #[error("table {table} is shared with you, but not for that: ask its owner")]
    Shared {
        /// `schema.name`
        table: String,
    },
    /// No group of the caller's.
    #[error("you have no group {group}")]
    NoGroup {
        /// What was named, or its beginning.
        group: String,
    },
    /// A group that exists.
    #[error("you have a group {title:?} already")]
    GroupExists {
        /// Its title.
        title: String,
    },
    /// A group without a title, or with too much text.
    #[error("a group has a title and a description of at most {most} bytes each")]
    GroupText {
        /// The limit.
        most: usize,
    },
    /// The caller has as many groups as may be.
    #[error("you have {limit} groups, and may not have more: remove some")]
    TooManyGroups {
        /// The limit.
        limit: usize,
    },
    /// More people in a group than may be.
    #[error("a group has at most {limit} members")]
    TooManyMembers {
        /// The limit.
        limit: usize,
    },
    /// The caller has no account.
    #[error("only people with an account have tables of their own: sign in first")]
    NoAccount,
    /// There is such a table already.
    #[error("table {table} exists already: drop it, replace it, or choose another name")]
    Exists {
        /// `schema.name`
        table: String,
    },
    /// There is no such table.
    #[error("no such table {table}")]
    Missing {
        /// `schema.name`
        table: String,
    },
    /// The columns cannot be those of a table.
    #[error("{message}")]
    Columns {
        /// Which column, why not, and what to do.
        message: String,
    },
    /// A column that the table does not have.
    #[error("the table has no column {column}")]
    NoColumn {
        /// What was named, or its beginning.
        column: String,
    },
    /// The rows have other columns than the table they are for.
    #[error("these rows do not fit table {table}: {difference}")]
    Differs {
        /// `schema.name`
        table: String,
        /// The first difference.
        difference: String,
    },
    /// The user's space is used up.
    #[error(
        "your tables would need more than the {limit_bytes} bytes that you have: drop some, or ask the operator for more"
    )]
    Full {
        /// The limit.
        limit_bytes: u64,
    },
    /// The user has as many tables as may be.
    #[error("you have {limit} tables, and may not have more: drop some, or ask the operator for more")]
    TooManyTables {
        /// The limit.
        limit: usize,
    },
    /// The table was appended to too often.
    #[error(
        "table {table} was appended to {limit} times: put it together first, by CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table}"
    )]
    TooManyAppends {
        /// `schema.name`
        table: String,
        /// The limit.
        limit: usize,
    },
    /// As many tables are being written as may.
    #[error("{limit} tables are being written at once: try again in a minute")]
    Busy {
        /// The limit.
        limit: usize,
    },
    /// A batch of rows that is not what its columns say.
    #[error("the rows could not be stored: {0}")]
    Rows(#[source] parquet::errors::ParquetError),
    /// A file could not be written, flushed, renamed or removed.
    #[error("the table could not be stored, because the server's disk is full or failed: tell the operator")]
    Disk(#[source] io::Error),
    /// The database of tables failed.
    #[error("the table could not be registered: try again, and tell the operator if it happens again")]
    Database(#[from] sqlx::Error),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] database::OpenError),
}
