//! From files that were read to the rows of one table, with a place on the sky for each.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::epoch::{GatheredSpectra, LightCurves};
use super::error::ImportError;
use super::file_error::FileError;
use super::merge::{self, Part};
use super::read::{self, Read};
use super::request::ImportRequest;
use super::{epoch, position};
use crate::columns::Spectra;

/// The rows of a table, as the writer takes them.
pub(super) struct Table {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// Rows whose position was made from source_id.
    pub placed_by_source_id: u64,
}

/// A table with the columns of the files.
pub(super) fn catalogue(files: Vec<Read>) -> Result<Table, ImportError> {
    let mut placed_by_source_id = 0;
    let mut parts = Vec::with_capacity(files.len());
    for Read { file, batch, places, remarks: _ } in files {
        let located = position::locate(&batch, &places).map_err(|problem| problem.in_file(&file))?;
        placed_by_source_id += if located.by_source_id { batch.num_rows() as u64 } else { 0 };
        parts.push(Part { file, batch: located.batch });
    }
    let (schema, batches) = merge::merge(&parts)?;
    Ok(Table { schema, batches, placed_by_source_id })
}

/// A table of nested light curves.
pub(super) fn light_curves(request: &ImportRequest, files: &[Read]) -> Result<Table, ImportError> {
    let mut curves = LightCurves::default();
    for Read { file, batch, places, remarks: _ } in files {
        epoch::gather(batch, places, &mut curves).map_err(|problem| problem.in_file(file))?;
    }
    if let Some(file) = &request.positions {
        place(request, file, &mut curves).map_err(|problem| problem.in_file(file))?;
    }
    let (batch, placed_by_source_id) = curves.into_batch()?;
    Ok(Table { schema: batch.schema(), batches: vec![batch], placed_by_source_id })
}

/// A table of spectra.
pub(super) fn spectra(table: Spectra, files: &[Read]) -> Result<Table, ImportError> {
    let mut gathered = GatheredSpectra::new(table);
    for Read { file, batch, places, remarks: _ } in files {
        gathered.add(batch, places).map_err(|problem| problem.in_file(file))?;
    }
    let (batch, placed_by_source_id) =
        gathered.into_batch().map_err(|problem| problem.in_file(&files[0].file))?;
    Ok(Table { schema: batch.schema(), batches: vec![batch], placed_by_source_id })
}

fn place(request: &ImportRequest, file: &Path, curves: &mut LightCurves) -> Result<(), FileError> {
    let request = ImportRequest { format: None, ..request.clone() };
    let read = read::file(&request, file, &[])?;
    epoch::place(&position::locate(&read.batch, &read.places)?.batch, curves)
}
