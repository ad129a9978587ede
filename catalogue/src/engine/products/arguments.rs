//! The arguments of a call: retrieval types, sources, and the release where there are several.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow_schema::{DataType, Field, Schema};
use datafusion::common::{Column, Result, ScalarValue, plan_err};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast as cast_to};

use super::{NAME, Releases, RetrievalType, SOURCES};
use crate::engine::narrow::SOURCE_ID;

/// What is asked for.
pub(super) struct Arguments {
    pub(super) types: Vec<RetrievalType>,
    pub(super) ids: Ids,
    pub(super) release: String,
}

/// The sources, each once.
pub(super) struct Ids {
    /// Rows of one column, `source_id`.
    pub(super) plan: LogicalPlan,
    /// The identifiers, where the call itself lists them.
    pub(super) listed: Option<Vec<i64>>,
}

impl Arguments {
    pub(super) fn new(args: &[Expr], releases: &Releases) -> Result<Self> {
        let (types, others) = match args.split_first() {
            Some((types, others)) => (text(types), others),
            None => (None, args),
        };
        let Some(types) = types else {
            return plan_err!(
                "{NAME}(types, ids): the first is a text such as 'EPOCH_PHOTOMETRY, XP_SAMPLED'"
            );
        };
        let (release, ids) = match others.split_last().map(|(last, ids)| (text(last), ids)) {
            Some((Some(release), ids)) => (release.to_owned(), ids),
            _ => (only_release(releases)?, others),
        };
        if !releases.contains_key(&release) {
            return plan_err!("{NAME}: no such schema {release}; SHOW TABLES lists them");
        }
        Ok(Self { types: RetrievalType::parse_list(types)?, ids: ids_of(ids)?, release })
    }
}

fn text(argument: &Expr) -> Option<&str> {
    match argument {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

/// The schema that has sources, if there is one only.
fn only_release(releases: &Releases) -> Result<String> {
    let mut names: Vec<&String> =
        releases.iter().filter(|(_, tables)| tables.contains_key(SOURCES)).map(|(name, _)| name).collect();
    names.sort();
    match names.as_slice() {
        [only] => Ok((*only).clone()),
        [] => plan_err!("{NAME}: no schema has a table {SOURCES}; name the schema as the last argument"),
        several => plan_err!("{NAME}: name one of the schemas {several:?} as the last argument"),
    }
}

fn ids_of(args: &[Expr]) -> Result<Ids> {
    if let [Expr::ScalarSubquery(query)] = args {
        return Ok(Ids { plan: distinct(query.subquery.as_ref().clone())?, listed: None });
    }
    let mut listed = Vec::new();
    for argument in args {
        match argument {
            Expr::Literal(value, _) => listed.extend(integers(value)?.iter().flatten()),
            _ => {
                return plan_err!(
                    "{NAME}: the sources are integers, a list of integers, or one query in brackets"
                );
            }
        }
    }
    if listed.is_empty() {
        return plan_err!("{NAME}(types, ids): which sources?");
    }
    listed.sort_unstable();
    listed.dedup();
    let schema = Arc::new(Schema::new(vec![Field::new(SOURCE_ID, DataType::Int64, false)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(listed.clone()))])?;
    let table = MemTable::try_new(schema, vec![vec![batch]])?;
    let plan = LogicalPlanBuilder::scan("asked", provider_as_source(Arc::new(table)), None)?.build()?;
    Ok(Ids { plan, listed: Some(listed) })
}

/// One identifier or a list of them. A number with a fraction or an exponent has lost its last digits.
fn integers(value: &ScalarValue) -> Result<Int64Array> {
    let array: ArrayRef = match value {
        ScalarValue::List(list) => Arc::clone(list.values()),
        ScalarValue::LargeList(list) => Arc::clone(list.values()),
        ScalarValue::FixedSizeList(list) => Arc::clone(list.values()),
        single => single.to_array()?,
    };
    let whole = array.data_type().is_integer() || array.data_type().is_null();
    if !whole {
        return plan_err!("{NAME}: {value} is no source_id: these are integers");
    }
    Ok(cast(&array, &DataType::Int64)?.as_primitive().clone())
}

fn distinct(ids: LogicalPlan) -> Result<LogicalPlan> {
    let [field] = ids.schema().fields().as_ref() else {
        return plan_err!("{NAME}: the query of sources must have one column");
    };
    if !field.data_type().is_integer() {
        return plan_err!("{NAME}: {} is no column of source_id: these are integers", field.name());
    }
    let column = Expr::from(Column::from(ids.schema().qualified_field(0)));
    LogicalPlanBuilder::from(ids)
        .project([cast_to(column, DataType::Int64).alias(SOURCE_ID)])?
        .filter(Expr::from(Column::from_name(SOURCE_ID)).is_not_null())?
        .distinct()?
        .build()
}
