//! How many rows lie where: from counts per cell to the tiles of a table, and to slices of a tile that fit into memory.

use std::ops::Range;

use crate::healpix;

/// The order of the cells; no tile is finer. A cell is 0.05 square degrees, where Gaia has up to some 150,000 sources.
const ORDER: u8 = 8;

/// The cell of a pixel of order 29.
pub(super) fn cell_of(pixel: i64) -> u32 {
    healpix::tile_of(ORDER, pixel) as u32
}

/// A tile of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub order: u8,
    pub npix: u64,
    pub rows: u64,
}

impl Tile {
    /// The cells inside.
    pub fn cells(&self) -> Range<u64> {
        let shift = 2 * (ORDER - self.order);
        self.npix << shift..(self.npix + 1) << shift
    }
}

/// The pixels of order 29 of a cell.
pub(super) fn pixels_of(cell: u64) -> Range<i64> {
    let range = healpix::tile_range(ORDER, cell);
    *range.start()..*range.end() + 1
}

/// Rows per cell.
pub(super) struct Histogram {
    rows: Vec<u64>,
}

impl Histogram {
    /// All cells.
    pub fn cells() -> Range<u64> {
        0..healpix::tiles(ORDER)
    }

    /// Nothing yet.
    pub fn new() -> Self {
        Self { rows: vec![0; healpix::tiles(ORDER) as usize] }
    }

    /// Adds what one run has.
    pub fn add(&mut self, cells: &[(u32, u32)]) {
        cells.iter().for_each(|&(cell, rows)| self.rows[cell as usize] += u64::from(rows));
    }

    /// Rows of one cell.
    pub fn rows_of(&self, cell: u64) -> u64 {
        self.rows[cell as usize]
    }

    /// Rows of all cells.
    pub fn total(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// Tiles as coarse as possible with at most `max_rows` rows each, along the sky. Tiles without rows do not
    /// exist; only a tile of the order of the cells may have more rows.
    pub fn tiles(&self, max_rows: u64) -> Vec<Tile> {
        let mut tiles = Vec::new();
        let mut open: Vec<(u8, u64)> = (0..healpix::tiles(0)).rev().map(|npix| (0, npix)).collect();
        while let Some((order, npix)) = open.pop() {
            let mut tile = Tile { order, npix, rows: 0 };
            let cells = tile.cells();
            tile.rows = self.rows[cells.start as usize..cells.end as usize].iter().sum();
            if tile.rows == 0 {
                continue;
            }
            if tile.rows <= max_rows || order == ORDER {
                tiles.push(tile);
            } else {
                open.extend((npix * 4..npix * 4 + 4).rev().map(|npix| (order + 1, npix)));
            }
        }
        tiles
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tiles_are_those_of_a_sorted_list(
            mut pixels in prop::collection::vec(0i64..12 << 58, 1..300), max_rows in 1usize..50,
        ) {
            pixels.sort_unstable();
            let mut histogram = Histogram::new();
            pixels.iter().for_each(|&pixel| histogram.add(&[(cell_of(pixel), 1)]));
            let tiles = histogram.tiles(max_rows as u64);
            let folded = crate::hats::fold(&pixels, max_rows);
            let folded: Vec<Tile> = folded
                .into_iter()
                .map(|tile| Tile { order: tile.order, npix: tile.npix, rows: tile.rows.len() as u64 })
                .collect();
            if folded.iter().all(|tile| tile.order <= ORDER) {
                prop_assert_eq!(&tiles, &folded);
            }
            prop_assert_eq!(tiles.iter().map(|tile| tile.rows).sum::<u64>(), pixels.len() as u64);
        }
    }
}
