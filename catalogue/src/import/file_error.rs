//! What can be wrong in one file, in sentences that name the line and what to do next.

use std::io;
use std::path::{Path, PathBuf};

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use thiserror::Error;

use super::error::{ImportError, Place};
use super::source::cut;

/// What is wrong in one file.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system could not read it.
    #[error("reading failed")]
    Read(#[from] io::Error),
    /// It ends before its end.
    #[error("the file ends too early, at byte {offset}: it was cut, fetch it again")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// Its header promises more than there is.
    #[error(
        "the header promises {rows} rows, which are {promised_bytes} bytes from byte {offset} on, but the file ends at byte {found_bytes_end}: it was cut, fetch it again",
        found_bytes_end = offset + found_bytes
    )]
    Short {
        /// Rows that the header promises.
        rows: u64,
        /// Where they begin.
        offset: u64,
        /// Bytes that they would take.
        promised_bytes: u64,
        /// Bytes that there are.
        found_bytes: u64,
    },
    /// Zero bytes.
    #[error("the file is empty")]
    Empty,
    /// Columns, but no rows.
    #[error("the file has columns but no rows")]
    NoRows,
    /// Neither the extension nor the first bytes are known.
    #[error("its format is not known: name it csv, text, ecsv, votable, fits or parquet")]
    UnknownFormat,
    /// Reading it took more memory than a reader may have.
    #[error(
        "reading it took more than {limit_bytes} bytes of memory: it lies about its sizes, or the limit has to be raised"
    )]
    TooLarge {
        /// The limit of the request.
        limit_bytes: u64,
    },
    /// Reading it took more time than a reader may have.
    #[error(
        "reading it took more than {limit_seconds} seconds of processor time: it is no usual file of its size"
    )]
    TooLong {
        /// The limit for a file of this size.
        limit_seconds: u64,
    },
    /// Its rows take more room than those of a usual file.
    #[error("its rows take more than {limit_bytes} bytes: it is no usual file of its size")]
    Expands {
        /// The limit for a file of this size.
        limit_bytes: u64,
    },
    /// The process that read it ended without saying why.
    #[error("the process that read it ended with {status}: {last_line}")]
    ReaderDied {
        /// How it ended.
        status: String,
        /// The last it said.
        last_line: String,
    },
    /// What is wrong with it, as the process that read it says.
    #[error("{0}")]
    Told(String),
    /// Its rows could not be put aside to be sorted.
    #[error("cannot write {}", .path.display())]
    Spill {
        /// Where they should be.
        path: PathBuf,
        /// Why not.
        source: ArrowError,
    },
    /// A line of text without an end.
    #[error("{place} has more than {limit_bytes} bytes: this is no table")]
    LongLine {
        /// The line.
        place: Place,
        /// The longest line that is read.
        limit_bytes: usize,
    },
    /// A quote that is never closed.
    #[error("{place} opens a quote that is never closed")]
    OpenQuote {
        /// Where the row begins.
        place: Place,
    },
    /// Not UTF-8.
    #[error("{place} is not UTF-8 text")]
    NotText {
        /// Where it stops being text.
        place: Place,
    },
    /// The first line of a text file is numbers.
    #[error("{place} has values where the column names should be: add a line with the names")]
    NoHeader {
        /// The line that should be a header.
        place: Place,
    },
    /// A row is shorter or longer than the header.
    #[error("{place} has {found} values for {expected} columns: the file was cut or edited")]
    Ragged {
        /// The row.
        place: Place,
        /// Columns of the header.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
    /// Two columns end up with one name.
    #[error("columns `{first}` and `{second}` would both be named `{name}`: rename one of them")]
    DuplicateColumn {
        /// The name in the table.
        name: String,
        /// One column, as the file writes it.
        first: String,
        /// The other one.
        second: String,
    },
    /// The request renames a column that is not there.
    #[error("there is no column `{0}` to rename")]
    NoSuchColumn(String),
    /// A column that is needed is missing.
    #[error("there is no column `{0}`, which a table of this kind needs")]
    MissingColumn(&'static str),
    /// A value is not what its column holds.
    #[error("{place}, column `{column}`: `{text}` is no {expected}")]
    Value {
        /// The row.
        place: Place,
        /// The column, as the table names it.
        column: String,
        /// The value, as the file writes it.
        text: String,
        /// What the column holds.
        expected: DataType,
    },
    /// A long identifier that was rounded by a program that reads numbers as floating point.
    #[error(
        "{place}: {column} `{text}` went through a spreadsheet, which rounds long integers: export as integers"
    )]
    RoundedId {
        /// The row.
        place: Place,
        /// The column of identifiers.
        column: String,
        /// The value, as the file writes it.
        text: String,
    },
    /// A column of identifiers is floating point, which cannot hold them.
    #[error(
        "column {column} is {found}, which rounds identifiers of 19 digits: export it as 64-bit integers"
    )]
    FloatId {
        /// The column of identifiers.
        column: String,
        /// The type in the file.
        found: DataType,
    },
    /// A column has a type that cannot become the one the table needs.
    #[error("column `{column}` is {found}, but has to be {expected}")]
    WrongType {
        /// The column.
        column: String,
        /// The type in the file.
        found: DataType,
        /// The type in the table.
        expected: DataType,
    },
    /// Neither ra and dec nor source_id.
    #[error(
        "there is no position: the file needs ra and dec (degrees, ICRS), or a Gaia source_id; columns can be renamed"
    )]
    NoPosition,
    /// A position that is none.
    #[error("{place}: ra {ra}, dec {dec} is no position: ra is in 0 to 360 degrees, dec in -90 to 90")]
    BadPosition {
        /// The row.
        place: Place,
        /// Right ascension as found.
        ra: f64,
        /// Declination as found.
        dec: f64,
    },
    /// A row whose position has to come from its source_id has no good one.
    #[error("{place}: there is no position, and source_id {found} is none of Gaia")]
    BadSourceId {
        /// The row.
        place: Place,
        /// The value, or `null`.
        found: String,
    },
    /// An observation without a time.
    #[error("{place}: there is no obs_time_tcb")]
    NoTime {
        /// The row.
        place: Place,
    },
    /// One transit of one source is there twice.
    #[error("{place}: transit {transit_id} is there twice: import each file once")]
    RepeatedObservation {
        /// The row.
        place: Place,
        /// The transit.
        transit_id: i64,
    },
    /// A measurement without a transit_id.
    #[error("{place}: there is no transit_id")]
    NoTransit {
        /// The row.
        place: Place,
    },
    /// One transit of one source has a band twice.
    #[error("{place}: band {band} of transit {transit_id} is there twice: import each light curve once")]
    RepeatedTransit {
        /// The row.
        place: Place,
        /// The transit.
        transit_id: i64,
        /// The band.
        band: String,
    },
    /// A photometric band that is not G, BP or RP.
    #[error("{place}: band `{band}` is not G, BP or RP")]
    UnknownBand {
        /// The row.
        place: Place,
        /// The band as found.
        band: String,
    },
    /// Arrays of one source differ in length.
    #[error("{place}: array `{column}` is not as long as {other}")]
    UnequalArrays {
        /// The row.
        place: Place,
        /// The array.
        column: &'static str,
        /// The array that it has to be as long as.
        other: &'static str,
    },
    /// The file breaks the rules of its format.
    #[error("this is no valid {format}: {what}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The VOTable is no well-formed XML.
    #[error("this is no well-formed XML")]
    Xml(#[source] quick_xml::Error),
    /// The Parquet file cannot be read.
    #[error("this is no readable Parquet file")]
    Parquet(#[from] ParquetError),
    /// One row group of a Parquet file cannot be read.
    #[error("row group {row_group}, from byte {offset} on, cannot be read")]
    ParquetGroup {
        /// Counted from 0.
        row_group: usize,
        /// Where its pages begin.
        offset: u64,
        /// What is wrong.
        source: ArrowError,
    },
    /// Values cannot be converted.
    #[error("its values cannot be converted")]
    Arrow(#[from] ArrowError),
}

impl FileError {
    /// The error of an import in which this file is at fault.
    pub(super) fn in_file(self, file: &Path) -> ImportError {
        ImportError::File { file: file.to_owned(), problem: self }
    }
}

impl From<quick_xml::Error> for FileError {
    /// What XML calls an error of syntax is always an end of the file inside of something.
    fn from(error: quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Syntax(_) => cut(),
            quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => cut(),
            other => Self::Xml(other),
        }
    }
}
