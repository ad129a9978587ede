//! The rest of the Gaia archive's functions: the pixel of an identifier, arithmetic, lists, texts and conversions.
//! Those that the engine has under another name are in [`super::also`].

mod arithmetic;
mod conversions;
mod lists;
mod texts;

use std::sync::Arc;

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Field};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{DocSection, Documentation, DocumentationBuilder, Signature, Volatility};

use super::function::Function;

const ARCHIVE: DocSection = DocSection {
    include: true,
    label: "Archive",
    description: Some("Functions that the Gaia archive's users know"),
};

/// The order of the HEALPix pixel in a Gaia identifier, which is `source_id >> 35` (Gaia DR3 documentation,
/// section 20.1.1, source_id).
const ID_ORDER: i64 = 12;
const ID_SHIFT: i64 = 35;

/// All functions of this module.
pub(super) fn all() -> Vec<Function> {
    let arithmetic = [arithmetic::modulo(), arithmetic::quotient()];
    let lists = [lists::roots(), lists::deviation()];
    let texts = [texts::position(), texts::trim()];
    let plain = [healpix_index()].into_iter().chain(arithmetic).chain(lists).chain(texts);
    plain.chain([conversions::choice()]).chain(conversions::conversions()).collect()
}

fn healpix_index() -> Function {
    Function {
        name: "gaia_healpix_index",
        aliases: &[],
        signature: exact(&[DataType::Int64, DataType::Int64]),
        returns: |_| plain(DataType::Int64),
        call: |args, rows| {
            let (orders, ids) = (args[0].to_array(rows)?, args[1].to_array(rows)?);
            let pairs = orders.as_primitive::<Int64Type>().iter().zip(ids.as_primitive::<Int64Type>());
            let index = pairs.map(|pair| match pair {
                (Some(order), Some(id)) if (0..=ID_ORDER).contains(&order) => {
                    Ok(Some(id >> (ID_SHIFT + 2 * (ID_ORDER - order))))
                }
                (Some(order), Some(_)) => {
                    exec_err!("gaia_healpix_index: the order is {order}: it must be 0 to {ID_ORDER}")
                }
                _ => Ok(None),
            });
            Ok(Arc::new(index.collect::<Result<Int64Array>>()?))
        },
        documentation: described(
            "The HEALPix pixel, nested, in which a Gaia source was when it got its identifier.",
            "gaia_healpix_index(order, source_id)",
        )
        .with_sql_example("SELECT gaia_healpix_index(4, 2060294888487267584)")
        .with_argument("order", "HEALPix order, 0 to 12")
        .with_argument("source_id", "Gaia identifier")
        .build(),
    }
}

fn described(text: &str, syntax: &str) -> DocumentationBuilder {
    Documentation::builder(ARCHIVE, text, syntax)
}

fn exact(types: &[DataType]) -> Signature {
    Signature::exact(types.to_vec(), Volatility::Immutable)
}

fn plain(data_type: DataType) -> Field {
    Field::new("", data_type, true)
}
