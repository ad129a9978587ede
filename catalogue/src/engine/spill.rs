//! Files that operators write to when memory is short, and that can be stopped: a sort writes a gigabyte without
//! looking up from it. Who may use how much is not decided here.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::execution::disk_manager::{DiskManager, DiskManagerBuilder};
use datafusion::execution::spill_file::{SpillFile, SpillWriter, TempFileFactory};
use futures::stream::BoxStream;

use super::stop::Stop;

/// Disk for one query, in the system's directory for temporary files: at most `limit_bytes`, and not after `stop`.
pub(crate) fn disk(limit_bytes: u64, stop: &Stop) -> Result<DiskManager> {
    let disk = DiskManagerBuilder::default().with_max_temp_directory_size(limit_bytes).build()?;
    let files = Files { disk: Arc::new(disk), stop: stop.clone() };
    DiskManagerBuilder::default().with_temp_file_factory(Arc::new(files)).build()
}

struct Files {
    disk: Arc<DiskManager>,
    stop: Stop,
}

impl TempFileFactory for Files {
    fn create_temp_file(&self, description: &str) -> Result<Arc<dyn SpillFile>> {
        self.stop.check()?;
        let file = self.disk.create_tmp_file(description)?;
        Ok(Arc::new(Watched { inner: file, stop: self.stop.clone() }))
    }
}

/// A file, or a writer of one, that can be stopped.
struct Watched<T> {
    inner: T,
    stop: Stop,
}

impl SpillFile for Watched<Arc<dyn SpillFile>> {
    fn path(&self) -> Option<&Path> {
        self.inner.path()
    }

    fn size(&self) -> Option<u64> {
        self.inner.size()
    }

    fn read_stream(&self) -> Result<BoxStream<'static, Result<Bytes>>> {
        self.inner.read_stream()
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Watched { inner: self.inner.open_writer()?, stop: self.stop.clone() }))
    }
}

impl Write for Watched<Box<dyn SpillWriter>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stop.check().map_err(|_| io::Error::other(self.stop.late()))?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl SpillWriter for Watched<Box<dyn SpillWriter>> {
    fn finish(&mut self) -> Result<()> {
        self.inner.finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;
    use crate::engine::error::QueryError;

    #[tokio::test]
    async fn what_is_written_is_read_until_the_query_is_stopped() {
        let stop = Stop::after(60);
        let disk = Arc::new(disk(1 << 20, &stop).expect("a directory for temporary files"));
        let file = disk.create_tmp_file("a test").expect("a file");
        let mut writer = file.open_writer().expect("a writer");
        writer.write_all(b"rows").expect("there is room");
        let read: Vec<Bytes> = file.read_stream().expect("a reader").try_collect().await.expect("its bytes");
        assert_eq!(read.concat(), b"rows");
        stop.cancel();
        let stopped = writer.write_all(b"more").expect_err("nobody wants them");
        let told = stopped.get_ref().and_then(|source| source.downcast_ref::<QueryError>());
        assert_eq!(told, Some(&QueryError::Deadline { seconds: 60 }));
        assert!(disk.create_tmp_file("another").is_err());
    }

    #[test]
    fn a_query_has_so_much_disk_and_no_more() {
        let disk = Arc::new(disk(10, &Stop::after(60)).expect("a directory for temporary files"));
        let mut writer =
            disk.create_tmp_file("a test").and_then(|file| file.open_writer()).expect("a writer");
        writer.write_all(b"ten bytes!").expect("there is room");
        let refused = writer.write_all(b"x").expect_err("it is full").to_string();
        assert!(refused.contains("during the spilling process"), "{refused}");
    }
}
