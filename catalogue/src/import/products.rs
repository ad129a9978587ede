//! From files of light curves or spectra to one row per source. All of them are in memory at once, up to the limit.

use std::path::Path;

use arrow::array::RecordBatch;

use super::epoch::{self, GatheredSpectra, LightCurves};
use super::error::ImportError;
use super::file_error::FileError;
use super::inputs::Input;
use super::reading::{Heard, ReadJob};
use super::request::{ImportRequest, TableKind};
use super::run_file;
use super::sheet::Places;
use super::spill::Spill;
use super::summary::Remark;
use super::work::{ReadEntry, Work};
use crate::progress::Progress;

/// What has been gathered so far.
enum Products {
    LightCurves(LightCurves),
    Spectra(GatheredSpectra),
}

/// Reads all files and puts the products aside as the rows of one input.
pub(super) fn gather(
    request: &ImportRequest,
    inputs: &[Input],
    work: &Work,
    progress: &dyn Progress,
) -> Result<Vec<ReadEntry>, ImportError> {
    let mut products = match request.kind {
        TableKind::Spectra(spectra) => Products::Spectra(GatheredSpectra::new(spectra)),
        TableKind::Catalogue | TableKind::EpochPhotometry => Products::LightCurves(LightCurves::default()),
    };
    let (mut bytes, limit_bytes) = (0, request.limits.memory_bytes);
    for input in inputs {
        let job = ReadJob {
            file: input.path.clone(),
            format: request.format,
            rename: request.rename.clone(),
            locate: false,
        };
        let read = request.reading.read(&job, &request.limits, &mut |heard| match heard {
            Heard::Rows { batch, places, .. } => {
                bytes += run_file::bytes(&batch);
                products.add(&batch, &places)
            }
            Heard::Remark(_) => Ok(()),
        });
        read.map_err(|problem| problem.in_file(&input.path))?;
        progress.advance(input.bytes);
        if bytes > limit_bytes {
            return Err(ImportError::TooLarge { limit_bytes });
        }
    }
    if let (Some(file), Products::LightCurves(curves)) = (&request.positions, &mut products) {
        place(request, file, curves).map_err(|problem| problem.in_file(file))?;
    }
    let first = &inputs[0];
    let rows = products.into_batch().and_then(|(batch, placed)| {
        let mut spill = Spill::new(0, work.runs(), u64::MAX);
        spill.push(batch)?;
        Ok((spill.finish()?, placed))
    });
    let (runs, placed) = rows.map_err(|problem| problem.in_file(&first.path))?;
    let remarks = if placed > 0 { vec![Remark::PlacedBySourceId(placed)] } else { Vec::new() };
    Ok(vec![ReadEntry { input: 0, file: first.clone(), runs, remarks }])
}

impl Products {
    fn add(&mut self, batch: &RecordBatch, places: &Places) -> Result<(), FileError> {
        match self {
            Self::LightCurves(curves) => epoch::gather(batch, places, curves),
            Self::Spectra(spectra) => spectra.add(batch, places),
        }
    }

    /// One row per source, and how many of them were placed by source_id.
    fn into_batch(self) -> Result<(RecordBatch, u64), FileError> {
        match self {
            Self::LightCurves(curves) => Ok(curves.into_batch()?),
            Self::Spectra(spectra) => spectra.into_batch(),
        }
    }
}

fn place(request: &ImportRequest, file: &Path, curves: &mut LightCurves) -> Result<(), FileError> {
    let job = ReadJob { file: file.to_owned(), format: None, rename: Vec::new(), locate: true };
    request.reading.read(&job, &request.limits, &mut |heard| match heard {
        Heard::Rows { batch, .. } => epoch::place(&batch, curves),
        Heard::Remark(_) => Ok(()),
    })
}
