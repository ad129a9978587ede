//! Joins of two tables on `source_id`, a part of the identifiers after the other. A source's identifier begins with a
//! pixel of the sky, so rows of one source are in about the same part of every table: a join of the catalogue with
//! light curves holds those of one part at a time, and never all of a table. A row without a pair is in one part, too.
//!
//! Only how much is held at once depends on where rows are. A join of other tables, or of small ones, is the engine's.

mod exec;

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, NullEquality, Result};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;

use super::below::scan_below;
use super::limits::Limits;
use super::narrow::SOURCE_ID;
use super::table::Scan;
pub(crate) use exec::LocalJoinExec;

/// Rows of parts may share pages with others, which are read again: up to so many times the rows of the tables in all.
const READ_AGAIN: f64 = 1.5;

/// A range of identifiers, both ends included.
type Ids = RangeInclusive<i64>;

/// Replaces large joins on `source_id`.
#[derive(Debug)]
pub(crate) struct LocalJoins {
    part_bytes: u64,
}

impl LocalJoins {
    /// The rule with the size of parts that `limits` has.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { part_bytes: limits.join_part_bytes }
    }

    /// Among the engine's rules, before the one that distributes the rows of joins among threads.
    pub(crate) fn take_place(self, rules: &mut Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>) {
        let place = rules.iter().position(|rule| rule.name() == "EnsureRequirements");
        rules.insert(place.unwrap_or(rules.len()), Arc::new(self));
    }

    fn local(&self, node: &Arc<dyn ExecutionPlan>, threads: usize) -> Option<Result<LocalJoinExec>> {
        let join = node.downcast_ref::<HashJoinExec>()?;
        let alone = alone(join)?;
        if join.fetch().is_some() || join.null_equality() != NullEquality::NullEqualsNothing {
            return None;
        }
        join.on().iter().find_map(|(left_id, right_id)| {
            let sides = [(join.left(), left_id), (join.right(), right_id)];
            // Rows without an identifier have no pair, and are in no part.
            if sides.iter().zip(alone).any(|((side, id), alone)| alone && may_be_missing(side, id)) {
                return None;
            }
            let [left, right] = sides.map(|(side, id)| scan_by_id(side, id));
            let parts = parts([left?, right?], alone, self.part_bytes)?;
            Some(LocalJoinExec::new(join, [left_id, right_id].map(Arc::clone), parts, threads))
        })
    }
}

impl PhysicalOptimizerRule for LocalJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let threads = config.execution.target_partitions;
        plan.transform_up(|node| match self.local(&node, threads).transpose()? {
            Some(join) => Ok(Transformed::yes(Arc::new(join) as _)),
            None => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "local_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Of which side, the left one first, rows without a pair come out. `None` where one row decides about others.
fn alone(join: &HashJoinExec) -> Option<[bool; 2]> {
    match join.join_type() {
        JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => Some([false, false]),
        JoinType::Left | JoinType::LeftAnti if !join.null_aware => Some([true, false]),
        JoinType::Right | JoinType::RightAnti => Some([false, true]),
        JoinType::Full => Some([true, true]),
        JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark | JoinType::RightMark => None,
    }
}

fn may_be_missing(side: &Arc<dyn ExecutionPlan>, id: &Arc<dyn PhysicalExpr>) -> bool {
    id.nullable(&side.schema()).unwrap_or(true)
}

/// The scan below one side of a join, if `id` is the identifier of its table. A side with a limit is only right as a
/// whole.
fn scan_by_id<'a>(side: &'a Arc<dyn ExecutionPlan>, id: &Arc<dyn PhysicalExpr>) -> Option<&'a Scan> {
    let (scan, id) = scan_below(side, Arc::clone(id))?;
    let column = id.downcast_ref::<Column>().filter(|column| column.name() == SOURCE_ID)?;
    let field = scan.table().schema.field_with_name(column.name()).ok()?;
    (*field.data_type() == DataType::Int64 && !has_limit(side)).then_some(scan)
}

fn has_limit(side: &Arc<dyn ExecutionPlan>) -> bool {
    side.fetch().is_some() || side.children().into_iter().any(has_limit)
}

/// All identifiers, in parts of about `bytes` of the left table, of which each may have pairs, or rows that come out
/// `alone`. `None` when there would be one, or when identifiers do not follow the sky.
fn parts([left, right]: [&Scan; 2], alone: [bool; 2], bytes: u64) -> Option<Vec<Ids>> {
    if left.bytes()? <= bytes {
        return None;
    }
    let rows = (left.rows() as u128 * u128::from(bytes) / u128::from(left.bytes()?)).max(1);
    let spans = left.table().spans(u64::try_from(rows).ok()?);
    // An identifier is a pixel of order 12 and 35 bits; a number of order 29 is one and 34 bits.
    let starts: Vec<i64> = spans.iter().skip(1).map(|span| span.start() << 1).collect();
    let from = std::iter::once(i64::MIN).chain(starts.iter().copied());
    let to = starts.iter().map(|start| start - 1).chain(std::iter::once(i64::MAX));
    let mut read = [0, 0];
    let mut parts: Vec<Ids> = Vec::new();
    for part in from.zip(to).map(|(from, to)| from..=to) {
        let rows = [left, right].map(|scan| scan.rows_of_ids(&part));
        read = [read[0] + rows[0], read[1] + rows[1]];
        let has = rows.map(|rows| rows > 0);
        if has == [true, true] || (has[0] && alone[0]) || (has[1] && alone[1]) {
            parts.push(part);
        }
    }
    let again = |read: usize, scan: &Scan| read as f64 > READ_AGAIN * scan.rows() as f64;
    (parts.len() > 1 && !again(read[0], left) && !again(read[1], right)).then_some(parts)
}
