//! A planned query and its rows. The rows end with an error when time or memory run out, never quietly.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep_until};

use super::Shelf;
use super::error::QueryError;
use super::limits::Limits;
use super::share::{Share, Turn};
use super::stop::Stop;
use super::workers::{died, panicked};
use super::{damage, diagnose, estimate, watch};

/// Rows of a batch, at most, in a query that gathers rows into fewer. They are sent to nobody, so they may as well stay
/// in the caches of the processor.
const GATHERED_ROWS: usize = 8_192;

/// Bytes that a text is taken to have.
const TEXT_BYTES: usize = 32;

/// Bytes that a list or struct is taken to have: a light curve.
const NESTED_BYTES: usize = 2_048;

/// A query that makes sense, ready to run once.
pub struct Query {
    pub(super) session: SessionState,
    pub(super) plan: LogicalPlan,
    pub(super) shelf: Arc<Shelf>,
    pub(super) share: Arc<Share>,
    pub(super) epoch: u64,
}

impl Query {
    /// The epoch of users' tables when it was planned. In another one the query may mean something else.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The columns of the answer, with units and descriptions as far as they are columns of tables.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    /// The tables that it reads, as `schema.table`, each once and in the order of their names.
    pub fn tables(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        // The closure never fails, and so neither does the visit.
        let _ = self.plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(TableScan { table_name, .. }) = node {
                names.insert(super::name_of(table_name));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        names.into_iter().collect()
    }

    /// About the bytes that it will read of tables; nothing where they are known only while it runs, or do not say how
    /// much there is to do.
    pub async fn bytes_to_read(&self) -> Result<Option<u64>, QueryError> {
        let plan = self.session.query_planner().create_physical_plan(&self.plan, &self.session).await;
        let plan = plan.map_err(|error| diagnose::running(error, &self.shelf.limits))?;
        Ok(estimate::bytes(&plan))
    }

    /// Waits for the query's turn and starts it; its time starts then. Dropping the rows stops it.
    pub async fn execute(self) -> Result<Rows, QueryError> {
        let Self { session, plan, shelf, share, epoch: _ } = self;
        let turn = share.turn().await?;
        let stop = Stop::after(shelf.limits.query_seconds);
        let schema = Arc::clone(plan.schema().inner());
        let (batches, received) = mpsc::channel(shelf.limits.batches_waiting.max(1));
        let (of_query, own) = (Arc::clone(&schema), Arc::clone(&share));
        let run = Run { session, plan, shelf, share: own, stop: stop.clone(), schema: of_query };
        let worker = share.workers.spawn(run.to(batches));
        let deadline = Box::pin(sleep_until(stop.deadline));
        Ok(Rows { schema, received, worker: Some(worker), deadline, stop, _turn: turn, _share: share })
    }
}

/// A query on the workers' side.
struct Run {
    session: SessionState,
    plan: LogicalPlan,
    shelf: Arc<Shelf>,
    share: Arc<Share>,
    stop: Stop,
    schema: SchemaRef,
}

impl Run {
    /// Sends every batch, and an error in place of the first that is missing.
    async fn to(mut self, batches: mpsc::Sender<Result<RecordBatch, QueryError>>) {
        let (plan, mut stream) = match self.start().await {
            Ok(started) => started,
            Err(error) => {
                // A receiver that is gone wants no error either.
                let _ = batches.send(Err(diagnose::running(error, &self.shelf.limits))).await;
                return;
            }
        };
        while let Some(batch) = AssertUnwindSafe(stream.next()).catch_unwind().await.transpose() {
            let batch = match batch {
                Ok(batch) => self.checked(batch),
                Err(panic) => Err(panicked(panic)),
            };
            let batch = match batch {
                Err(error) => Err(damage::explain(error, &plan).await),
                batch => batch,
            };
            let failed = batch.is_err();
            if batches.send(batch).await.is_err() || failed {
                return;
            }
        }
    }

    async fn start(
        &mut self,
    ) -> Result<(Arc<dyn ExecutionPlan>, SendableRecordBatchStream), DataFusionError> {
        let rows = batch_rows(widest_row(&self.plan, &self.schema), &self.shelf.limits);
        let rows = if gathers(&self.plan) { rows.min(GATHERED_ROWS) } else { rows };
        let session = &mut self.session;
        *session.config_mut() = session.config().clone().with_batch_size(rows);
        session.config_mut().options_mut().extensions.insert(self.stop.clone());
        session.execution_props_mut().config_options = Some(Arc::clone(session.config_options()));
        let plan = session.query_planner().create_physical_plan(&self.plan, session).await?;
        let plan = watch::joins(plan, &self.stop)?;
        let task = self.shelf.sandbox.task(session, &self.share, &self.stop)?;
        let stream = execute_stream(Arc::clone(&plan), task)?;
        Ok((plan, stream))
    }

    /// Batches of an engine may lack the metadata of columns; ours have exactly the announced schema.
    fn checked(&self, batch: Result<RecordBatch, DataFusionError>) -> Result<RecordBatch, QueryError> {
        let batch = batch.map_err(|error| diagnose::running(error, &self.shelf.limits))?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Arc::clone(&self.schema);
        let batch = RecordBatch::try_new_with_options(schema, batch.columns().to_vec(), &options);
        batch.map_err(|error| diagnose::running(error.into(), &self.shelf.limits))
    }
}

/// Bytes of the widest rows on the way to the answer: a single number may come of a whole light curve.
fn widest_row(plan: &LogicalPlan, answer: &SchemaRef) -> usize {
    let mut widest = row_bytes(answer);
    // The closure never fails, and so neither does the visit.
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            widest = widest.max(row_bytes(scan.projected_schema.inner()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    widest
}

/// Whether the query has groups, or one answer for all rows.
fn gathers(plan: &LogicalPlan) -> bool {
    plan.exists(|node| Ok(matches!(node, LogicalPlan::Aggregate(_)))).unwrap_or(false)
}

fn row_bytes(schema: &SchemaRef) -> usize {
    schema.fields().iter().map(|field| width(field.data_type())).sum()
}

/// Rows so that a batch has about the bytes it may have.
fn batch_rows(row_bytes: usize, limits: &Limits) -> usize {
    (limits.batch_bytes / row_bytes.max(1)).clamp(64, limits.batch_rows)
}

fn width(data_type: &DataType) -> usize {
    match data_type {
        DataType::Boolean | DataType::Null => 1,
        nested if nested.is_nested() => NESTED_BYTES,
        other => other.primitive_width().unwrap_or(TEXT_BYTES),
    }
}

/// The answer, batch after batch. After an error there is nothing more.
pub struct Rows {
    schema: SchemaRef,
    received: mpsc::Receiver<Result<RecordBatch, QueryError>>,
    /// `None` once it is over.
    worker: Option<JoinHandle<()>>,
    deadline: Pin<Box<Sleep>>,
    stop: Stop,
    /// The next query starts when these rows are gone.
    _turn: Turn,
    /// Keeps the threads while there are rows.
    _share: Arc<Share>,
}

impl Rows {
    /// The columns of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn advance(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RecordBatch, QueryError>>> {
        let Some(worker) = &mut self.worker else { return Poll::Ready(None) };
        if self.deadline.poll_unpin(context).is_ready() {
            return Poll::Ready(Some(Err(self.stop.late())));
        }
        match ready!(self.received.poll_recv(context)) {
            Some(batch) => Poll::Ready(Some(batch)),
            // Whether all rows came is known only from how the worker ended.
            None => match ready!(worker.poll_unpin(context)) {
                Ok(()) => Poll::Ready(None),
                Err(error) => Poll::Ready(Some(Err(died(error)))),
            },
        }
    }

    fn end(&mut self) {
        self.stop.cancel();
        if let Some(worker) = self.worker.take() {
            worker.abort();
        }
    }
}

impl Stream for Rows {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.advance(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.end();
        }
        next
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.end();
    }
}
