//! The circles around the rows of one chunk, by the cells they touch: which of them contain a position is found
//! by looking into one block of cells.

use super::blocks::{Blocks, Near};
use super::grid::Grid;
use super::positions::Positions;
use super::terms::Within;
use crate::healpix::separation_deg;

/// Circles that are looked at before others get a turn: some milliseconds' worth.
const TURN_CIRCLES: usize = 1 << 19;

/// Rows of which the blocks are found before any circle is looked at: the processor then waits for several at a time.
const GROUP_ROWS: usize = 256;

/// Two rows that are close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    /// The row of the chunk.
    pub(super) row: u32,
    /// The row of the batch that was looked up.
    pub(super) other: u32,
    /// In degrees.
    pub(super) separation_deg: f64,
}

/// How a pair is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    /// What is close.
    pub(super) within: Within,
    /// Whether the chunk is the left side.
    pub(super) chunk_is_left: bool,
}

/// A circle, in one of its cells.
#[derive(Clone, Copy, Debug)]
struct Circle {
    cell: u64,
    ra_deg: f64,
    dec_deg: f64,
    half_width_deg: f64,
    row: u32,
}

/// A row that was looked up, in a block of cells that has circles.
#[derive(Clone, Copy, Debug)]
struct Marked {
    row: u32,
    ra_deg: f64,
    dec_deg: f64,
    cell: u64,
    block: usize,
}

/// Circles, by the blocks of cells that they touch.
#[derive(Debug)]
pub(super) struct Cells {
    grid: Grid,
    test: Test,
    blocks: Blocks,
    /// Where the circles of each block begin, and where the last ends.
    starts: Vec<u32>,
    circles: Vec<Circle>,
}

impl Cells {
    /// The circles around positions. What is not on the sphere has none.
    pub(super) fn new(grid: Grid, test: Test, positions: &Positions) -> Self {
        let mut circles = Vec::with_capacity(positions.len() + positions.len() / 4);
        for row in 0..positions.len() {
            let Some((ra_deg, dec_deg)) = positions.get(row) else { continue };
            let first = circles.len();
            let circle = |cell| Circle { cell, ra_deg, dec_deg, half_width_deg: 0.0, row: row as u32 };
            let half_width_deg = grid.around(ra_deg, dec_deg, |cell| circles.push(circle(cell)));
            circles[first..].iter_mut().for_each(|circle| circle.half_width_deg = half_width_deg);
        }
        let mut blocks = Blocks::with_room_for(circles.len());
        let numbers: Vec<u32> = circles.iter().map(|circle| blocks.mark(circle.cell)).collect();
        let (starts, circles) = sorted(&circles, &numbers, blocks.len());
        Self { grid, test, blocks, starts, circles }
    }

    /// Bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.bytes() + 4 * self.starts.len() + self.circles.len() * size_of::<Circle>()
    }

    /// Appends the pairs of the rows from `first` on, until there are `enough` or a turn is over; returns the
    /// row to go on with.
    pub(super) fn pairs(
        &self,
        positions: &Positions,
        first: usize,
        enough: usize,
        pairs: &mut Vec<Pair>,
    ) -> usize {
        let (mut row, mut looked_at) = (first, 0);
        let mut near = self.blocks.near();
        let mut marked = Vec::with_capacity(GROUP_ROWS);
        while row < positions.len() {
            let group = row..positions.len().min(row + GROUP_ROWS);
            row = group.end;
            marked.clear();
            marked.extend(group.filter_map(|row| self.marked(positions, row, &mut near)));
            for place in &marked {
                if pairs.len() >= enough || looked_at >= TURN_CIRCLES {
                    return place.row as usize;
                }
                looked_at += self.pairs_of(place, pairs);
            }
        }
        row
    }

    /// A row in a cell that circles touch.
    fn marked(&self, positions: &Positions, row: usize, near: &mut Near<'_>) -> Option<Marked> {
        let (ra_deg, dec_deg) = positions.get(row)?;
        let cell = self.grid.cell(ra_deg, dec_deg);
        let block = near.block_with(cell)?;
        Some(Marked { row: row as u32, ra_deg, dec_deg, cell, block })
    }

    /// Returns how many circles were looked at.
    fn pairs_of(&self, place: &Marked, pairs: &mut Vec<Pair>) -> usize {
        let Marked { row: other, ra_deg, dec_deg, cell, block } = *place;
        let circles = &self.circles[self.starts[block] as usize..self.starts[block + 1] as usize];
        for circle in circles {
            if circle.cell == cell && self.may_contain(circle, ra_deg, dec_deg) {
                let separation_deg = self.separation(circle, ra_deg, dec_deg);
                if self.test.within.contains(separation_deg) {
                    pairs.push(Pair { row: circle.row, other, separation_deg });
                }
            }
        }
        circles.len()
    }

    /// Cheap, and never wrong about what is inside.
    fn may_contain(&self, circle: &Circle, ra_deg: f64, dec_deg: f64) -> bool {
        if (dec_deg - circle.dec_deg).abs() > self.grid.reach_deg {
            return false;
        }
        let apart = (ra_deg - circle.ra_deg).abs();
        let apart = if apart > 180.0 { (apart - 360.0 * (apart / 360.0).round()).abs() } else { apart };
        apart <= circle.half_width_deg
    }

    fn separation(&self, circle: &Circle, ra_deg: f64, dec_deg: f64) -> f64 {
        if self.test.chunk_is_left == self.test.within.left_first {
            separation_deg(circle.ra_deg, circle.dec_deg, ra_deg, dec_deg)
        } else {
            separation_deg(ra_deg, dec_deg, circle.ra_deg, circle.dec_deg)
        }
    }
}

/// A counting sort by block, which keeps the order within one.
fn sorted(circles: &[Circle], numbers: &[u32], blocks: usize) -> (Vec<u32>, Vec<Circle>) {
    let mut starts = vec![0u32; blocks + 1];
    numbers.iter().for_each(|block| starts[*block as usize + 1] += 1);
    let mut total = 0;
    starts.iter_mut().for_each(|start| {
        total += *start;
        *start = total;
    });
    let mut next = starts.clone();
    let mut sorted = circles.to_vec();
    for (circle, block) in circles.iter().zip(numbers) {
        let place = &mut next[*block as usize];
        sorted[*place as usize] = *circle;
        *place += 1;
    }
    (starts, sorted)
}
