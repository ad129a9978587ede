//! The files of a journal: each holds consecutive records, and is named by the number of its first.
//!
//! A record on disk is its length and its CRC-32 as 32-bit little-endian numbers, and its bytes.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use super::{JournalLimits, Record};

/// Bytes of length and checksum.
const HEAD_BYTES: usize = 8;

/// One file.
#[derive(Clone)]
pub struct Segment {
    /// The number of its first record.
    pub first: u64,
    /// How much of it is good.
    pub bytes: u64,
    file: Arc<File>,
    path: PathBuf,
}

/// All files of a journal, oldest first.
pub struct Segments {
    directory: PathBuf,
    limits: JournalLimits,
    files: VecDeque<Segment>,
}

/// Records read from one file, and where to go on.
pub struct Scan {
    /// What was read.
    pub records: Vec<Record>,
    /// Where the next record begins.
    pub offset: u64,
}

impl Segments {
    /// No records yet, in a directory that is made.
    pub fn create(directory: &Path, limits: JournalLimits) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut segments = Self { directory: directory.to_owned(), limits, files: VecDeque::new() };
        segments.roll(1)?;
        Ok(segments)
    }

    /// Writes a record. When the disk has no room, old files make some; if that is not enough, nothing of the
    /// record stays.
    pub fn append(&mut self, record: &Record) -> io::Result<()> {
        let bytes = on_disk(record);
        let newest = self.files.back().map_or(0, |segment| segment.bytes);
        if newest > 0 && newest + bytes.len() as u64 > self.limits.segment_bytes {
            self.roll(record.seq)?;
        }
        while self.write(&bytes).is_err() {
            if !self.drop_oldest() {
                return self.write(&bytes);
            }
        }
        while self.bytes() > self.limits.disk_bytes && self.drop_oldest() {}
        Ok(())
    }

    /// The file that holds record `seq`, or the first after it that is still there.
    pub fn holding(&self, seq: u64) -> Option<Segment> {
        let after = self.files.partition_point(|segment| segment.first <= seq);
        self.files.get(after.saturating_sub(1)).cloned()
    }

    /// A file as it is now, if it is still there.
    pub fn starting_with(&self, first: u64) -> Option<Segment> {
        self.files.iter().find(|segment| segment.first == first).cloned()
    }

    /// The file after the one that begins with `first`.
    pub fn after(&self, first: u64) -> Option<Segment> {
        self.files.iter().find(|segment| segment.first > first).cloned()
    }

    /// The file that is being written.
    pub fn newest(&self) -> Arc<File> {
        self.files.back().expect("there is always a file").file.clone()
    }

    fn write(&mut self, bytes: &Bytes) -> io::Result<()> {
        let newest = self.files.back_mut().expect("there is always a file");
        let written = newest.file.write_all_at(bytes, newest.bytes);
        match &written {
            Ok(()) => newest.bytes += bytes.len() as u64,
            // What was written of it must not be taken for a record.
            Err(_) => newest.file.set_len(newest.bytes)?,
        }
        written
    }

    fn roll(&mut self, first: u64) -> io::Result<()> {
        let path = self.path(first);
        let file =
            File::options().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        self.files.push_back(Segment { first, bytes: 0, file: Arc::new(file), path });
        Ok(())
    }

    /// Whether there was a file to remove; the one that is being written stays.
    fn drop_oldest(&mut self) -> bool {
        if self.files.len() < 2 {
            return false;
        }
        let Some(oldest) = self.files.pop_front() else { return false };
        if let Err(error) = fs::remove_file(&oldest.path) {
            tracing::warn!("cannot remove {}: {error}", oldest.path.display());
        }
        true
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|segment| segment.bytes).sum()
    }

    fn path(&self, first: u64) -> PathBuf {
        self.directory.join(format!("{first:020}.journal"))
    }
}

impl Segment {
    /// Reads about `limit` bytes of records from `offset`, at least one; none at the end or before damage.
    pub fn scan(&self, offset: u64, limit: u64) -> io::Result<Scan> {
        let mut scan = Scan { records: Vec::new(), offset };
        let mut block = self.read(offset, limit)?;
        while let Some(length) = length_of_first(&block) {
            if length > block.len() {
                if !scan.records.is_empty() || offset + length as u64 > self.bytes {
                    break;
                }
                block = self.read(offset, length as u64)?;
            }
            let Some(record) = checked(block.split_to(length)) else { break };
            scan.records.push(record);
            scan.offset += length as u64;
        }
        Ok(scan)
    }

    fn read(&self, offset: u64, limit: u64) -> io::Result<Bytes> {
        let length = limit.min(self.bytes.saturating_sub(offset));
        let mut block = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut block, offset)?;
        Ok(block.into())
    }
}

fn on_disk(record: &Record) -> Bytes {
    let body = record.body();
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + body.len());
    bytes.put_u32_le(u32::try_from(body.len()).expect("messages are shorter than four gigabytes"));
    bytes.put_u32_le(crc32fast::hash(body));
    bytes.put_slice(body);
    bytes.freeze()
}

/// Length of the first record with its head, if the head is there.
fn length_of_first(block: &Bytes) -> Option<usize> {
    let length = block.get(..4)?.try_into().map(u32::from_le_bytes).ok()?;
    (block.len() >= HEAD_BYTES).then_some(HEAD_BYTES + length as usize)
}

fn checked(mut bytes: Bytes) -> Option<Record> {
    bytes.advance(4);
    let checksum = bytes.get_u32_le();
    (crc32fast::hash(&bytes) == checksum).then(|| Record::decode(bytes)).flatten()
}
