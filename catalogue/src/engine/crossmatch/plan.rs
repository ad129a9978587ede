//! From the logical node to the operator: which side is taken in chunks, and which side is a table that can be
//! read by place.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, JoinType, Result, internal_datafusion_err};
use datafusion::execution::SessionState;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::builder::build_join_schema;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::cells::Test;
use super::exec::{CrossmatchExec, Match};
use super::input::Input;
use super::keyed::KeyedScan;
use super::motion::Motion;
use super::node::{Crossmatch, Side};
use super::positions::Place;
use super::shape::{Condition, Output, Shape};
use super::terms::Mode;
use super::trace;

/// The engine's planner, and crossmatches.
#[derive(Debug)]
pub(super) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Self)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[async_trait]
impl ExtensionPlanner for Planner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(node), [left, right]) = (node.as_any().downcast_ref::<Crossmatch>(), inputs) else {
            return Ok(None);
        };
        let planning = Planning { node, planner, session, context };
        let left = planning.input(&node.left, left).await?;
        let right = planning.input(&node.right, right).await?;
        let task = planning.task(left, right)?;
        let threads = session.config().target_partitions();
        Ok(Some(Arc::new(CrossmatchExec::new(task, threads))))
    }
}

struct Planning<'a> {
    node: &'a Crossmatch,
    planner: &'a dyn PhysicalPlanner,
    session: &'a dyn Session,
    context: &'a PhysicalPlanningContext,
}

impl Planning<'_> {
    fn expr(&self, expr: &Expr, schema: &DFSchema) -> Result<Arc<dyn PhysicalExpr>> {
        self.planner.create_physical_expr(expr, schema, self.session, self.context)
    }

    async fn input(&self, side: &Side, planned: &Arc<dyn ExecutionPlan>) -> Result<Input> {
        let schema = side.input.schema();
        let (ra, dec) = (self.expr(&side.ra, schema)?, self.expr(&side.dec, schema)?);
        let motion = match (&side.motion, self.node.terms.epoch) {
            (Some([pmra, pmdec, ref_epoch]), Some(epoch)) => Some(Motion {
                pmra: self.expr(pmra, schema)?,
                pmdec: self.expr(pmdec, schema)?,
                ref_epoch: self.expr(ref_epoch, schema)?,
                epoch: epoch.get(),
            }),
            _ => None,
        };
        let margin_deg = motion.as_ref().map_or(0.0, |motion| Motion::margin_deg(motion.epoch));
        let place = Place { ra, dec, motion };
        match self.by_place(side).await? {
            Some((plan, rounding_deg)) => Ok(Input { plan, place, margin_deg: margin_deg + rounding_deg }),
            None => Ok(Input { plan: Arc::clone(planned), place, margin_deg: 0.0 }),
        }
    }

    /// The plan of a side that is a table read by place, and how coarse its positions are; `None` for others.
    async fn by_place(&self, side: &Side) -> Result<Option<(Arc<dyn ExecutionPlan>, f64)>> {
        let session = self.session.as_any().downcast_ref::<SessionState>();
        let session = session.ok_or_else(|| internal_datafusion_err!("a session of another engine"))?;
        let mut session = session.clone();
        // Threads work on different parts of the sky, so each part needs one only.
        *session.config_mut() = session.config().clone().with_target_partitions(1);
        let session = Arc::new(session);
        let Some(found) = trace::table(side, &session) else { return Ok(None) };
        let plan = self.planner.create_physical_plan(&found.plan, session.as_ref()).await?;
        Ok(KeyedScan::of(&plan).is_some().then_some((plan, found.rounding_deg)))
    }

    fn task(&self, left: Input, right: Input) -> Result<Match> {
        let node = self.node;
        let (output, chunk_is_left) = self.output(&left, &right);
        let (chunked, other) = if chunk_is_left { (left, right) } else { (right, left) };
        let id = node.id.as_ref().map(|id| self.expr(id, node.right.input.schema())).transpose()?;
        let shape = Shape {
            schema: Arc::clone(node.schema.inner()),
            output,
            chunk_is_left,
            separation: node.terms.separation,
            condition: self.condition()?,
            other_schema: other.plan.schema(),
        };
        Ok(Match {
            chunked,
            other,
            test: Test { within: node.terms.within, chunk_is_left },
            mode: node.terms.mode,
            id,
            shape,
        })
    }

    /// A side of which every row counts is taken in chunks; otherwise the one with fewer rows.
    fn output(&self, left: &Input, right: &Input) -> (Output, bool) {
        let pairs = |unmatched| Output::Pairs { unmatched };
        match self.node.terms.join_type {
            JoinType::Left => (pairs(true), true),
            JoinType::Right => (pairs(true), false),
            JoinType::LeftSemi => (Output::Rows { matched: true }, true),
            JoinType::LeftAnti => (Output::Rows { matched: false }, true),
            JoinType::RightSemi => (Output::Rows { matched: true }, false),
            JoinType::RightAnti => (Output::Rows { matched: false }, false),
            _ => {
                let left_first = self.node.terms.mode == Mode::Nearest || rank(left) <= rank(right);
                (pairs(false), left_first)
            }
        }
    }

    fn condition(&self) -> Result<Option<Condition>> {
        let Some(condition) = &self.node.condition else { return Ok(None) };
        let (left, right) = (self.node.left.input.schema(), self.node.right.input.schema());
        let schema = build_join_schema(left, right, &JoinType::Inner)?;
        let expr = self.expr(condition, &schema)?;
        Ok(Some(Condition { expr, schema: Arc::clone(schema.inner()) }))
    }
}

/// How much it costs to read a side whole: collected rows are read anyway.
fn rank(input: &Input) -> u64 {
    KeyedScan::of(&input.plan).map_or(0, |table| table.rows())
}
