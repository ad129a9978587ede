//! Files of people become tables: CSV, white-space text, ECSV, VOTable, FITS and Parquet in, one HATS table out.
//!
//! Two passes: files are read in parallel, each in a limited child process where that is wanted, and their rows put
//! aside in sorted runs; then the runs become tiles. Memory has a limit that does not depend on the number of rows, a
//! run that was killed goes on where it was, and the same files give the same bytes. A file that is cut, edited or
//! rounded is refused with the place at fault; nothing is guessed about it.

mod arrange;
mod big_endian;
mod ecsv;
mod epoch;
mod error;
mod file_error;
mod fits;
mod format;
mod frame;
mod histogram;
mod inputs;
mod limits;
mod merge;
mod naming;
mod parquet_file;
mod places;
mod position;
mod products;
mod reader;
mod reading;
mod request;
mod run_file;
mod sheet;
mod slices;
mod source;
mod spill;
mod summary;
mod text;
mod typing;
mod votable;
mod work;

use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, SchemaRef};

pub use error::{ImportError, Place};
pub use file_error::FileError;
pub use format::Format;
pub use limits::{ImportLimits, MIN_MEMORY_BYTES};
pub use reader::{ReaderProgram, Reading, serve as serve_reader};
pub use request::{ImportRequest, TableKind};
pub use summary::{ImportSummary, Note, Remark, Start};

use crate::engine;
use crate::hats::Writer;
use crate::progress::Progress;
use arrange::Arranged;
use histogram::Histogram;
use inputs::{Input, Role};
use merge::Part;
use products::Gathered;
use reading::{Heard, ReadJob};
use run_file::Run;
use work::{ReadEntry, Work};

/// Imports the files of a request. The table appears whole, or not at all; what an interrupted run finished counts.
pub fn run(request: &ImportRequest, progress: &dyn Progress) -> Result<ImportSummary, ImportError> {
    let target = request.target()?;
    let inputs = inputs::files(request)?;
    let work = Work::open(&target, request, &inputs)?;
    match import(request, &target, &inputs, &work, progress) {
        Ok(summary) => {
            work.clear()?;
            Ok(summary)
        }
        Err(error) => {
            work.clear_if_useless()?;
            Err(error)
        }
    }
}

fn import(
    request: &ImportRequest,
    target: &Path,
    inputs: &[Input],
    work: &Work,
    progress: &dyn Progress,
) -> Result<ImportSummary, ImportError> {
    progress.begin(&reading(work.start()), inputs.iter().map(|input| input.bytes).sum(), "bytes");
    let read = spill::files(request, inputs, work, progress);
    progress.end();
    let read = read?;
    let Rows { runs, schema, placed_by_source_id } = rows(request, &read, work, progress)?;
    let mut histogram = Histogram::new();
    runs.iter().for_each(|run| histogram.add(run.cells()));
    let tiles = histogram.tiles(request.limits.max_tile_rows);
    let meta = request.meta(inputs);
    let schema = meta.schema(&schema);
    let arranged = Arranged { runs: &runs, schema: schema.clone(), kind: meta.kind, limits: request.limits };
    progress.begin("writing tiles", histogram.total(), "rows");
    let tiles = arranged.tiles(&histogram, &tiles, work, progress);
    progress.end();
    let writer = Writer::create(target, meta, schema)?;
    for tile in tiles? {
        writer.adopt_tile(tile.order, tile.npix, tile.rows, &work.tile(tile.order, tile.npix))?;
    }
    let written = writer.finish()?;
    engine::index_table(&request.data_dir, &request.schema, &request.table)?;
    Ok(ImportSummary {
        rows: written.rows,
        files: inputs.iter().filter(|input| input.role == Role::Rows).count() as u64,
        tiles: written.partitions.len() as u64,
        bytes: written.bytes,
        rows_placed_by_source_id: placed_by_source_id,
        start: work.start().clone(),
        notes: read.iter().flat_map(notes).collect(),
    })
}

fn reading(start: &Start) -> String {
    match start {
        Start::Fresh => "reading".to_owned(),
        Start::WentOn { files, tiles } => {
            format!("reading (going on: {files} files and {tiles} tiles are finished)")
        }
        Start::StartedOver => {
            "reading (starting over: an unfinished import was of another request)".to_owned()
        }
    }
}

/// The rows of the table between the two passes.
struct Rows {
    runs: Vec<Run>,
    schema: SchemaRef,
    placed_by_source_id: u64,
}

fn rows(
    request: &ImportRequest,
    read: &[ReadEntry],
    work: &Work,
    progress: &dyn Progress,
) -> Result<Rows, ImportError> {
    let (runs, parts) = runs(read, work)?;
    match request.kind {
        TableKind::Catalogue => Ok(Rows {
            runs,
            schema: merge::merge(&parts)?,
            placed_by_source_id: read.iter().map(placed_by_source_id).sum(),
        }),
        TableKind::EpochPhotometry | TableKind::EpochAstrometry | TableKind::Spectra(_) => {
            let Gathered { runs, schema, placed_by_source_id } =
                products::gather(request, read, runs, work, progress)?;
            Ok(Rows { runs, schema, placed_by_source_id })
        }
    }
}

/// The runs of all files in the order of the request, and the columns of each file.
fn runs(read: &[ReadEntry], work: &Work) -> Result<(Vec<Run>, Vec<Part>), ImportError> {
    let (mut runs, mut parts) = (Vec::new(), Vec::new());
    for entry in read {
        let first = runs.len();
        for name in &entry.runs {
            runs.push(Run::open(work.runs().join(name))?);
        }
        parts.push(Part { file: entry.file.path.clone(), schema: runs[first].schema()? });
    }
    Ok((runs, parts))
}

fn placed_by_source_id(entry: &ReadEntry) -> u64 {
    let placed = entry.remarks.iter().map(|remark| match remark {
        Remark::PlacedBySourceId(rows) => *rows,
        _ => 0,
    });
    placed.sum()
}

/// What a person should know about a file, besides what the summary adds up.
fn notes(entry: &ReadEntry) -> impl Iterator<Item = Note> {
    let remarks = entry.remarks.iter().filter(|remark| !matches!(remark, Remark::PlacedBySourceId(_)));
    remarks.map(|remark| Note { file: entry.file.path.clone(), remark: remark.clone() })
}

/// What a file holds, without importing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Rows of its table.
    pub rows: u64,
    /// The first value of the first column, where that is an integer.
    pub first_number: Option<i64>,
    /// What a person should know about it.
    pub remarks: Vec<Remark>,
}

/// Reads a file to its end, as an import would, and keeps nothing of it. A table without rows is no error here.
pub fn inspect(
    file: &Path,
    format: Option<Format>,
    reading: &Reading,
    limits: &ImportLimits,
) -> Result<Inspection, ImportError> {
    let job = ReadJob { file: file.to_owned(), format, rename: Vec::new(), locate: false };
    let mut inspection = Inspection { rows: 0, first_number: None, remarks: Vec::new() };
    let read = reading.read(&job, limits, &mut |heard| {
        match heard {
            Heard::Rows { batch, .. } => {
                if inspection.rows == 0 {
                    inspection.first_number = first_number(&batch);
                }
                inspection.rows += batch.num_rows() as u64;
            }
            Heard::Remark(remark) => inspection.remarks.push(remark),
        }
        Ok(())
    });
    read.map_err(|problem| problem.in_file(file))?;
    Ok(inspection)
}

fn first_number(batch: &RecordBatch) -> Option<i64> {
    let first = cast(&batch.columns().first()?.slice(0, 1), &DataType::Int64).ok()?;
    first.as_primitive::<Int64Type>().iter().next().flatten()
}
