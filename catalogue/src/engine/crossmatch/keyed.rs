//! Tables whose rows are read by their place on the sky while the match runs. The plan of such an input is made
//! once, with a leaf that stands for the scan; each part of the sky puts a scan of its own there.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use crate::engine::keys::KeyRanges;
use crate::engine::table::{HatsTable, Within};

/// A table while the plan of a match is made.
#[derive(Debug)]
pub(super) struct KeyedTable {
    /// The table, which is a [`HatsTable`].
    pub(super) table: Arc<dyn TableProvider>,
    /// Where its scans will be planned.
    pub(super) session: Arc<SessionState>,
}

#[async_trait]
impl TableProvider for KeyedTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        self.table.statistics()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.table.schema().project(columns)?),
            None => self.table.schema(),
        };
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Ok(Arc::new(KeyedScan {
            table: Arc::clone(&self.table),
            session: Arc::clone(&self.session),
            projection: projection.cloned(),
            filters: filters.to_vec(),
            properties: Arc::new(properties),
        }))
    }
}

/// Stands for the scans of a table.
#[derive(Clone, Debug)]
pub(super) struct KeyedScan {
    table: Arc<dyn TableProvider>,
    session: Arc<SessionState>,
    projection: Option<Vec<usize>>,
    filters: Vec<Expr>,
    properties: Arc<PlanProperties>,
}

impl KeyedScan {
    /// The leaf of a plan, if it is one of these.
    pub(super) fn of(plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        match plan.children().as_slice() {
            [] => plan.downcast_ref::<Self>().cloned(),
            [child] => Self::of(child),
            _ => None,
        }
    }

    /// The same for who goes through all parts, each once.
    pub(super) fn in_passing(&self) -> Result<Self> {
        Ok(Self { table: Arc::new(self.hats()?.in_passing()), ..self.clone() })
    }

    /// `plan` with a scan of a part of the sky in the place of its leaf.
    pub(super) fn part(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        within: Within,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = self.hats()?;
        let scan = table.scan_within(&*self.session, self.projection.as_ref(), &self.filters, within)?;
        Arc::clone(plan)
            .transform_up(|node| {
                // One thread works on a part, however many the whole match has.
                if let Some(split) = node.downcast_ref::<RepartitionExec>() {
                    return Ok(Transformed::yes(Arc::clone(split.input())));
                }
                Ok(match node.is::<Self>() {
                    true => Transformed::yes(Arc::clone(&scan)),
                    false => Transformed::no(node),
                })
            })
            .data()
    }

    /// The sky in ranges of about as many rows.
    pub(super) fn spans(&self, rows: u64) -> Result<Vec<RangeInclusive<i64>>> {
        let allowed: Option<KeyRanges> = self.hats()?.allowed(&self.filters);
        let mut spans = self.hats()?.spans(rows);
        spans.retain(|span| allowed.as_ref().is_none_or(|keys| keys.touches(*span.start(), *span.end())));
        Ok(spans)
    }

    /// Rows of the tiles that its filters leave.
    pub(super) fn rows(&self) -> u64 {
        self.hats().map_or(0, |table| table.rows_within(table.allowed(&self.filters).as_ref()))
    }

    fn hats(&self) -> Result<&HatsTable> {
        match self.table.downcast_ref::<HatsTable>() {
            Some(table) => Ok(table),
            None => internal_err!("only HATS tables are read by place"),
        }
    }
}

impl DisplayAs for KeyedScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self
            .properties
            .eq_properties
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        write!(f, "NearbyRows: columns=[{}]", names.join(", "))
    }
}

impl ExecutionPlan for KeyedScan {
    fn name(&self) -> &'static str {
        "NearbyRows"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("a part of the sky is scanned, never this")
    }
}
