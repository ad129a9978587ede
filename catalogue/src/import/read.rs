//! Reads and frames the files of a request, in parallel, within its memory.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::error::ImportError;
use super::file_error::FileError;
use super::format::{self, Format};
use super::request::ImportRequest;
use super::sheet::{Places, Sheet};
use super::summary::{Note, Remark};
use super::{ecsv, frame, parquet_file, text, votable};
use crate::progress::Progress;

/// One file that has been read: typed and named columns, without positions.
pub(super) struct Read {
    pub file: PathBuf,
    pub batch: RecordBatch,
    pub places: Places,
    pub remarks: Vec<Remark>,
}

impl Read {
    /// What a person should know about the file.
    pub fn notes(&self) -> impl Iterator<Item = Note> {
        self.remarks.iter().map(|remark| Note { file: self.file.clone(), remark: remark.clone() })
    }
}

/// Reads all files; of several bad files the first one is reported.
pub(super) fn files(
    request: &ImportRequest,
    files: &[PathBuf],
    progress: &dyn Progress,
) -> Result<Vec<Read>, ImportError> {
    let size = |file: &PathBuf| file.metadata().map_or(0, |metadata| metadata.len());
    progress.begin("reading", files.iter().map(size).sum(), "bytes");
    let read = files.par_iter().map(|path| {
        let read = file(request, path, &request.rename).map_err(|problem| problem.in_file(path));
        progress.advance(size(path));
        read
    });
    let read: Vec<Result<Read, ImportError>> = read.collect();
    progress.end();
    let read = read.into_iter().collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = read.iter().map(|read| read.batch.get_array_memory_size()).sum();
    if bytes > request.memory_limit_bytes {
        return Err(ImportError::TooLarge { limit_bytes: request.memory_limit_bytes });
    }
    Ok(read)
}

/// Reads one file.
pub(super) fn file(
    request: &ImportRequest,
    path: &Path,
    rename: &[(String, String)],
) -> Result<Read, FileError> {
    let sheet = sheet(request, path)?;
    let batch = frame::frame(&sheet, rename)?;
    let Sheet { columns: _, places, remarks } = sheet;
    Ok(Read { file: path.to_owned(), batch, places, remarks })
}

fn sheet(request: &ImportRequest, path: &Path) -> Result<Sheet, FileError> {
    let format = request.format.map_or_else(|| Format::of(path), Ok)?;
    let limit_bytes = request.memory_limit_bytes;
    let text = || format::read_text(path, limit_bytes);
    match format {
        Format::Csv => text::read_csv(&text()?),
        Format::Text => text::read_white_space(&text()?),
        Format::Ecsv => ecsv::read(&text()?),
        Format::VoTable => votable::read(&text()?),
        Format::Parquet => parquet_file::read(path, limit_bytes),
    }
}
