//! The work of one thread of a match.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow_schema::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use futures::StreamExt;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::Sender;

use super::cells::Cells;
use super::cover;
use super::exec::Match;
use super::grid::{Grid, SLACK_DEG};
use super::input::Opened;
use super::matches::{Matches, Nearest};
use super::shape::Output;
use super::terms::Mode;

/// With more chunks than this, to read the footers of files again is a small part of the work, and to keep them is most
/// of the memory.
const MANY_CHUNKS: usize = 64;

/// What the threads of a match share.
#[derive(Debug)]
pub(super) struct Started {
    chunked: Opened,
    other: Opened,
    /// The next chunk to be taken.
    next: AtomicUsize,
    /// Of collected rows.
    _memory: MemoryReservation,
}

impl Started {
    async fn new(task: &Match, threads: usize, context: &Arc<TaskContext>) -> Result<Self> {
        let memory = MemoryConsumer::new("crossmatch rows").register(context.memory_pool());
        let mut chunked = task.chunked.open(context, threads, &memory).await?.in_chunks()?;
        let mut other = task.other.open(context, threads, &memory).await?;
        let all_rows_count =
            matches!(task.shape.output, Output::Pairs { unmatched: true } | Output::Rows { matched: false });
        let reach_deg = task.test.within.radius_deg.get() + SLACK_DEG + task.chunked.margin_deg;
        if let (false, Some(cover)) = (all_rows_count, other.cover(reach_deg)) {
            chunked.keep_near(&cover);
        }
        if chunked.chunks() > MANY_CHUNKS {
            (chunked, other) = (chunked.in_passing()?, other.in_passing()?);
        }
        Ok(Self { chunked, other, next: AtomicUsize::new(0), _memory: memory })
    }
}

/// One thread.
pub(super) struct Run {
    pub(super) task: Arc<Match>,
    pub(super) started: Arc<OnceCell<Started>>,
    pub(super) threads: usize,
    pub(super) answers: Sender<Result<RecordBatch>>,
}

impl Run {
    /// Takes chunks until there are none, or nobody wants answers.
    pub(super) async fn all(self, partition: usize, context: Arc<TaskContext>) -> Result<()> {
        let start = || Started::new(&self.task, self.threads, &context);
        let started = self.started.get_or_try_init(start).await?;
        let schema = Arc::clone(&self.task.shape.schema);
        let mut answers = Answers::new(schema, context.session_config().batch_size(), self.answers.clone());
        let memory = MemoryConsumer::new(format!("crossmatch chunk {partition}"));
        let memory = memory.register(context.memory_pool());
        while !answers.sender.is_closed() {
            let number = started.next.fetch_add(1, Ordering::Relaxed);
            if number >= started.chunked.chunks() {
                break;
            }
            let chunk = started.chunked.chunk(number).await?;
            self.chunk(&chunk, &started.other, &memory, &mut answers).await?;
        }
        answers.finish().await
    }

    async fn chunk(
        &self,
        chunk: &RecordBatch,
        other: &Opened,
        memory: &MemoryReservation,
        answers: &mut Answers,
    ) -> Result<()> {
        let Match { chunked, other: input, test, mode, id, shape } = self.task.as_ref();
        let positions = chunked.place.of(chunk)?;
        let keys = cover::keys(&positions);
        let grid = Grid::new(test.within.radius_deg.get(), positions.extent(&keys));
        let reach_deg = grid.reach_deg + input.margin_deg;
        let cells = Cells::new(grid, *test, &positions);
        let held = chunk.get_array_memory_size() + cells.bytes();
        memory.try_resize(held)?;
        let cover = cover::around(keys, reach_deg);
        let nearest =
            (*mode == Mode::Nearest).then(|| Nearest::new(chunk.num_rows(), input.plan.schema(), id.clone()));
        let mut matches = Matches::new(shape, chunk, nearest);
        let mut pairs = Vec::new();
        let mut near = other.near(cover)?;
        while let Some(batch) = near.next().await {
            let batch = batch?;
            let positions = input.place.of(&batch)?;
            let mut row = 0;
            while row < positions.len() {
                pairs.clear();
                row = cells.pairs(&positions, row, answers.batch_rows, &mut pairs);
                answers.add(matches.add(&batch, &mut pairs)?).await?;
                // Nothing else here waits, so that others would get no turn.
                tokio::task::yield_now().await;
            }
            memory.try_resize(held + matches.bytes())?;
        }
        for batch in matches.finish()? {
            answers.add(Some(batch)).await?;
        }
        Ok(())
    }
}

/// Rows on their way out, in batches of the usual size.
struct Answers {
    batch_rows: usize,
    rows: BatchCoalescer,
    sender: Sender<Result<RecordBatch>>,
}

impl Answers {
    fn new(schema: SchemaRef, batch_rows: usize, sender: Sender<Result<RecordBatch>>) -> Self {
        Self { batch_rows, rows: BatchCoalescer::new(schema, batch_rows), sender }
    }

    async fn add(&mut self, batch: Option<RecordBatch>) -> Result<()> {
        if let Some(batch) = batch {
            self.rows.push_batch(batch)?;
        }
        self.send().await
    }

    async fn finish(mut self) -> Result<()> {
        self.rows.finish_buffered_batch()?;
        self.send().await
    }

    /// A receiver that is gone wants no more, which the caller looks at before the next chunk.
    async fn send(&mut self) -> Result<()> {
        while let Some(batch) = self.rows.next_completed_batch() {
            let _ = self.sender.send(Ok(batch)).await;
        }
        Ok(())
    }
}
