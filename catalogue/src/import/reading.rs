//! Reads one file, whatever its format, and tells its rows piece by piece.
//!
//! Runs in a limited child process where the request wants that (`reader`); then nothing of the file is parsed elsewhere.

use std::io;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};

use super::file_error::FileError;
use super::format::Format;
use super::frame::{Framer, Hear};
use super::places::Places;
use super::source::Source;
use super::summary::Remark;
use super::{ecsv, fits, parquet_file, text, votable};

/// A file to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ReadJob {
    pub file: PathBuf,
    /// Nothing looks at the file.
    pub format: Option<Format>,
    pub rename: Vec<(String, String)>,
    /// Whether every row needs a place on the sky.
    pub locate: bool,
}

/// What is heard of a file while it is read.
pub(super) enum Heard {
    /// Rows: typed and named columns, with positions where the job wants them.
    Rows {
        batch: RecordBatch,
        places: Places,
        /// Bytes of the file that have been read so far.
        read_bytes: u64,
    },
    /// Something that a person should know.
    Remark(Remark),
}

/// Reads the file of a job, in this process.
pub(super) fn read(job: &ReadJob, hear: &mut Hear<'_>) -> Result<(), FileError> {
    let source = Source::new(&job.file)?;
    let format = job.format.map_or_else(|| Format::of(&source), Ok)?;
    let mut hear = |heard| hear(heard);
    let mut framer = Framer::new(&source, &job.rename, job.locate, &mut hear);
    let read = match format {
        Format::Csv => text::read_csv(&source, &mut framer),
        Format::Text => text::read_white_space(&source, &mut framer),
        Format::Ecsv => ecsv::read(&source, &mut framer),
        Format::VoTable => votable::read(&source, &mut framer),
        Format::Fits => fits::read(&source, &mut framer),
        Format::Parquet => parquet_file::read(&source, &mut framer),
    };
    read.map_err(|error| match error {
        FileError::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            FileError::Truncated { offset: source.size() }
        }
        other => other,
    })
}
