//! One reader's place in a journal.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use super::segments::{Scan, Segment};
use super::{End, Journal, Record};

/// About how much is read at once.
const PORTION_BYTES: usize = 256 * 1024;

/// Follows a journal from a cursor.
pub struct Reader {
    journal: Arc<Journal>,
    ends: watch::Receiver<End>,
    cursor: u64,
    place: Option<Place>,
}

/// Where in the files the next record is.
struct Place {
    segment: Segment,
    offset: u64,
}

/// Consecutive records.
#[derive(Debug, PartialEq, Eq)]
pub struct Portion {
    /// How many before them are no longer kept.
    pub missing: u64,
    /// What follows, at least one.
    pub records: Vec<Record>,
}

impl Reader {
    pub(super) fn new(journal: Arc<Journal>, ends: watch::Receiver<End>, cursor: u64) -> Self {
        Self { journal, ends, cursor, place: None }
    }

    /// The next records, as soon as there are some; `None` after the last of a closed journal. Nothing is lost
    /// when the wait is given up.
    pub async fn next(&mut self) -> Option<Portion> {
        loop {
            let end = *self.ends.borrow_and_update();
            if self.cursor < end.last {
                return self.portion();
            }
            if end.closed {
                return None;
            }
            self.ends.changed().await.ok()?;
        }
    }

    fn portion(&mut self) -> Option<Portion> {
        let records = match self.recent() {
            Some(records) => records,
            None => self.older(),
        };
        let (first, last) = (records.first()?.seq, records.last()?.seq);
        let missing = first - self.cursor - 1;
        self.cursor = last;
        Some(Portion { missing, records })
    }

    /// From memory, if the next record is there.
    fn recent(&mut self) -> Option<Vec<Record>> {
        let inner = self.journal.locked();
        let front = inner.recent.front()?.seq;
        let skip = usize::try_from((self.cursor + 1).checked_sub(front)?).ok()?;
        self.place = None;
        Some(some_of(inner.recent.iter().skip(skip)))
    }

    /// From the files; where they have a hole that reaches into memory, from there.
    fn older(&mut self) -> Vec<Record> {
        match self.scan() {
            Ok(records) if !records.is_empty() => return records,
            Ok(_) => {}
            Err(error) => tracing::warn!("the journal cannot be read: {error}"),
        }
        some_of(self.journal.locked().recent.iter())
    }

    /// The place with all that was written since; a file that was removed meanwhile stays readable here.
    fn present_place(&mut self) -> Option<Place> {
        let inner = self.journal.locked();
        match self.place.take() {
            Some(Place { segment, offset }) => {
                let segment = inner.segments.starting_with(segment.first).unwrap_or(segment);
                Some(Place { segment, offset })
            }
            None => Some(Place { segment: inner.segments.holding(self.cursor + 1)?, offset: 0 }),
        }
    }

    fn scan(&mut self) -> io::Result<Vec<Record>> {
        let cursor = self.cursor;
        let Some(mut place) = self.present_place() else { return Ok(Vec::new()) };
        loop {
            let Scan { mut records, offset } = place.segment.scan(place.offset, PORTION_BYTES as u64)?;
            let read = !records.is_empty();
            records.retain(|record| record.seq > cursor);
            place.offset = offset;
            if !records.is_empty() {
                self.place = Some(place);
                return Ok(records);
            }
            if !read {
                match self.journal.locked().segments.after(place.segment.first) {
                    Some(segment) => place = Place { segment, offset: 0 },
                    None => return Ok(Vec::new()),
                }
            }
        }
    }
}

fn some_of<'a>(records: impl Iterator<Item = &'a Record>) -> Vec<Record> {
    let mut room = PORTION_BYTES;
    let taken = records.take_while(|record| {
        let taken = room > 0;
        room = room.saturating_sub(record.body().len());
        taken
    });
    taken.cloned().collect()
}
