//! Transits as one Arrow column: a struct of lists that share their offsets.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field};

use super::light_curve::Bands;
use super::transits::{Measured, Point, Transit};
use crate::columns;

/// The transits of many sources, one after the other.
pub struct Epochs<'a> {
    transits: Vec<&'a Transit>,
    lengths: Vec<usize>,
}

impl<'a> Epochs<'a> {
    /// Takes the transits of one source after the other.
    pub fn collect(sources: impl Iterator<Item = &'a [Transit]>) -> Self {
        let mut epochs = Self { transits: Vec::new(), lengths: Vec::new() };
        for source in sources {
            epochs.transits.extend(source);
            epochs.lengths.push(source.len());
        }
        epochs
    }

    /// The column [`columns::TRANSITS`].
    pub fn into_array(self) -> Result<StructArray, ArrowError> {
        let fields = columns::transit_fields();
        let offsets = OffsetBuffer::<i32>::from_lengths(self.lengths.iter().copied());
        let lists = fields.iter().map(|field| self.list(field, &offsets));
        let lists = lists.collect::<Result<Vec<_>, _>>()?;
        StructArray::try_new(fields, lists, None)
    }

    fn list(&self, field: &Field, offsets: &OffsetBuffer<i32>) -> Result<ArrayRef, ArrowError> {
        let DataType::List(element) = field.data_type() else {
            return Err(ArrowError::SchemaError(format!("{} is no list", field.name())));
        };
        let values = self.values(field.name())?;
        Ok(Arc::new(ListArray::try_new(element.clone(), offsets.clone(), values, None)?))
    }

    fn values(&self, name: &str) -> Result<ArrayRef, ArrowError> {
        let g = |bands: &Bands<Point>| bands.g;
        let bp = |bands: &Bands<Point>| bands.bp;
        let rp = |bands: &Bands<Point>| bands.rp;
        Ok(match name {
            "transit_id" => {
                Arc::new(Int64Array::from_iter_values(self.transits.iter().map(|transit| transit.id)))
            }
            "g_transit_time" => self.double(g, |point| point.time_d),
            "g_transit_mag" => self.magnitude(g),
            "g_transit_flux" => self.double(g, |point| point.flux),
            "g_transit_flux_error" => self.double(g, |point| point.flux_error),
            "bp_obs_time" => self.double(bp, |point| point.time_d),
            "bp_mag" => self.magnitude(bp),
            "bp_flux" => self.double(bp, |point| point.flux),
            "bp_flux_error" => self.double(bp, |point| point.flux_error),
            "rp_obs_time" => self.double(rp, |point| point.time_d),
            "rp_mag" => self.magnitude(rp),
            "rp_flux" => self.double(rp, |point| point.flux),
            "rp_flux_error" => self.double(rp, |point| point.flux_error),
            "variability_flag_g_reject" => self.flag(|bands| bands.g.variability_reject),
            "variability_flag_bp_reject" => self.flag(|bands| bands.bp.variability_reject),
            "variability_flag_rp_reject" => self.flag(|bands| bands.rp.variability_reject),
            "photometry_flag_g_reject" => self.flag(|bands| bands.g.photometry_reject),
            "photometry_flag_bp_reject" => self.flag(|bands| bands.bp.photometry_reject),
            "photometry_flag_rp_reject" => self.flag(|bands| bands.rp.photometry_reject),
            other => return Err(ArrowError::SchemaError(format!("a transit has no {other}"))),
        })
    }

    fn double(&self, band: impl Fn(&Bands<Point>) -> Point, value: impl Fn(Measured) -> f64) -> ArrayRef {
        let values = self.transits.iter().map(|transit| band(&transit.bands).measured.map(&value));
        Arc::new(Float64Array::from_iter(values))
    }

    fn magnitude(&self, band: impl Fn(&Bands<Point>) -> Point) -> ArrayRef {
        let values = self.transits.iter().map(|transit| band(&transit.bands).measured.map(|point| point.mag));
        Arc::new(Float32Array::from_iter(values))
    }

    fn flag(&self, value: impl Fn(&Bands<Point>) -> bool) -> ArrayRef {
        let values = self.transits.iter().map(|transit| Some(value(&transit.bands)));
        Arc::new(BooleanArray::from_iter(values))
    }
}
