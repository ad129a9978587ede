//! Which part of a download is wanted (RFC 9110 sections 13 and 14), and the way of the pieces that are.
//!
//! One range of bytes; several in one request are answered with everything, as the standard allows.

use http::{HeaderMap, HeaderName, header};

use crate::answer::{Sink, WriteError};

/// What a request says about parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything.
    Whole,
    /// A part, of exactly this or of nothing; of whatever there is, where nothing is said.
    Part { range: Range, condition: Option<Condition> },
    /// Everything, if it is still this.
    WholeOf(String),
}

/// What the client has the beginning of, by its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// `If-Range`: everything else where it has changed.
    OrWhole(String),
    /// `If-Match`: nothing where it has changed.
    OrNothing(String),
}

/// Bytes of the whole, as they are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From a byte to the end.
    From(u64),
    /// From a byte to a byte, both of which belong to it.
    Between(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Wanted {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let must = text(header::IF_MATCH).filter(|tags| *tags != "*").map(str::to_owned);
        let Some(range) = text(header::RANGE).and_then(Range::read) else {
            return must.map_or(Self::Whole, Self::WholeOf);
        };
        let condition = match (must, text(header::IF_RANGE)) {
            (Some(tags), _) => Some(Condition::OrNothing(tags)),
            (None, Some(tag)) => Some(Condition::OrWhole(tag.to_owned())),
            (None, None) => None,
        };
        Self::Part { range, condition }
    }
}

/// Whether a tag is one of a list (RFC 9110 section 13.1.1).
pub(super) fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').any(|one| one.trim() == tag)
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", count) => count.parse().ok().map(Self::Last),
            (first, "") => first.parse().ok().map(Self::From),
            (first, last) => {
                let (first, last) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The first byte and how many there are, of a whole of `length` bytes; nothing where it has none of them.
    pub(super) fn of(self, length: u64) -> Option<(u64, u64)> {
        let (first, end) = match self {
            Self::From(first) => (first, length),
            Self::Between(first, last) => (first, length.min(last.saturating_add(1))),
            Self::Last(count) => (length.saturating_sub(count), length),
        };
        (first < end).then(|| (first, end - first))
    }
}

/// Lets a part of the pieces through.
pub(super) struct Window<S> {
    /// Where they go.
    pub sink: S,
    /// Bytes before the part.
    pub before: u64,
    /// Bytes of it that are still to come.
    pub left: u64,
}

impl<S: Sink> Sink for Window<S> {
    async fn put(&mut self, mut piece: Vec<u8>) -> Result<(), WriteError> {
        if self.left == 0 {
            return Err(WriteError::Gone);
        }
        let before = self.before.min(piece.len() as u64);
        self.before -= before;
        piece.drain(..usize::try_from(before).unwrap_or(usize::MAX));
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        self.sink.put(piece).await
    }
}

/// Counts the bytes of pieces.
pub(super) struct Counted<S> {
    /// Where they go.
    pub sink: S,
    /// Bytes so far.
    pub bytes: u64,
}

impl<S: Sink> Sink for Counted<S> {
    async fn put(&mut self, piece: Vec<u8>) -> Result<(), WriteError> {
        self.bytes += piece.len() as u64;
        self.sink.put(piece).await
    }
}

/// Where pieces go that nobody wants.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    async fn put(&mut self, _: Vec<u8>) -> Result<(), WriteError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_bytes_of_the_whole_or_nothing() {
        for (text, of_ten) in [
            ("bytes=0-", Some((0, 10))),
            ("bytes=7-", Some((7, 3))),
            ("bytes=2-4", Some((2, 3))),
            ("bytes=8-99", Some((8, 2))),
            ("bytes=-3", Some((7, 3))),
            ("bytes=-30", Some((0, 10))),
            ("bytes=-0", None),
            ("bytes=10-", None),
            ("bytes=10-18446744073709551615", None),
        ] {
            let range = Range::read(text).expect(text);
            assert_eq!(range.of(10), of_ten, "{text}");
        }
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_passed_over() {
        for text in ["bytes=", "bytes=-", "bytes=1-2,4-5", "rows=1-", "bytes=4-2", "bytes=-1-", "bytes=x-"] {
            assert_eq!(Range::read(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn a_window_has_its_bytes_wherever_the_pieces_end() {
        let whole: Vec<u8> = (0..100).collect();
        for size in 1..40 {
            let mut window = Window { sink: Kept::default(), before: 13, left: 50 };
            for piece in whole.chunks(size) {
                if window.put(piece.to_vec()).await.is_err() {
                    break;
                }
            }
            assert_eq!(window.sink.0, whole[13..63], "pieces of {size}");
        }
    }

    #[derive(Default)]
    struct Kept(Vec<u8>);

    impl Sink for Kept {
        async fn put(&mut self, mut piece: Vec<u8>) -> Result<(), WriteError> {
            self.0.append(&mut piece);
            Ok(())
        }
    }
}
