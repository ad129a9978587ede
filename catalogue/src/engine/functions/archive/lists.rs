//! Numbers about lists of numbers.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, ListArray};
use arrow::compute::unary;
use arrow::datatypes::Float64Type;
use arrow_schema::{DataType, Field};

use super::super::function::Function;
use super::{described, exact, plain};

pub(super) fn roots() -> Function {
    Function {
        name: "arr_sqrt",
        aliases: &[],
        signature: exact(&[list()]),
        returns: |_| plain(list()),
        call: |args, rows| {
            let array = args[0].to_array(rows)?;
            let lists = array.as_list::<i32>();
            let values = unary::<_, _, Float64Type>(lists.values().as_primitive::<Float64Type>(), f64::sqrt);
            let item = Arc::new(Field::new_list_field(DataType::Float64, true));
            let roots =
                ListArray::try_new(item, lists.offsets().clone(), Arc::new(values), lists.nulls().cloned());
            Ok(Arc::new(roots?))
        },
        documentation: described("The square root of every number of a list.", "arr_sqrt(list)")
            .with_argument("list", "A list of numbers")
            .build(),
    }
}

pub(super) fn deviation() -> Function {
    Function {
        name: "arr_stddev",
        aliases: &[],
        signature: exact(&[list()]),
        returns: |_| plain(DataType::Float64),
        call: |args, rows| {
            let array = args[0].to_array(rows)?;
            let deviations = array.as_list::<i32>().iter().map(|list| {
                let list = list?;
                deviation_of(list.as_primitive::<Float64Type>())
            });
            Ok(Arc::new(deviations.collect::<Float64Array>()))
        },
        documentation: described(
            "The sample standard deviation of the numbers of a list; null of fewer than two.",
            "arr_stddev(list)",
        )
        .with_argument("list", "A list of numbers; nulls do not count")
        .build(),
    }
}

fn deviation_of(numbers: &Float64Array) -> Option<f64> {
    let count = (numbers.len() - numbers.null_count()) as f64;
    let mean = numbers.iter().flatten().sum::<f64>() / count;
    let squares: f64 = numbers.iter().flatten().map(|number| (number - mean).powi(2)).sum();
    (count >= 2.0).then(|| (squares / (count - 1.0)).sqrt())
}

fn list() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}
