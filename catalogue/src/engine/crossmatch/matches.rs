//! The pairs of one chunk while they are found, and what becomes of them.

mod nearest;

use arrow::array::RecordBatch;
use datafusion::common::Result;

use super::cells::Pair;
use super::shape::{Output, Shape};
pub(super) use nearest::Nearest;

/// What is known about a chunk's rows.
pub(super) struct Matches<'a> {
    shape: &'a Shape,
    chunk: &'a RecordBatch,
    /// Whether each row of the chunk has a pair.
    matched: Vec<bool>,
    nearest: Option<Nearest>,
}

impl<'a> Matches<'a> {
    /// Nothing found yet. With `nearest`, only the closest row of each is kept.
    pub(super) fn new(shape: &'a Shape, chunk: &'a RecordBatch, nearest: Option<Nearest>) -> Self {
        Self { shape, chunk, matched: vec![false; chunk.num_rows()], nearest }
    }

    /// Takes pairs with rows of `other`; returns rows of the answer, if there are some already.
    pub(super) fn add(&mut self, other: &RecordBatch, pairs: &mut Vec<Pair>) -> Result<Option<RecordBatch>> {
        if pairs.is_empty() {
            return Ok(None);
        }
        self.shape.filter(self.chunk, other, pairs)?;
        pairs.iter().for_each(|pair| self.matched[pair.row as usize] = true);
        match (&mut self.nearest, self.shape.output) {
            (Some(nearest), _) => nearest.add(other, pairs).map(|()| None),
            (None, Output::Pairs { .. }) => self.shape.pairs(self.chunk, other, pairs).map(Some),
            (None, Output::Rows { .. }) => Ok(None),
        }
    }

    /// Bytes held for later.
    pub(super) fn bytes(&self) -> usize {
        self.matched.len() + self.nearest.as_ref().map_or(0, Nearest::bytes)
    }

    /// The rest of the chunk's answer.
    pub(super) fn finish(self) -> Result<Vec<RecordBatch>> {
        let wanted = match self.shape.output {
            Output::Pairs { unmatched: true } => Some(false),
            Output::Pairs { unmatched: false } => None,
            Output::Rows { matched } => Some(matched),
        };
        let mut answer = Vec::new();
        if let Some(nearest) = self.nearest {
            let (other, pairs) = nearest.finish()?;
            answer.push(self.shape.pairs(self.chunk, &other, &pairs)?);
        }
        if let Some(wanted) = wanted {
            let rows = self.matched.iter().zip(0u32..).filter(|(matched, _)| **matched == wanted);
            answer.push(self.shape.alone(self.chunk, rows.map(|(_, row)| row).collect())?);
        }
        Ok(answer)
    }
}
