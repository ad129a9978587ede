//! Everything that one kernel said, in order, on disk: an append-only journal with sequence numbers.
//!
//! Any number of readers follow it, each at its own pace and from any place; a slow one costs no memory and holds
//! nobody up. What no longer fits is removed from the front, oldest first, and readers are told of the gap. The
//! journal knows nothing of clients, notebooks or what the messages mean.

mod reader;
mod record;
mod segments;

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::watch;

use crate::kernels::wire::Parts;

pub use reader::{Portion, Reader};
pub use record::{Flow, Record, put_parts, take_parts};
use segments::Segments;

/// How much of a journal is kept, and how safely.
#[derive(Clone, Copy, Debug)]
pub struct JournalLimits {
    /// Bytes on disk; the oldest are removed when there are more.
    pub disk_bytes: u64,
    /// Bytes of one file of it. Old messages are removed a file at a time.
    pub segment_bytes: u64,
    /// Bytes of the newest messages that stay in memory, also when the disk is full.
    pub memory_bytes: usize,
    /// Longest time between a message and its way to the disk itself; a killed process loses nothing anyway.
    pub sync_every: Duration,
}

/// The journal of one kernel.
pub struct Journal {
    inner: Mutex<Inner>,
    end: watch::Sender<End>,
    limits: JournalLimits,
}

/// Where a journal ends at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct End {
    last: u64,
    closed: bool,
}

struct Inner {
    last: u64,
    recent: VecDeque<Record>,
    recent_bytes: usize,
    segments: Segments,
    disk_is_full: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is on disk, in memory, and in every reader's future.
    Whole,
    /// It is the first that the disk had no room for: only memory has it.
    MemoryFrom,
    /// The disk still has no room.
    Memory,
}

impl Journal {
    /// An empty journal in `directory`, which is made.
    pub fn create(directory: &Path, limits: JournalLimits) -> io::Result<Arc<Self>> {
        let segments = Segments::create(directory, limits)?;
        let (last, recent, recent_bytes, disk_is_full) = Default::default();
        let inner = Inner { last, recent, recent_bytes, segments, disk_is_full };
        Ok(Arc::new(Self { inner: Mutex::new(inner), end: watch::Sender::new(End::default()), limits }))
    }

    /// Adds a message. `session` is the client that it is for; an empty one means everybody.
    pub fn append(&self, flow: Flow, session: &str, parts: &Parts) -> Kept {
        let mut inner = self.locked();
        let record = Record::new(inner.last + 1, flow, session, parts);
        let written = inner.segments.append(&record);
        if let Err(error) = &written {
            tracing::warn!("the journal cannot be written: {error}");
        }
        let was_full = std::mem::replace(&mut inner.disk_is_full, written.is_err());
        inner.remember(record, self.limits.memory_bytes);
        let last = inner.last;
        drop(inner);
        self.end.send_modify(|end| end.last = last);
        match (written, was_full) {
            (Ok(()), _) => Kept::Whole,
            (Err(_), false) => Kept::MemoryFrom,
            (Err(_), true) => Kept::Memory,
        }
    }

    /// The number of the newest message; 0 when there is none.
    pub fn last(&self) -> u64 {
        self.end.borrow().last
    }

    /// Says that there will be no more messages.
    pub fn close(&self) {
        self.end.send_modify(|end| end.closed = true);
    }

    /// A reader of everything after message `cursor`.
    pub fn read_after(self: &Arc<Self>, cursor: u64) -> Reader {
        Reader::new(self.clone(), self.end.subscribe(), cursor)
    }

    /// Brings messages to the disk itself soon after they came, until the journal is closed.
    pub async fn keep_synced(&self) {
        let mut ends = self.end.subscribe();
        while ends.changed().await.is_ok() {
            tokio::time::sleep(self.limits.sync_every).await;
            let closed = ends.borrow_and_update().closed;
            let file = self.locked().segments.newest();
            let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
            if let Ok(Err(error)) = synced {
                tracing::warn!("the journal cannot be brought to the disk: {error}");
            }
            if closed {
                return;
            }
        }
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no thread panics while it holds the journal")
    }
}

impl Inner {
    fn remember(&mut self, record: Record, limit: usize) {
        self.last = record.seq;
        self.recent_bytes += record.body().len();
        self.recent.push_back(record);
        while self.recent_bytes > limit && self.recent.len() > 1 {
            let Some(oldest) = self.recent.pop_front() else { return };
            self.recent_bytes -= oldest.body().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::wire::{Channel, compose};

    const LIMITS: JournalLimits = JournalLimits {
        disk_bytes: 64 * 1024,
        segment_bytes: 8 * 1024,
        memory_bytes: 2 * 1024,
        sync_every: Duration::from_millis(10),
    };

    fn message(number: usize) -> Parts {
        compose("stream", None, &serde_json::json!({"name": "stdout", "text": format!("{number}\n")}))
    }

    fn fill(journal: &Journal, numbers: std::ops::Range<usize>) -> Vec<Parts> {
        let messages: Vec<_> = numbers.map(message).collect();
        for parts in &messages {
            journal.append(Flow::FromKernel(Channel::Iopub), "", parts);
        }
        messages
    }

    async fn all(mut reader: Reader) -> (u64, Vec<Parts>) {
        let (mut missing, mut messages) = (0, Vec::new());
        while let Some(portion) = reader.next().await {
            missing += portion.missing;
            messages.extend(portion.records.into_iter().map(|record| record.parts));
        }
        (missing, messages)
    }

    #[tokio::test]
    async fn every_reader_gets_every_message_once_and_in_order_from_where_it_likes() {
        let directory = tempfile::tempdir().expect("a directory");
        let journal = Journal::create(&directory.path().join("j"), LIMITS).expect("a journal");
        let early = tokio::spawn(all(journal.read_after(0)));
        let messages = fill(&journal, 0..100);
        let late = tokio::spawn(all(journal.read_after(70)));
        journal.close();
        assert_eq!(early.await.expect("read"), (0, messages.clone()));
        assert_eq!(late.await.expect("read"), (0, messages[70..].to_vec()));
    }

    #[tokio::test]
    async fn what_no_longer_fits_is_counted_and_the_rest_is_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let journal = Journal::create(&directory.path().join("j"), LIMITS).expect("a journal");
        let messages = fill(&journal, 0..1000);
        journal.close();
        let (missing, kept) = all(journal.read_after(0)).await;
        let missing = usize::try_from(missing).expect("a small number");
        assert!(missing > 500 && kept.len() > 50, "{missing} are gone, {} are here", kept.len());
        assert_eq!(kept, messages[missing..]);
    }

    #[tokio::test]
    async fn a_damaged_record_and_what_follows_in_its_file_is_missing_and_never_wrong() {
        let directory = tempfile::tempdir().expect("a directory");
        let journal = Journal::create(directory.path(), LIMITS).expect("a journal");
        let messages = fill(&journal, 0..100);
        let first = directory.path().join(format!("{:020}.journal", 1));
        let mut bytes = std::fs::read(&first).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&first, bytes).expect("written");
        journal.close();
        let (missing, kept) = all(journal.read_after(0)).await;
        let missing = usize::try_from(missing).expect("a small number");
        assert!(missing > 0 && missing + kept.len() == 100, "{missing} are gone, {} are here", kept.len());
        let good = kept.iter().zip(&messages).take_while(|(kept, message)| kept == message).count();
        assert_eq!(kept[good..], messages[good + missing..]);
    }

    #[tokio::test]
    async fn a_full_disk_is_told_once_and_readers_go_on_from_memory() {
        let directory = tempfile::tempdir().expect("a directory");
        // Every write to this device says that there is no room.
        let first = directory.path().join(format!("{:020}.journal", 1));
        std::os::unix::fs::symlink("/dev/full", first).expect("a link");
        let journal = Journal::create(directory.path(), LIMITS).expect("a journal");
        let kept = [1, 2, 3].map(|n| journal.append(Flow::FromKernel(Channel::Iopub), "", &message(n)));
        assert_eq!(kept, [Kept::MemoryFrom, Kept::Memory, Kept::Memory]);
        let messages = fill(&journal, 0..100);
        journal.close();
        let (missing, kept) = all(journal.read_after(0)).await;
        let missing = usize::try_from(missing).expect("a small number");
        assert!(
            !kept.is_empty() && missing + kept.len() == 103,
            "{missing} are gone, {} are here",
            kept.len()
        );
        assert_eq!(kept, messages[100 - kept.len()..]);
    }
}
