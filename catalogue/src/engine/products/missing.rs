//! Why a source has no product, in words.

use arrow_schema::DataType;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::{Expr, ExprSchemable, lit, when};

use super::RetrievalType;
use crate::engine::narrow::SOURCE_ID;

/// The text of the column `missing` over rows that are joined as far as there are tables: null for a source that has
/// its product.
pub(super) fn reason(rows: &DFSchema, release: &str, wanted: RetrievalType) -> Result<Expr> {
    let there = |side: &str, name: &str| {
        let column = Column::new(Some(side), name);
        rows.has_column(&column).then(|| Expr::from(column))
    };
    let table = wanted.table();
    let product = there("product", SOURCE_ID);
    let otherwise = match product {
        Some(_) => format!("{release}.{table} does not have it"),
        None => format!("this catalogue has no table {release}.{table}"),
    };
    let mut cases = Vec::new();
    cases.extend(product.map(|id| (id.is_not_null(), lit(ScalarValue::Utf8(None)))));
    let unknown = format!("no such source_id in {release}.gaia_source");
    cases.extend(there("source", SOURCE_ID).map(|id| (id.is_null(), lit(unknown))));
    let flag = wanted.flag();
    let without = format!("gaia_source says {flag} = false; {}", wanted.published());
    let says = there("source", flag).filter(|flag| flag.get_type(rows).is_ok_and(|t| t == DataType::Boolean));
    cases.extend(says.map(|flag| (flag.is_false(), lit(without))));
    let Some(((condition, text), others)) = cases.split_first() else { return Ok(lit(otherwise)) };
    let mut reasons = when(condition.clone(), text.clone());
    for (condition, text) in others {
        reasons = reasons.when(condition.clone(), text.clone());
    }
    reasons.otherwise(lit(otherwise))
}
