//! The products that can be put together, whatever they are made of.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::super::epoch::{self, Astrometry, GatheredSpectra, LightCurves};
use super::super::file_error::FileError;
use super::super::places::Places;
use super::super::request::TableKind;

/// Some sources with what is known of them so far.
pub(super) enum Products {
    LightCurves(LightCurves),
    Astrometry(Astrometry),
    Spectra(GatheredSpectra),
}

impl Products {
    /// No sources yet. A catalogue has one row per source already and is never put together.
    pub fn new(kind: TableKind) -> Self {
        match kind {
            TableKind::Catalogue => unreachable!("rows of a catalogue are not put together"),
            TableKind::EpochPhotometry => Self::LightCurves(LightCurves::default()),
            TableKind::EpochAstrometry => Self::Astrometry(Astrometry::default()),
            TableKind::Spectra(spectra) => Self::Spectra(GatheredSpectra::new(spectra)),
        }
    }

    /// Takes rows of one file.
    pub fn add(&mut self, rows: &RecordBatch, places: &Places) -> Result<(), FileError> {
        match self {
            Self::LightCurves(curves) => epoch::gather(rows, places, curves),
            Self::Astrometry(astrometry) => astrometry.add(rows, places),
            Self::Spectra(spectra) => spectra.add(rows, places),
        }
    }

    /// Takes positions; sources that are not among them stay as they are.
    pub fn place(&mut self, rows: &RecordBatch) -> Result<(), FileError> {
        epoch::positions(rows, |source_id, position| match self {
            Self::LightCurves(curves) => curves.place(source_id, position),
            Self::Astrometry(astrometry) => astrometry.place(source_id, position),
            Self::Spectra(spectra) => spectra.place(source_id, position),
        })
    }

    /// Whether every source is whole. Fails with the first that is not, and why.
    pub fn check(&self) -> Result<(), (i64, FileError)> {
        match self {
            Self::LightCurves(_) | Self::Astrometry(_) => Ok(()),
            Self::Spectra(spectra) => spectra.check(),
        }
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::LightCurves(curves) => curves.0.is_empty(),
            Self::Astrometry(astrometry) => astrometry.is_empty(),
            Self::Spectra(spectra) => spectra.is_empty(),
        }
    }

    /// One row per source, and how many of them were placed by source_id.
    pub fn into_batch(self) -> Result<(RecordBatch, u64), ArrowError> {
        match self {
            Self::LightCurves(curves) => curves.into_batch(),
            Self::Astrometry(astrometry) => astrometry.into_batch(),
            Self::Spectra(spectra) => spectra.into_batch(),
        }
    }
}
