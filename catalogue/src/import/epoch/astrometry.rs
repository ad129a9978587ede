//! Epoch astrometry: rows of transits with arrays of CCDs, or rows of single CCDs, become one row per source with
//! nested observations.
//!
//! Columns that the nested table does not have (flags of single CCDs, what is across the scan) are not kept.

mod cells;
mod observations;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::error::ArrowError;

use super::super::file_error::FileError;
use super::super::places::Places;
use super::super::position;
use super::{needed, position_of, source};
use crate::{columns, healpix};
use cells::Cells;
use observations::{Observation, observations};

/// Numbers that a source has once.
const NUMBERS: [&str; 4] = ["ra0", "dec0", "agis_source_excess_noise", "nu_eff_used_in_astrometry"];

/// Sources with their observations, in memory.
#[derive(Default)]
pub(in crate::import) struct Astrometry(BTreeMap<i64, Source>);

/// One source.
#[derive(Default)]
struct Source {
    /// Right ascension and declination in degrees.
    position: Option<(f64, f64)>,
    numbers: [Option<f64>; NUMBERS.len()],
    /// By time and transit.
    observations: BTreeMap<(i64, i64), Observation>,
}

impl Astrometry {
    /// Adds what one file has, or a piece of it.
    pub fn add(&mut self, rows: &RecordBatch, places: &Places) -> Result<(), FileError> {
        let ids = needed(rows, "source_id", &DataType::Int64)?;
        let transits = needed(rows, "transit_id", &DataType::Int64)?;
        let transits = transits.as_primitive::<Int64Type>();
        let cells = Cells::new(rows)?;
        for (row, id) in ids.as_primitive::<Int64Type>().iter().enumerate() {
            let place = places.of(row);
            let id = source(id, places, row)?;
            let transit_id = transits.is_valid(row).then(|| transits.value(row));
            let transit_id = transit_id.ok_or(FileError::NoTransit { place })?;
            let known = self.0.entry(id).or_default();
            if known.position.is_none() {
                known.position = position_of(rows, row, ["ra", "dec"], place)?.or(position_of(
                    rows,
                    row,
                    ["ra0", "dec0"],
                    place,
                )?);
                known.numbers = cells.numbers(row);
            }
            for (time, observation) in cells.observations(row, transit_id, place)? {
                if known.observations.insert((time, transit_id), observation).is_some() {
                    return Err(FileError::RepeatedObservation { place, transit_id });
                }
            }
        }
        Ok(())
    }

    /// Says where a source is, if it is one of these.
    pub fn place(&mut self, source_id: i64, position: (f64, f64)) {
        if let Some(source) = self.0.get_mut(&source_id) {
            source.position = Some(position);
        }
    }

    /// Whether there is no source.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One row per source, observations by time. Also how many rows were placed by `source_id`.
    pub fn into_batch(self) -> Result<(RecordBatch, u64), ArrowError> {
        let placed = self.0.values().filter(|source| source.position.is_none()).count() as u64;
        let positions: Vec<(f64, f64)> = self.0.iter().map(|(&id, source)| source.position(id)).collect();
        let double = |values: Vec<Option<f64>>| Arc::new(Float64Array::from(values)) as ArrayRef;
        let mut arrays: Vec<(Field, ArrayRef)> = vec![
            (known("source_id"), Arc::new(self.0.keys().copied().collect::<Int64Array>())),
            (known("ra"), double(positions.iter().map(|&(ra, _)| Some(ra)).collect())),
            (known("dec"), double(positions.iter().map(|&(_, dec)| Some(dec)).collect())),
        ];
        for (number, name) in NUMBERS.into_iter().enumerate() {
            let values = double(self.0.values().map(|source| source.numbers[number]).collect());
            let field = known(name);
            let values = cast(&values, field.data_type())?;
            arrays.push((field, values));
        }
        let pixels: Int64Array = positions.iter().map(|&(ra, dec)| healpix::hash29(ra, dec)).collect();
        let counts = |count: fn(&Source) -> usize| -> ArrayRef {
            Arc::new(self.0.values().map(|source| i32::try_from(count(source)).ok()).collect::<Int32Array>())
        };
        arrays.push((known("n_transits"), counts(Source::transits)));
        arrays.push((known("n_observations"), counts(|source| source.observations.len())));
        let nested = observations(self.0.values().map(|source| &source.observations))?;
        arrays.push((known(columns::OBSERVATIONS), Arc::new(nested)));
        arrays.push((known(healpix::COLUMN), Arc::new(pixels)));
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = arrays.into_iter().unzip();
        Ok((RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, placed))
    }
}

impl Source {
    fn position(&self, source_id: i64) -> (f64, f64) {
        let centre = || position::centre_of_source(source_id).expect("`add` looked at it");
        self.position.unwrap_or_else(centre)
    }

    fn transits(&self) -> usize {
        let mut transits: Vec<i64> = self.observations.keys().map(|&(_, transit)| transit).collect();
        transits.sort_unstable();
        transits.dedup();
        transits.len()
    }
}

fn known(name: &str) -> Field {
    columns::field(name).expect("a column of epoch_astrometry, which `columns` lists")
}
