//! The first pass: files are read in parallel, and their rows put aside in sorted runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::error::ImportError;
use super::file_error::FileError;
use super::inputs::{Input, Role};
use super::products;
use super::reading::{Heard, ReadJob};
use super::request::{ImportRequest, TableKind};
use super::run_file;
use super::summary::Remark;
use super::work::{Entry, ReadEntry, Work};
use crate::progress::Progress;

/// Reads all files that an earlier run has not. Stops soon after a bad file; of several the first one is reported.
pub(super) fn files(
    request: &ImportRequest,
    inputs: &[Input],
    work: &Work,
    progress: &dyn Progress,
) -> Result<Vec<ReadEntry>, ImportError> {
    let failed = AtomicBool::new(false);
    let read = inputs.par_iter().enumerate().map(|(number, input)| {
        if let Some(before) = work.read_before(number) {
            progress.advance(input.bytes);
            return Some(Ok(before.clone()));
        }
        if failed.load(Ordering::Relaxed) {
            return None;
        }
        let entry = file(request, number, input, work, progress);
        failed.fetch_or(entry.is_err(), Ordering::Relaxed);
        Some(entry)
    });
    let read: Vec<Option<Result<ReadEntry, ImportError>>> = read.collect();
    read.into_iter().flatten().collect()
}

fn file(
    request: &ImportRequest,
    number: usize,
    input: &Input,
    work: &Work,
    progress: &dyn Progress,
) -> Result<ReadEntry, ImportError> {
    let job = job(request, input);
    let mut spill = Spill::new(number, work.runs(), request.limits.sort_bytes());
    let most = request.limits.expanded_bytes(input.bytes);
    let mut remarks = Vec::new();
    let told = AtomicU64::new(0);
    let advance = |to: u64| progress.advance(to.saturating_sub(told.fetch_max(to, Ordering::Relaxed)));
    let read = request.reading.read(&job, &request.limits, &mut |heard| match heard {
        Heard::Rows { batch, places, read_bytes } => {
            advance(read_bytes);
            spill.push(match request.kind {
                TableKind::Catalogue => batch,
                TableKind::EpochPhotometry | TableKind::EpochAstrometry | TableKind::Spectra(_) => {
                    products::keyed(&batch, &places)?
                }
            })?;
            if spill.total_bytes() > most { Err(FileError::Expands { limit_bytes: most }) } else { Ok(()) }
        }
        Heard::Remark(Remark::PlacedBySourceId(_)) if input.role == Role::Positions => {
            Err(FileError::NoPosition)
        }
        Heard::Remark(remark) => {
            add_up(&mut remarks, remark);
            Ok(())
        }
    });
    let runs = read.and_then(|()| spill.finish()).map_err(|problem| problem.in_file(&input.path))?;
    advance(input.bytes);
    let entry = ReadEntry { input: number, file: input.clone(), runs, remarks };
    work.finish(&Entry::Read(entry.clone()))?;
    Ok(entry)
}

/// How a file is read. Rows of products need no place before they are put together.
fn job(request: &ImportRequest, input: &Input) -> ReadJob {
    let file = input.path.clone();
    match input.role {
        Role::Rows => ReadJob {
            file,
            format: request.format,
            rename: request.rename.clone(),
            locate: request.kind == TableKind::Catalogue,
        },
        Role::Positions => ReadJob { file, format: None, rename: Vec::new(), locate: true },
    }
}

/// Remarks that come with every piece become one.
fn add_up(remarks: &mut Vec<Remark>, remark: Remark) {
    let so_far = remarks.iter_mut().find_map(|known| match known {
        Remark::PlacedBySourceId(rows) => Some(rows),
        _ => None,
    });
    match (remark, so_far) {
        (Remark::PlacedBySourceId(more), Some(rows)) => *rows += more,
        (other, _) => remarks.push(other),
    }
}

/// Puts rows aside, one run after the other.
struct Spill {
    input: usize,
    dir: PathBuf,
    limit_bytes: u64,
    batches: Vec<RecordBatch>,
    bytes: u64,
    total_bytes: u64,
    runs: Vec<String>,
}

impl Spill {
    /// For the input of this number; a run is written when rows take `limit_bytes`.
    pub fn new(input: usize, dir: PathBuf, limit_bytes: u64) -> Self {
        Self { input, dir, limit_bytes, batches: Vec::new(), bytes: 0, total_bytes: 0, runs: Vec::new() }
    }

    /// Takes rows that have been placed.
    pub fn push(&mut self, batch: RecordBatch) -> Result<(), FileError> {
        let bytes = run_file::bytes(&batch);
        if self.bytes + bytes > self.limit_bytes {
            self.flush()?;
        }
        self.bytes += bytes;
        self.total_bytes += bytes;
        self.batches.push(batch);
        Ok(())
    }

    /// Bytes of all rows so far.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// The names of all runs, which are on disk. Refused when there was no row.
    pub fn finish(mut self) -> Result<Vec<String>, FileError> {
        self.flush()?;
        if self.runs.is_empty() { Err(FileError::NoRows) } else { Ok(self.runs) }
    }

    fn flush(&mut self) -> Result<(), FileError> {
        if self.batches.is_empty() {
            return Ok(());
        }
        let name = format!("{:06}-{:04}.run", self.input, self.runs.len());
        let path = self.dir.join(&name);
        run_file::write(&path, &self.batches).map_err(|source| FileError::Spill { path, source })?;
        self.runs.push(name);
        self.batches.clear();
        self.bytes = 0;
        Ok(())
    }
}
