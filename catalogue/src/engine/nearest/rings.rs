//! A sorted plan that is run in wider and wider cones until the rows it gives are certainly the nearest.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, collect, execute_stream,
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::engine::keys::KeyRanges;
use crate::engine::narrow::Narrowing;
use crate::engine::table::{HatsTable, Scan};
use crate::healpix;

/// Square degrees of the sphere.
const SPHERE_SQUARE_DEG: f64 = 41_252.961;

/// The first cone would hold so many times the wanted rows if they were spread evenly over the sky.
const FIRST_SHARE: f64 = 4.0;

/// A next cone is this many times wider; much wider when there was nothing yet.
const WIDER: f64 = 2.0;
const MUCH_WIDER: f64 = 8.0;

/// A cone as wide as this is the whole sky.
const WHOLE_SKY_DEG: f64 = 60.0;

/// Ranges that the cover of a ring may have.
const COVER_RANGES: usize = 64;

/// A position in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Centre {
    ra_deg: f64,
    dec_deg: f64,
}

impl Centre {
    /// The position, if it is one on the sphere.
    pub(super) fn new(ra_deg: f64, dec_deg: f64) -> Option<Self> {
        (ra_deg.is_finite() && dec_deg.abs() <= 90.0).then_some(Self { ra_deg, dec_deg })
    }
}

/// The rows of a sorted plan that are nearest to a place.
#[derive(Clone, Debug)]
pub(super) struct Rings {
    sorted: Arc<dyn ExecutionPlan>,
    /// The distance in degrees, from the columns of `sorted`.
    distance: Arc<dyn PhysicalExpr>,
    table: Arc<str>,
    centre: Centre,
    rows: usize,
    first_radius_deg: f64,
}

impl Rings {
    /// A search for the first `rows` rows of `sorted`, which sorts rows of `table` by `distance` from `centre`.
    pub(super) fn new(
        sorted: Arc<dyn ExecutionPlan>,
        distance: Arc<dyn PhysicalExpr>,
        table: &HatsTable,
        centre: Centre,
        rows: usize,
    ) -> Self {
        let square_deg = FIRST_SHARE * rows as f64 / table.rows().max(1) as f64 * SPHERE_SQUARE_DEG;
        let first_radius_deg = (square_deg / std::f64::consts::PI).sqrt();
        Self { sorted, distance, table: Arc::clone(&table.name), centre, rows, first_radius_deg }
    }

    /// The nearest rows.
    async fn search(self, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut radius_deg = self.first_radius_deg;
        while radius_deg < WHOLE_SKY_DEG {
            let found = collect(self.within(radius_deg)?, Arc::clone(&context)).await?;
            let rows: usize = found.iter().map(RecordBatch::num_rows).sum();
            if rows >= self.rows && self.last_distance_deg(&found)?.is_some_and(|last| last < radius_deg) {
                let batches = stream::iter(found.into_iter().map(Ok));
                return Ok(Box::pin(RecordBatchStreamAdapter::new(self.sorted.schema(), batches)));
            }
            radius_deg *= if rows == 0 { MUCH_WIDER } else { WIDER };
        }
        execute_stream(self.sorted, context)
    }

    /// The same plan for the part of the sky around the centre.
    fn within(&self, radius_deg: f64) -> Result<Arc<dyn ExecutionPlan>> {
        let Centre { ra_deg, dec_deg } = self.centre;
        let cover = healpix::cone_ranges(ra_deg, dec_deg, radius_deg, COVER_RANGES);
        let narrowing = Narrowing { healpix: Some(KeyRanges::new(cover)), ..Narrowing::default() };
        let narrowed = |node: Arc<dyn ExecutionPlan>| {
            let source = node.downcast_ref::<DataSourceExec>();
            match source.and_then(|source| source.data_source().downcast_ref::<Scan>()) {
                Some(scan) => {
                    let scan = scan.narrowed(&narrowing)?;
                    Ok(Transformed::yes(DataSourceExec::from_data_source(scan) as Arc<dyn ExecutionPlan>))
                }
                None => Ok(Transformed::yes(node.reset_state()?)),
            }
        };
        Arc::clone(&self.sorted).transform_up(narrowed).data()
    }

    fn last_distance_deg(&self, sorted: &[RecordBatch]) -> Result<Option<f64>> {
        let Some(last) = sorted.iter().rfind(|batch| batch.num_rows() > 0) else { return Ok(None) };
        let distance = self.distance.evaluate(&last.slice(last.num_rows() - 1, 1))?.into_array(1)?;
        let distance = distance.as_primitive_opt::<Float64Type>();
        Ok(distance.filter(|distance| distance.is_valid(0)).map(|distance| distance.value(0)))
    }
}

impl DisplayAs for Rings {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, centre: Centre { ra_deg, dec_deg }, rows, first_radius_deg, .. } = self;
        write!(
            f,
            "Rings: table={table}, centre=({ra_deg}, {dec_deg}), rows={rows}, first_radius_deg={first_radius_deg:.6}"
        )
    }
}

impl ExecutionPlan for Rings {
    fn name(&self) -> &'static str {
        "Rings"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.sorted.properties()
    }

    /// None that other rules may change: the plan inside is run several times.
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

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("the nearest rows are one partition");
        }
        let rows = stream::once(self.clone().search(context)).try_flatten().boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
