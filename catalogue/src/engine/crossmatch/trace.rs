//! Whether an input is a table whose rows can be read by place: a scan, perhaps with filters, renamed columns and
//! aliases above, and with positions that are the table's own.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::Column;
use datafusion::common::tree_node::TreeNode;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};

use super::keyed::KeyedTable;
use super::node::Side;
use crate::engine::table::HatsTable;

/// Single-precision right ascensions are this coarse, and keys may come from finer ones.
const SINGLE_PRECISION_DEG: f64 = 4e-5;

/// A plan whose scan is a [`KeyedTable`].
pub(super) struct Found {
    pub(super) plan: LogicalPlan,
    /// How far positions may be from those that the keys were computed of, in degrees.
    pub(super) rounding_deg: f64,
}

/// The input of a side, with its scan exchanged.
pub(super) fn table(side: &Side, session: &Arc<SessionState>) -> Option<Found> {
    trace(&side.input, [column(&side.ra)?, column(&side.dec)?], session)
}

/// The column that an expression is, whatever its type.
fn column(expr: &Expr) -> Option<Column> {
    match expr {
        Expr::Column(column) => Some(column.clone()),
        Expr::Alias(alias) => column(&alias.expr),
        Expr::Cast(cast) => column(&cast.expr),
        _ => None,
    }
}

fn trace(plan: &LogicalPlan, position: [Column; 2], session: &Arc<SessionState>) -> Option<Found> {
    let [ra, dec] = &position;
    let (input, below) = match plan {
        LogicalPlan::TableScan(scan) => return exchange(scan, ra, dec, session),
        LogicalPlan::Filter(filter) if !has_subquery(&filter.predicate) => (&filter.input, position),
        LogicalPlan::SubqueryAlias(alias) => {
            let below = |column: &Column| {
                let index = alias.schema.maybe_index_of_column(column)?;
                Some(Column::from(alias.input.schema().qualified_field(index)))
            };
            (&alias.input, [below(ra)?, below(dec)?])
        }
        LogicalPlan::Projection(projection) if !projection.expr.iter().any(has_subquery) => {
            let below = |of: &Column| {
                let index = projection.schema.maybe_index_of_column(of)?;
                column(projection.expr.get(index)?)
            };
            (&projection.input, [below(ra)?, below(dec)?])
        }
        _ => return None,
    };
    let Found { plan: input, rounding_deg } = trace(input, below, session)?;
    let plan = plan.with_new_exprs(plan.expressions(), vec![input]).ok()?;
    Some(Found { plan, rounding_deg })
}

fn exchange(scan: &TableScan, ra: &Column, dec: &Column, session: &Arc<SessionState>) -> Option<Found> {
    let table = source_as_provider(&scan.source).ok()?;
    let hats = table.downcast_ref::<HatsTable>()?;
    let keys = &hats.keys;
    let found = keys.healpix.is_some() && ra.name == keys.ra && dec.name == keys.dec;
    if !found || scan.fetch.is_some() || scan.filters.iter().any(has_subquery) {
        return None;
    }
    let single = |name: &String| {
        hats.schema.field_with_name(name).is_ok_and(|field| *field.data_type() != DataType::Float64)
    };
    let rounding_deg = if single(&keys.ra) || single(&keys.dec) { SINGLE_PRECISION_DEG } else { 0.0 };
    let keyed = KeyedTable { table: Arc::clone(&table), session: Arc::clone(session) };
    let scan = TableScan { source: provider_as_source(Arc::new(keyed)), ..scan.clone() };
    Some(Found { plan: LogicalPlan::TableScan(scan), rounding_deg })
}

/// Subqueries are planned with the whole query, not with a part of it.
fn has_subquery(expr: &Expr) -> bool {
    let is_subquery =
        |expr: &Expr| Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)));
    expr.exists(is_subquery).unwrap_or(true)
}
