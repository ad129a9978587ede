//! Parts of the sky, read one after the other while a query runs, as a crossmatch does.

use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

use super::{HatsTable, spans};
use crate::engine::keys::KeyRanges;
use crate::engine::narrow::Narrowing;
use crate::healpix;

/// One of this many rows is few: it pays to decode the keys of all, and other columns only of those.
const FEW: f64 = 4.0;

/// A part of the sky to read, as ranges of the HEALPix column.
#[derive(Clone, Debug)]
pub(crate) enum Within {
    /// Rows with these keys, and others that share their pages where that is cheaper.
    About(KeyRanges),
    /// Rows with these keys and no others.
    Exactly(KeyRanges),
}

impl Within {
    fn narrowing(&self) -> Narrowing {
        let (Self::About(keys) | Self::Exactly(keys)) = self;
        Narrowing { healpix: Some(keys.clone()), ..Narrowing::default() }
    }
}

impl HatsTable {
    /// A scan of a part of the sky. The table must have a HEALPix column.
    pub(crate) fn scan_within(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        within: Within,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let narrowing = Narrowing::of(filters, &self.keys).and(within.narrowing());
        let mut lists = self.long_lists(filters);
        let near = match (within, &self.keys.healpix) {
            (Within::About(keys), _) => Some(keys),
            (Within::Exactly(keys), Some(column)) => {
                lists.push((self.schema.index_of(column)?, keys));
                None
            }
            (Within::Exactly(_), None) => None,
        };
        self.select(session, projection, narrowing, lists, None, near)
    }

    /// Whether few of some rows are likely to have one of `keys`. Where catalogues are compared there is a row for each
    /// range, and else as many as there are on so much of the sky.
    pub(super) fn few_have(&self, keys: &KeyRanges, rows: usize) -> bool {
        let covered: f64 = keys.ranges().iter().map(|range| (range.end() - range.start()) as f64).sum();
        let spread = self.rows() as f64 * covered / healpix::tiles(healpix::ORDER) as f64;
        FEW * (keys.len() as f64 + spread) < rows as f64
    }

    /// The part of the sky that filters allow, where they say so.
    pub(crate) fn allowed(&self, filters: &[Expr]) -> Option<KeyRanges> {
        Narrowing::of(filters, &self.keys).healpix
    }

    /// Rows of the tiles that have keys in a part of the sky.
    pub(crate) fn rows_within(&self, keys: Option<&KeyRanges>) -> u64 {
        let touched = |pixels: &RangeInclusive<i64>| {
            keys.is_none_or(|keys| keys.touches(*pixels.start(), *pixels.end()))
        };
        self.pixels().filter(|(pixels, _)| touched(pixels)).map(|(_, rows)| rows).sum()
    }

    /// The keys of all rows, ascending, in ranges of about as many rows.
    pub(crate) fn spans(&self, rows: u64) -> Vec<RangeInclusive<i64>> {
        spans::of(self.index.pieces(), rows)
    }

    /// The keys that each file may have, and its rows.
    fn pixels(&self) -> impl Iterator<Item = (RangeInclusive<i64>, u64)> {
        let files = self.index.files.iter();
        files.map(|file| (healpix::tile_range(file.order, file.npix), u64::from(file.rows)))
    }
}
