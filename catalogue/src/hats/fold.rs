//! Which tiles a table gets: as coarse as possible, none with more rows than wanted.

use std::ops::Range;

use crate::healpix;

/// Tiles are never finer than this, however many rows lie in one place.
const FINEST_ORDER: u8 = 12;

/// A tile and the rows that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// HEALPix order.
    pub order: u8,
    /// Number within the order, nested.
    pub npix: u64,
    /// Positions of its rows in the sorted table.
    pub rows: Range<usize>,
}

/// Splits rows, given by their sorted pixels of order 29, into tiles of at most `max_rows` rows each.
/// Tiles without rows do not exist; only a tile of order 12 may have more rows.
pub fn fold(sorted: &[i64], max_rows: usize) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let mut open: Vec<Tile> = Vec::new();
    push_children(&mut open, sorted, 0, 0..12, 0..sorted.len());
    while let Some(tile) = open.pop() {
        if tile.rows.len() <= max_rows || tile.order == FINEST_ORDER {
            tiles.push(tile);
        } else {
            let Tile { order, npix, rows } = tile;
            push_children(&mut open, sorted, order + 1, npix * 4..npix * 4 + 4, rows);
        }
    }
    tiles
}

/// Pushes the tiles among `pixels` that have rows, the first one last, so that it is the next to be popped.
fn push_children(open: &mut Vec<Tile>, sorted: &[i64], order: u8, pixels: Range<u64>, rows: Range<usize>) {
    let mut end = rows.end;
    for npix in pixels.rev() {
        let first_pixel = *healpix::tile_range(order, npix).start();
        let start = rows.start + sorted[rows.start..end].partition_point(|&pixel| pixel < first_pixel);
        if start < end {
            open.push(Tile { order, npix, rows: start..end });
        }
        end = start;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_is_in_exactly_one_tile(
            mut pixels in prop::collection::vec(0i64..12 << 58, 0..300), max_rows in 1usize..50,
        ) {
            pixels.sort_unstable();
            let tiles = fold(&pixels, max_rows);
            let mut next = 0;
            for Tile { order, npix, rows } in tiles {
                prop_assert_eq!(rows.start, next);
                prop_assert!(rows.len() <= max_rows && !rows.is_empty());
                prop_assert!(pixels[rows.clone()].iter().all(|&pixel| healpix::tile_of(order, pixel) == npix));
                next = rows.end;
            }
            prop_assert_eq!(next, pixels.len());
        }
    }

    #[test]
    fn rows_in_one_place_end_in_one_fine_tile() {
        let tiles = fold(&[7; 10], 3);
        assert_eq!(tiles, vec![Tile { order: FINEST_ORDER, npix: 0, rows: 0..10 }]);
    }
}
