//! Arguments as columns of numbers. A point counts as two numbers, so every function that takes coordinates takes
//! points as well.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::Float64Type;
use arrow_schema::DataType;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::ColumnarValue;

/// Columns of equal length.
pub(super) struct Numbers {
    columns: Vec<Float64Array>,
    rows: usize,
}

impl Numbers {
    /// The numbers of all arguments, side by side.
    pub(super) fn of(args: &[ColumnarValue], rows: usize) -> Result<Self> {
        let mut columns = Vec::with_capacity(args.len());
        for arg in args {
            push(&arg.to_array(rows)?, &mut columns)?;
        }
        Ok(Self { columns, rows })
    }

    /// Numbers of one row.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Copies the numbers of a row to `values`; `false` when one of them is null.
    pub(super) fn read(&self, row: usize, values: &mut [f64]) -> bool {
        for (value, column) in values.iter_mut().zip(&self.columns) {
            if column.is_null(row) {
                return false;
            }
            *value = column.value(row);
        }
        true
    }

    /// `work` for every row; a row with a null among its numbers is null.
    pub(super) fn each<T>(
        &self,
        mut work: impl FnMut(&[f64]) -> Result<T>,
    ) -> impl Iterator<Item = Result<Option<T>>> {
        let mut values = vec![0.0; self.width()];
        (0..self.rows)
            .map(move |row| if self.read(row, &mut values) { work(&values).map(Some) } else { Ok(None) })
    }
}

fn push(array: &ArrayRef, columns: &mut Vec<Float64Array>) -> Result<()> {
    match array.data_type() {
        DataType::FixedSizeList(_, width) => {
            let (lists, width) = (array.as_fixed_size_list(), usize::try_from(*width).unwrap_or(0));
            let values = cast(lists.values(), &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            let value = |row: usize, i: usize| {
                let at = row * width + i;
                (lists.is_valid(row) && values.is_valid(at)).then(|| values.value(at))
            };
            columns.extend(
                (0..width).map(|i| (0..lists.len()).map(|row| value(row, i)).collect::<Float64Array>()),
            );
        }
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => {
            return exec_err!("a number of degrees was expected and not a text");
        }
        _ => columns.push(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone()),
    }
    Ok(())
}
