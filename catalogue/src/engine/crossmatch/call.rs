//! `crossmatch(a, b, radius_arcsec => 1)` in FROM: all columns of both sides and `separation_arcsec`. Columns of the
//! second side whose name is taken get `_2` behind it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result, plan_err};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Expr, ExprSchemable, Extension, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{Expr as SqlExpr, FunctionArg, FunctionArgExpr, Query, TableFactor};

use super::names::is_call;
use super::node::{Crossmatch, SEPARATION, Side, Terms};
use super::options::Options;
use super::terms::{Number, Within};
use crate::engine::narrow::SOURCE_ID;
use crate::engine::table::HatsTable;

/// The name of the relation.
pub(crate) const NAME: &str = "crossmatch";

/// Plans calls.
#[derive(Debug)]
pub(super) struct Call {
    /// The widest radius.
    pub(super) widest_arcsec: f64,
}

impl RelationPlanner for Call {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        match relation {
            TableFactor::Table { name, alias, args: Some(args), .. } if is_call(&name) => {
                let plan = plan(args.args, self.widest_arcsec, context)?;
                Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
            }
            other => Ok(RelationPlanning::Original(Box::new(other))),
        }
    }
}

fn plan(
    arguments: Vec<FunctionArg>,
    widest_arcsec: f64,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let (inputs, named) = split(arguments, context)?;
    let [first, second] = inputs;
    let options = Options::read(named, widest_arcsec, context)?;
    let (left, first) = side(first, "first", options, context)?;
    let (right, second) = side(second, "second", options, context)?;
    if options.epoch.is_some() && left.motion.is_none() && right.motion.is_none() {
        return plan_err!(
            "crossmatch to an epoch needs the columns pmra, pmdec and ref_epoch on one side at least"
        );
    }
    let within = Within { radius_deg: Number::new(options.radius_deg), inclusive: true, left_first: true };
    let terms = Terms {
        within,
        mode: options.mode,
        join_type: options.join_type,
        separation: true,
        epoch: options.epoch,
    };
    let id = second.iter().find(|column| column.name == SOURCE_ID).cloned().map(Expr::Column);
    let node = Crossmatch::new(left, right, terms, id, None)?;
    let plan = LogicalPlan::Extension(Extension { node: Arc::new(node) });
    LogicalPlanBuilder::from(plan).project(renamed(first, second))?.alias(NAME)?.build()
}

/// Arguments with a name, in lower case unless quoted.
type Named = Vec<(String, SqlExpr)>;

/// Two subqueries, and what has a name.
fn split(
    arguments: Vec<FunctionArg>,
    context: &dyn RelationPlannerContext,
) -> Result<([Box<Query>; 2], Named)> {
    let (mut inputs, mut named) = (Vec::new(), Vec::new());
    for argument in arguments {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(SqlExpr::Subquery(query))) => inputs.push(query),
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => {
                named.push((context.normalize_ident(name), value));
            }
            other => {
                return plan_err!(
                    "crossmatch cannot take {other}: write crossmatch(a, b, radius_arcsec => 1), where a and b are tables or subqueries in brackets"
                );
            }
        }
    }
    match <[Box<Query>; 2]>::try_from(inputs) {
        Ok(inputs) => Ok((inputs, named)),
        Err(inputs) => plan_err!("crossmatch has two inputs, not {}", inputs.len()),
    }
}

fn side(
    query: Box<Query>,
    name: &str,
    options: Options,
    context: &mut dyn RelationPlannerContext,
) -> Result<(Side, Vec<Column>)> {
    let relation = TableFactor::Derived { lateral: false, subquery: query, alias: None, sample: None };
    let plan = context.plan(relation)?;
    let [ra, dec] = position_names(&plan);
    let input = LogicalPlanBuilder::from(plan).alias(name)?.build()?;
    let schema = Arc::clone(input.schema());
    let needed = |column: &str| match number(&schema, column) {
        Some(expr) => expr,
        None => plan_err!(
            "the {name} input of crossmatch has no column {column} of numbers: select its position in degrees AS ra and AS dec"
        ),
    };
    let (ra, dec) = (needed(&ra)?, needed(&dec)?);
    let motion = ["pmra", "pmdec", "ref_epoch"].map(|column| number(&schema, column));
    let motion = match (options.epoch, motion) {
        (Some(_), [Some(pmra), Some(pmdec), Some(ref_epoch)]) => Some([pmra?, pmdec?, ref_epoch?]),
        _ => None,
    };
    Ok((Side { input, ra, dec, motion }, schema.columns()))
}

/// A column as a number, if it is one.
fn number(schema: &DFSchema, name: &str) -> Option<Result<Expr>> {
    let found = schema.columns().into_iter().find(|column| column.name == name)?;
    let field = schema.qualified_field_from_column(&found).ok()?.1;
    let numeric = field.data_type().is_numeric();
    numeric.then(|| Expr::Column(found).cast_to(&DataType::Float64, schema))
}

/// `ra` and `dec`, unless the input is a table that calls them otherwise.
fn position_names(plan: &LogicalPlan) -> [String; 2] {
    let mut names = ["ra", "dec"].map(str::to_owned);
    if names.iter().all(|name| plan.schema().has_column_with_unqualified_name(name)) {
        return names;
    }
    let visited = plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(table) = source_as_provider(&scan.source)
            && let Some(table) = table.downcast_ref::<HatsTable>()
        {
            names = [table.keys.ra.clone(), table.keys.dec.clone()];
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(visited.is_ok());
    names
}

/// All columns under names of their own.
fn renamed(first: Vec<Column>, second: Vec<Column>) -> Vec<Expr> {
    let mut taken: HashSet<String> = HashSet::from([SEPARATION.to_owned()]);
    let columns = first.into_iter().chain(second).map(|column| {
        let mut name = column.name.clone();
        while !taken.insert(name.clone()) {
            name.push_str("_2");
        }
        if name == column.name { Expr::Column(column) } else { Expr::Column(column).alias(name) }
    });
    let columns: Vec<Expr> = columns.collect();
    columns.into_iter().chain([Expr::Column(Column::from_name(SEPARATION))]).collect()
}
