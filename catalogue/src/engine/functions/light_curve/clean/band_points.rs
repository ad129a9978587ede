//! The fields of one band, row by row: only the points that are whole and that nothing rejected.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, ListArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Float64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::super::parameters::numbers;
use crate::light_curve::photometry::magnitude_error;

/// Name and unit of the lists that come out.
const LISTS: [(&str, &str); 5] = [
    ("time", "d"),
    ("mag", "mag"),
    ("mag_error", "mag"),
    ("flux", "electron.s**-1"),
    ("flux_error", "electron.s**-1"),
];

/// The type of a light curve.
pub(super) fn struct_type() -> DataType {
    let field = |(name, unit): (&str, &str)| {
        Field::new(name, numbers(), true).with_metadata([("unit".to_owned(), unit.to_owned())].into())
    };
    DataType::Struct(LISTS.into_iter().map(field).collect())
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Function {
    signature: Signature,
}

impl Function {
    pub(super) fn new() -> Self {
        let types = [numbers(), numbers(), numbers(), numbers(), flags(), flags()];
        Self { signature: Signature::new(TypeSignature::Exact(types.to_vec()), Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        "light_curve_of_band"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(struct_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns =
            args.args.into_iter().zip([numbers(), numbers(), numbers(), numbers(), flags(), flags()]);
        let columns = columns.map(|(column, expected)| Ok(cast(&column.into_array(rows)?, &expected)?));
        let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
        let lists: Vec<&ListArray> = columns.iter().map(|column| column.as_list()).collect();
        let mut cleaned = Cleaned::default();
        for row in 0..rows {
            cleaned.add_row(&lists, row)?;
        }
        Ok(ColumnarValue::Array(Arc::new(cleaned.into_array()?)))
    }
}

fn flags() -> DataType {
    DataType::List(Field::new_list_field(DataType::Boolean, true).into())
}

/// The lists of all rows so far.
#[derive(Default)]
struct Cleaned {
    lists: [Vec<f64>; LISTS.len()],
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Cleaned {
    fn add_row(&mut self, lists: &[&ListArray], row: usize) -> Result<()> {
        let before = self.lists[0].len();
        let valid = lists.iter().all(|list| list.is_valid(row));
        if valid {
            let values: Vec<ArrayRef> = lists.iter().map(|list| list.value(row)).collect();
            let length = values[0].len();
            if values.iter().any(|list| list.len() != length) {
                return exec_err!("the lists of a light curve are not equally long");
            }
            (0..length).for_each(|at| self.add_point(&values, at));
        }
        self.lengths.push(self.lists[0].len() - before);
        self.valid.push(valid);
        Ok(())
    }

    fn add_point(&mut self, values: &[ArrayRef], at: usize) {
        let number = |column: usize| {
            let column: &Float64Array = values[column].as_primitive::<Float64Type>();
            column.is_valid(at).then(|| column.value(at)).filter(|value| value.is_finite())
        };
        let rejected = |column: usize| {
            let column: &BooleanArray = values[column].as_boolean();
            column.is_valid(at) && column.value(at)
        };
        let whole = (number(0), number(1), number(2), number(3));
        let (Some(time), Some(mag), Some(flux), Some(flux_error)) = whole else { return };
        let Some(mag_error) = magnitude_error(flux, flux_error) else { return };
        if rejected(4) || rejected(5) {
            return;
        }
        for (list, value) in self.lists.iter_mut().zip([time, mag, mag_error, flux, flux_error]) {
            list.push(value);
        }
    }

    fn into_array(self) -> Result<StructArray> {
        let DataType::Struct(fields) = struct_type() else { return exec_err!("a light curve is a struct") };
        let offsets = OffsetBuffer::<i32>::from_lengths(self.lengths);
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        let lists = self.lists.map(|values| -> ArrayRef {
            let values = Arc::new(Float64Array::from(values));
            Arc::new(ListArray::new(Arc::clone(&item), offsets.clone(), values, None))
        });
        Ok(StructArray::try_new(Fields::clone(&fields), lists.to_vec(), Some(NullBuffer::from(self.valid)))?)
    }
}
