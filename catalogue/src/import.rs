//! Files of people become tables: CSV, white-space text, ECSV, VOTable and Parquet in, one HATS table out.
//!
//! A file that is cut, edited or rounded is refused with the line at fault; nothing is guessed about it. The same
//! files give the same table, byte for byte. All rows are in memory at once, up to a limit. FITS is not read yet.

mod ecsv;
mod epoch;
mod error;
mod file_error;
mod format;
mod frame;
mod inputs;
mod merge;
mod naming;
mod parquet_file;
mod position;
mod read;
mod request;
mod sheet;
mod summary;
mod table;
mod text;
mod typing;
mod votable;

pub use error::{ImportError, Place};
pub use file_error::FileError;
pub use format::Format;
pub use request::{DEFAULT_MEMORY_LIMIT_BYTES, ImportRequest, TableKind};
pub use summary::{ImportSummary, Note, Remark};

use crate::hats;
use crate::progress::Progress;
use table::Table;

/// Rows of one tile; HATS catalogues of Gaia have about as many.
const MAX_TILE_ROWS: usize = 1_000_000;

/// Imports the files of a request. The table appears whole, or not at all.
pub fn run(request: &ImportRequest, progress: &dyn Progress) -> Result<ImportSummary, ImportError> {
    let target = request.target()?;
    let files = inputs::files(&request.inputs)?;
    let read = read::files(request, &files, progress)?;
    let notes = read.iter().flat_map(read::Read::notes).collect();
    let Table { schema, batches, placed_by_source_id } = match request.kind {
        TableKind::Catalogue => table::catalogue(read)?,
        TableKind::EpochPhotometry => table::light_curves(request, &read)?,
        TableKind::Spectra(spectra) => table::spectra(spectra, &read)?,
    };
    let meta = request.meta(&files);
    let schema = meta.schema(&schema);
    progress.begin("writing", 0, "tiles");
    let written = hats::write_table(&target, meta, schema, &batches, MAX_TILE_ROWS);
    progress.end();
    let written = written?;
    Ok(ImportSummary {
        rows: written.rows,
        files: files.len() as u64,
        tiles: written.partitions.len() as u64,
        bytes: written.bytes,
        rows_placed_by_source_id: placed_by_source_id,
        notes,
    })
}
