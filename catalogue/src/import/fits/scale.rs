//! Stored numbers that stand for others: TSCAL and TZERO (FITS Standard 4.0, section 7.3.2 and table 19).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int16Array, Int32Array, Int64Array, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow::error::ArrowError;

use super::super::big_endian::Item;

/// What stored numbers stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Themselves.
    None,
    /// Integers that FITS has no type for: unsigned ones, and signed bytes.
    Shifted { zero: i128 },
    /// `zero + factor * stored`.
    Linear { factor: f64, zero: f64 },
}

impl Scale {
    pub fn new(item: Item, factor: f64, zero: f64) -> Self {
        let is_number = !matches!(item, Item::Boolean | Item::Text | Item::Utf16);
        let shift = match item {
            Item::UnsignedByte => -128.0,
            Item::Short => 32_768.0,
            Item::Int => 2_147_483_648.0,
            Item::Long => 9_223_372_036_854_775_808.0,
            _ => f64::NAN,
        };
        if !is_number || (factor == 1.0 && zero == 0.0) {
            Self::None
        } else if factor == 1.0 && zero == shift {
            Self::Shifted { zero: shift as i128 }
        } else {
            Self::Linear { factor, zero }
        }
    }

    /// The type of one item after scaling.
    pub fn data_type(self, item: Item) -> DataType {
        match (self, item) {
            (Self::None, _) | (Self::Shifted { .. }, Item::UnsignedByte) => item.data_type(),
            (Self::Shifted { .. }, Item::Short) => DataType::Int32,
            (Self::Shifted { .. }, _) => DataType::Int64,
            (Self::Linear { .. }, _) => DataType::Float64,
        }
    }

    /// The numbers that the stored ones stand for. Fails for an unsigned number that a 64-bit integer cannot hold.
    pub fn apply(self, stored: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        if let Some(lists) = stored.as_list_opt::<i32>() {
            let values = self.apply(lists.values())?;
            let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            return Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?));
        }
        match self {
            Self::None => Ok(Arc::clone(stored)),
            Self::Shifted { zero } => shifted(stored, zero),
            Self::Linear { factor, zero } => {
                let stored = cast(stored, &DataType::Float64)?;
                let values = stored.as_primitive::<Float64Type>().iter();
                Ok(Arc::new(values.map(|x| x.map(|x| zero + factor * x)).collect::<Float64Array>()))
            }
        }
    }
}

fn shifted(stored: &ArrayRef, zero: i128) -> Result<ArrayRef, ArrowError> {
    let shift = |x: i128| x + zero;
    match stored.data_type() {
        // The only integers of 16 bits that do not become wider are signed bytes.
        DataType::Int16 if zero < 0 => {
            let values = stored.as_primitive::<Int16Type>().iter();
            Ok(Arc::new(values.map(|x| x.map(|x| shift(x.into()) as i16)).collect::<Int16Array>()))
        }
        DataType::Int16 => {
            let values = stored.as_primitive::<Int16Type>().iter();
            Ok(Arc::new(values.map(|x| x.map(|x| shift(x.into()) as i32)).collect::<Int32Array>()))
        }
        DataType::Int32 => {
            let values = stored.as_primitive::<Int32Type>().iter();
            Ok(Arc::new(values.map(|x| x.map(|x| shift(x.into()) as i64)).collect::<Int64Array>()))
        }
        _ => {
            let fits = |x: i64| {
                let value = shift(x.into());
                i64::try_from(value).map_err(|_| {
                    ArrowError::CastError(format!("{value} does not fit into a signed 64-bit integer"))
                })
            };
            let values = stored.as_primitive::<Int64Type>().iter().map(|x| x.map(fits).transpose());
            Ok(Arc::new(values.collect::<Result<Int64Array, _>>()?))
        }
    }
}
