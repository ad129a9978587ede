//! A table on its way in: rows become a Parquet file under a name that nobody reads, until it is whole.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use tokio::sync::OwnedSemaphorePermit;

use crate::columns;
use crate::disk::{Disk, NewFile};
use crate::error::SpaceError;
use crate::name::schema_of;
use crate::registry::Candidate;
use crate::space::UserSpace;

/// Rows of a row group, at most: enough to leave out much by its statistics.
const GROUP_ROWS: usize = 131_072;

/// What becomes of a table that has the name already, and of rows where none has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A new table; a mistake if there is one.
    Create,
    /// A new table, unless there is one, which then stays as it is.
    Keep,
    /// A new table in place of any there is.
    Replace,
    /// More rows for the table; a mistake if there is none.
    Append,
    /// More rows for the table, or a new one.
    CreateOrAppend,
}

/// What was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Rows of this upload.
    pub rows: u64,
}

/// A table being written. Dropping it leaves everything as it was.
pub struct Upload {
    space: UserSpace,
    candidate: Candidate,
    /// Bytes that the file may have.
    most_bytes: u64,
    writer: ArrowWriter<Box<dyn NewFile>>,
    staged: Staged,
    _turn: OwnedSemaphorePermit,
}

/// A file that is removed unless it becomes part of a table.
struct Staged {
    disk: Arc<dyn Disk>,
    path: Option<PathBuf>,
}

impl Upload {
    /// Begins to write the file of a table that [`UserSpace::upload`] has checked. Blocks.
    pub(crate) fn begin(
        space: UserSpace,
        candidate: Candidate,
        most_bytes: u64,
        turn: OwnedSemaphorePermit,
    ) -> Result<Self, SpaceError> {
        let path = space.staging_path(&candidate.file);
        let disk = space.disk();
        let file = disk.create(&path).map_err(SpaceError::Disk)?;
        let staged = Staged { disk, path: Some(path) };
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let schema = Arc::clone(&candidate.columns);
        let writer = ArrowWriter::try_new(file, schema, Some(properties)).map_err(told)?;
        Ok(Self { space, candidate, most_bytes, writer, staged, _turn: turn })
    }

    /// The columns that rows must have; any value may be missing.
    pub fn columns(&self) -> SchemaRef {
        Arc::clone(&self.candidate.columns)
    }

    /// Writes more rows. Blocks.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SpaceError> {
        if let Some(difference) = columns::difference(&self.candidate.columns, batch.schema_ref()) {
            let table = format!("{}.{}", schema_of(&self.candidate.owner), self.candidate.name);
            return Err(SpaceError::Differs { table, difference });
        }
        let columns = batch.columns().to_vec();
        let batch =
            RecordBatch::try_new(self.columns(), columns).map_err(ParquetError::from).map_err(told)?;
        self.writer.write(&batch).map_err(told)?;
        self.candidate.rows += batch.num_rows() as u64;
        if self.writer.memory_size() > self.space.limits().write_buffer_bytes {
            self.writer.flush().map_err(told)?;
        }
        let bytes = self.writer.bytes_written().saturating_add(self.writer.in_progress_size());
        match bytes as u64 > self.most_bytes {
            true => Err(SpaceError::Full { limit_bytes: self.space.limits().user_bytes }),
            false => Ok(()),
        }
    }

    /// Writes more rows on a thread that may block: compressing them keeps one busy that others wait for.
    pub async fn write_apart(mut self, batch: RecordBatch) -> Result<Self, SpaceError> {
        let written = tokio::task::spawn_blocking(move || self.write(&batch).map(|()| self));
        written.await.map_err(died)?
    }

    /// Makes the table visible. Once this returns it is durable; on any error everything is as it was before.
    pub async fn finish(self) -> Result<Outcome, SpaceError> {
        // On a task of its own, which goes on when a client that waits for it goes away: half of it is no good.
        let finished = tokio::spawn(async move {
            let whole = tokio::task::spawn_blocking(move || self.close()).await;
            let (space, candidate, whole) = whole.map_err(died)??;
            space.store(candidate, whole).await
        });
        finished.await.map_err(died)?
    }

    /// The whole, flushed file under its own name.
    fn close(self) -> Result<(UserSpace, Candidate, WholeFile), SpaceError> {
        let Self { space, mut candidate, most_bytes: _, mut writer, mut staged, _turn } = self;
        writer.finish().map_err(told)?;
        candidate.bytes = writer.bytes_written() as u64;
        let file = writer.inner_mut();
        file.flush().and_then(|()| file.sync()).map_err(SpaceError::Disk)?;
        let path = space.file_path(&candidate.file);
        staged.rename(path).map_err(SpaceError::Disk)?;
        staged.disk.sync_names(space.files_dir()).map_err(SpaceError::Disk)?;
        Ok((space, candidate, WholeFile { staged, _open: writer }))
    }
}

/// A whole file that is not part of a table yet. Dropping it removes it.
pub(crate) struct WholeFile {
    staged: Staged,
    /// While it is open, nobody takes it for one that a crash left behind.
    _open: ArrowWriter<Box<dyn NewFile>>,
}

impl WholeFile {
    /// Leaves the file where it is: it is part of a table now, or may be.
    pub(crate) fn keep(&mut self) {
        self.staged.path = None;
    }
}

impl Staged {
    fn rename(&mut self, to: PathBuf) -> io::Result<()> {
        if let Some(from) = &self.path {
            self.disk.rename(from, &to)?;
        }
        self.path = Some(to);
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(path) = self.path.take()
            && let Err(error) = self.disk.remove(&path)
        {
            tracing::warn!(path = %path.display(), %error, "a file of no table is left to the next start");
        }
    }
}

/// Parquet's writer tells the disk's errors as its own.
fn told(error: ParquetError) -> SpaceError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(io) => SpaceError::Disk(*io),
            Err(source) => SpaceError::Rows(ParquetError::External(source)),
        },
        other => SpaceError::Rows(other),
    }
}

fn died(error: tokio::task::JoinError) -> SpaceError {
    SpaceError::Disk(io::Error::other(error))
}
