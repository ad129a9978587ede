//! Light curves in memory: sources, their transits, and what G, BP and RP measured in each.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;

use super::super::position;
use crate::{columns, healpix};

/// Light curves by source_id.
#[derive(Default)]
pub(in crate::import) struct LightCurves(pub BTreeMap<i64, LightCurve>);

/// One source.
#[derive(Default)]
pub(in crate::import) struct LightCurve {
    /// Right ascension and declination in degrees, where somebody gave them.
    pub position: Option<(f64, f64)>,
    /// Transits by transit_id.
    pub transits: BTreeMap<i64, Transit>,
}

/// What one transit measured, by band.
#[derive(Clone, Default)]
pub(in crate::import) struct Transit {
    pub g: Option<Point>,
    pub bp: Option<Point>,
    pub rp: Option<Point>,
}

/// One measurement. Times in days (BJD - 2455197.5, TCB), fluxes in electrons per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::import) struct Point {
    pub time: Option<f64>,
    pub mag: Option<f64>,
    pub flux: Option<f64>,
    pub flux_error: Option<f64>,
    pub rejected_by_photometry: Option<bool>,
    pub rejected_by_variability: Option<bool>,
}

impl Transit {
    /// The place of what this band measured; there are G, BP and RP.
    pub fn band(&mut self, name: &str) -> Option<&mut Option<Point>> {
        match name {
            "G" => Some(&mut self.g),
            "BP" => Some(&mut self.bp),
            "RP" => Some(&mut self.rp),
            _ => None,
        }
    }

    /// When the first band that has a time was observed.
    fn time(&self) -> Option<f64> {
        [self.g, self.bp, self.rp].into_iter().flatten().find_map(|point| point.time)
    }
}

impl LightCurves {
    /// Says where a source is, if it is one of these.
    pub fn place(&mut self, source_id: i64, position: (f64, f64)) {
        if let Some(curve) = self.0.get_mut(&source_id) {
            curve.position = Some(position);
        }
    }

    /// One row per source: positions, and transits by time. Also how many rows were placed by source_id.
    pub fn into_batch(self) -> Result<(RecordBatch, u64), ArrowError> {
        let mut placed = 0;
        let mut positions = Vec::new();
        for (&source_id, curve) in &self.0 {
            placed += u64::from(curve.position.is_none());
            let position = curve.position.or_else(|| position::centre_of_source(source_id));
            positions.push(position.ok_or_else(|| no_source(source_id))?);
        }
        let (ra, dec): (Vec<f64>, Vec<f64>) = positions.iter().copied().unzip();
        let hashes = positions.iter().map(|&(ra, dec)| healpix::hash29(ra, dec)).collect::<Vec<_>>();
        let lengths: Vec<usize> = self.0.values().map(|curve| curve.transits.len()).collect();
        let counts: Int32Array = lengths.iter().map(|&length| i32::try_from(length).ok()).collect();
        let source_ids: Int64Array = self.0.keys().copied().collect();
        let transits = transits(&self.sorted(), lengths)?;
        let arrays: [(Field, ArrayRef); 6] = [
            (known("source_id"), Arc::new(source_ids)),
            (known("ra"), Arc::new(Float64Array::from(ra))),
            (known("dec"), Arc::new(Float64Array::from(dec))),
            (known("n_transits"), Arc::new(counts)),
            (known(columns::TRANSITS), Arc::new(transits)),
            (known(healpix::COLUMN), Arc::new(Int64Array::from(hashes))),
        ];
        let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = arrays.into_iter().unzip();
        Ok((RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, placed))
    }

    /// All transits, source after source, by time and then by transit_id; those without a time are last.
    fn sorted(self) -> Vec<(i64, Transit)> {
        let mut all = Vec::new();
        for curve in self.0.into_values() {
            let mut transits: Vec<(i64, Transit)> = curve.transits.into_iter().collect();
            transits.sort_by(|(_, a), (_, b)| {
                a.time().unwrap_or(f64::INFINITY).total_cmp(&b.time().unwrap_or(f64::INFINITY))
            });
            all.extend(transits);
        }
        all
    }
}

fn transits(all: &[(i64, Transit)], lengths: Vec<usize>) -> Result<StructArray, ArrowError> {
    let offsets = OffsetBuffer::from_lengths(lengths);
    let fields = columns::transit_fields();
    let lists = fields.iter().map(|field| {
        let DataType::List(item) = field.data_type() else { return Err(no_list(field)) };
        let values = values(field.name(), all).ok_or_else(|| no_list(field))?;
        Ok(Arc::new(ListArray::try_new(Arc::clone(item), offsets.clone(), values, None)?) as ArrayRef)
    });
    let lists = lists.collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new(fields, lists, None)
}

/// The values of one field of all transits.
fn values(field: &str, all: &[(i64, Transit)]) -> Option<ArrayRef> {
    let doubles = |get: fn(&Transit) -> Option<f64>| -> ArrayRef {
        Arc::new(all.iter().map(|(_, transit)| get(transit)).collect::<Float64Array>())
    };
    let singles = |get: fn(&Transit) -> Option<f64>| -> ArrayRef {
        Arc::new(all.iter().map(|(_, transit)| get(transit).map(|x| x as f32)).collect::<Float32Array>())
    };
    let flags = |get: fn(&Transit) -> Option<bool>| -> ArrayRef {
        Arc::new(all.iter().map(|(_, transit)| get(transit)).collect::<BooleanArray>())
    };
    Some(match field {
        "transit_id" => Arc::new(all.iter().map(|(id, _)| *id).collect::<Int64Array>()),
        "g_transit_time" => doubles(|t| t.g?.time),
        "g_transit_mag" => singles(|t| t.g?.mag),
        "g_transit_flux" => doubles(|t| t.g?.flux),
        "g_transit_flux_error" => doubles(|t| t.g?.flux_error),
        "bp_obs_time" => doubles(|t| t.bp?.time),
        "bp_mag" => singles(|t| t.bp?.mag),
        "bp_flux" => doubles(|t| t.bp?.flux),
        "bp_flux_error" => doubles(|t| t.bp?.flux_error),
        "rp_obs_time" => doubles(|t| t.rp?.time),
        "rp_mag" => singles(|t| t.rp?.mag),
        "rp_flux" => doubles(|t| t.rp?.flux),
        "rp_flux_error" => doubles(|t| t.rp?.flux_error),
        "variability_flag_g_reject" => flags(|t| t.g?.rejected_by_variability),
        "variability_flag_bp_reject" => flags(|t| t.bp?.rejected_by_variability),
        "variability_flag_rp_reject" => flags(|t| t.rp?.rejected_by_variability),
        "photometry_flag_g_reject" => flags(|t| t.g?.rejected_by_photometry),
        "photometry_flag_bp_reject" => flags(|t| t.bp?.rejected_by_photometry),
        "photometry_flag_rp_reject" => flags(|t| t.rp?.rejected_by_photometry),
        _ => return None,
    })
}

fn known(name: &str) -> Field {
    columns::field(name).expect("a column of epoch_photometry, which `columns` lists")
}

fn no_source(source_id: i64) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("{source_id} is no source_id of Gaia"))
}

fn no_list(field: &Field) -> ArrowError {
    ArrowError::SchemaError(format!("transits have no values for {}", field.name()))
}
