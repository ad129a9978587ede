//! Epoch propagation under the Gaia archive's names, each also with the prefix `esdc_`. As there, the sixth
//! parameter of a propagated star is the radial proper motion in mas a year; `esdc_radial_velocity` turns it
//! into km/s. A null among the arguments makes the result null: write `coalesce(radial_velocity, 0)`.

mod error;
mod star;

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, ListBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, DocSection, Documentation, DocumentationBuilder, Signature, TypeSignature, Volatility,
};

use super::function::Function;
use super::numbers::Numbers;
use crate::astrometry::{Astrometry, radial_motion_mas};

const MOTION: DocSection = DocSection {
    include: true,
    label: "Motion",
    description: Some(
        "Epoch propagation after ESA SP-1200, volume 1, section 1.5.5, under the Gaia archive's names",
    ),
};

/// All functions of this module.
pub(super) fn all() -> impl Iterator<Item = Function> {
    star::all().into_iter().chain(error::all())
}

fn described(text: &str, syntax: &str) -> DocumentationBuilder {
    Documentation::builder(MOTION, text, syntax)
}

fn numbers(count: usize) -> Signature {
    Signature::exact(vec![DataType::Float64; count], Volatility::Immutable)
}

fn one_of(forms: [Vec<DataType>; 2]) -> Signature {
    Signature::one_of(forms.map(TypeSignature::Exact).into(), Volatility::Immutable)
}

fn list_type() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}

fn list() -> Field {
    Field::new("", list_type(), true)
}

/// The arguments as numbers; the first are lists of so many.
fn with_lists(args: &[ColumnarValue], rows: usize, lengths: &[i32]) -> Result<Numbers> {
    let mut args = args.to_vec();
    for (arg, length) in args.iter_mut().zip(lengths) {
        let array = arg.to_array(rows)?;
        if !matches!(array.data_type(), DataType::List(_)) {
            continue;
        }
        let item = Arc::new(Field::new_list_field(DataType::Float64, true));
        let tuple = DataType::FixedSizeList(item, *length);
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        *arg = match cast_with_options(&array, &tuple, &strict) {
            Ok(tuples) => ColumnarValue::Array(tuples),
            Err(_) => {
                return exec_err!("a list of {length} numbers was expected: see astrometric_parameters");
            }
        };
    }
    Numbers::of(&args, rows)
}

/// Of catalogue columns: the sixth number is the radial velocity.
fn star(n: &[f64]) -> Astrometry {
    Astrometry { pm_radial_mas: radial_motion_mas(n[2], n[5]), ..moving(n) }
}

/// The sixth number is the radial proper motion.
fn moving(n: &[f64]) -> Astrometry {
    Astrometry {
        ra_deg: n[0],
        dec_deg: n[1],
        parallax_mas: n[2],
        pm_ra_mas: n[3],
        pm_dec_mas: n[4],
        pm_radial_mas: n[5],
    }
}

fn lists(numbers: &Numbers, work: impl Fn(&[f64]) -> Vec<f64>) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(Float64Builder::new());
    for list in numbers.each(|row| Ok(work(row))) {
        match list? {
            Some(values) => {
                lists.values().append_slice(&values);
                lists.append(true);
            }
            None => lists.append(false),
        }
    }
    Ok(Arc::new(lists.finish()))
}
