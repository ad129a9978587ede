//! `phase(times, period_d, epoch_d)`: a light curve folded with its period.

use arrow::array::{Array, AsArray, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature};

use super::parameters::{self, Kind, Parameter, TIMES, numbers};
use crate::light_curve::phase;

const PARAMETERS: &[Parameter] = &[
    TIMES,
    Parameter { name: "period_d", kind: Kind::Number, description: "Period, days" },
    Parameter { name: "epoch_d", kind: Kind::Number, description: "A time at which the phase is 0, days" },
];

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Function {
    signature: Signature,
    documentation: Documentation,
}

impl Function {
    pub(super) fn new() -> Self {
        let description = "The phases of times: fractions of the period since the epoch, from 0 to below 1. The list \
                           is as long as that of the times, null where they are.";
        let documentation = parameters::documentation("phase", description, PARAMETERS, 0);
        Self { signature: parameters::signature(PARAMETERS, 0), documentation }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &'static str {
        "phase"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(numbers())
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let columns = parameters::arrays(args, PARAMETERS)?;
        let (periods, epochs) =
            (columns[1].as_primitive::<Float64Type>(), columns[2].as_primitive::<Float64Type>());
        let times = columns[0].as_list::<i32>();
        let phases = (0..rows).map(|row| {
            let good = times.is_valid(row) && periods.is_valid(row) && epochs.is_valid(row);
            let of = |time: f64| phase(time, periods.value(row), epochs.value(row));
            good.then(|| {
                let times = times.value(row);
                times.as_primitive::<Float64Type>().iter().map(|time| time.map(of)).collect::<Vec<_>>()
            })
        });
        let phases = ListArray::from_iter_primitive::<Float64Type, _, _>(phases);
        Ok(ColumnarValue::Array(cast(&phases, &numbers())?))
    }
}
