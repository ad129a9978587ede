//! A peak of a periodogram as a struct of SQL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::Result;

use crate::light_curve::lomb_scargle::Peak;

/// A peak, and how often noise has one as high.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) peak: Peak,
    pub(super) false_alarm: Option<f64>,
}

/// The type of the struct.
pub(super) fn struct_type() -> DataType {
    DataType::Struct(fields())
}

fn fields() -> Fields {
    let number = |(name, unit): (&str, &str)| {
        let unit = (!unit.is_empty()).then(|| ("unit".to_owned(), unit.to_owned()));
        Field::new(name, DataType::Float64, true).with_metadata(unit.into_iter().collect())
    };
    let all = [("frequency", "d**-1"), ("period", "d"), ("power", ""), ("false_alarm_probability", "")];
    all.into_iter().map(number).collect()
}

/// One struct for every peak, null where there is none.
pub(super) fn array(found: &[Option<Found>]) -> Result<StructArray> {
    let column = |value: fn(&Found) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(found.iter().map(|found| found.as_ref().and_then(value))))
    };
    let columns = vec![
        column(|found| Some(found.peak.frequency)),
        column(|found| (found.peak.frequency > 0.0).then(|| 1.0 / found.peak.frequency)),
        column(|found| Some(found.peak.power)),
        column(|found| found.false_alarm),
    ];
    let valid = NullBuffer::from_iter(found.iter().map(Option::is_some));
    Ok(StructArray::try_new(fields(), columns, Some(valid))?)
}
