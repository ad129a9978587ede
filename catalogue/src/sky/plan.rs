//! How many stars each tile of a sky has, and which of them are members or variables: all that must be known
//! before any tile can be made alone.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::cluster::CLUSTERS;
use super::permutation::Permutation;
use super::rng::{Purpose, Rng};
use super::sightline::{Mixtures, Sightline};
use super::star::Star;
use super::variable::{Variable, variables};
use super::{SampleOptions, SkyError};
use crate::healpix;

/// The generator works tile by tile of this order, 1.8 degrees wide.
pub const TILE_ORDER: u8 = 5;

/// The density of the field is even within a cell of this order, 0.46 degrees wide.
pub const CELL_ORDER: u8 = 7;

/// Cells in a tile.
pub const CELLS_PER_TILE: u64 = 1 << (2 * (CELL_ORDER - TILE_ORDER));

/// The random number of field stars is kept above the wanted one by this many standard deviations.
const SURPLUS_SIGMA: f64 = 6.0;

/// A sky of which every tile can be made, alone and in any order.
pub struct Plan {
    pub seed: u64,
    pub mixtures: Mixtures,
    pub variables: Vec<Variable>,
    pub permutation: Permutation,
    /// Field stars of each cell.
    cells: Vec<u32>,
    /// Members and variables by tile.
    special: HashMap<u64, Vec<Star>>,
    /// Sources in all tiles before each tile, and at the end in all tiles.
    before: Vec<u64>,
}

impl Plan {
    /// Plans a sky. Fails when it is too small for its clusters and variables.
    pub fn new(options: &SampleOptions) -> Result<Self, SkyError> {
        let SampleOptions { seed, sources, variables: count } = *options;
        let members: usize = CLUSTERS.iter().map(|cluster| cluster.members).sum();
        let field = sources
            .checked_sub((members + count) as u64)
            .ok_or(SkyError::TooSmall { least: (members + count) as u64 })? as f64;
        let mixtures = Mixtures::new();
        let variables = variables(seed, count);
        let special = special(seed, &variables);
        let cells = cells(seed, &mixtures, field + SURPLUS_SIGMA * field.sqrt());
        let before = before(&cells, &special);
        let permutation = Permutation::new(seed, before.last().copied().unwrap_or(0));
        Ok(Self { seed, mixtures, variables, permutation, cells, special, before })
    }

    /// Sources in the whole sky.
    pub fn sources(&self) -> u64 {
        self.before[self.before.len() - 1]
    }

    /// The numbers, counted over the whole sky, of the sources in some tiles.
    pub fn rows(&self, tiles: Range<u64>) -> Range<u64> {
        self.before[tiles.start as usize]..self.before[tiles.end as usize]
    }

    /// Field stars in a cell.
    pub fn field_stars(&self, cell: u64) -> u32 {
        self.cells[cell as usize]
    }

    /// Members of clusters and variables in a tile.
    pub fn special(&self, tile: u64) -> &[Star] {
        self.special.get(&tile).map_or(&[], Vec::as_slice)
    }

    /// Groups tiles into larger ones, as (order, npix), as coarse as `max_rows` rows allow.
    pub fn groups(&self, max_rows: u64) -> Vec<(u8, u64)> {
        let mut groups = Vec::new();
        let mut open: Vec<(u8, u64)> = (0..12).map(|npix| (0, npix)).collect();
        while let Some((order, npix)) = open.pop() {
            let rows = self.rows(tiles_of(order, npix));
            let count = rows.end - rows.start;
            if order == TILE_ORDER || count <= max_rows {
                groups.push((order, npix));
            } else {
                open.extend((npix * 4..npix * 4 + 4).map(|child| (order + 1, child)));
            }
        }
        groups
    }
}

/// The generator's tiles inside a coarser one.
pub fn tiles_of(order: u8, npix: u64) -> Range<u64> {
    let shift = 2 * (TILE_ORDER - order);
    npix << shift..(npix + 1) << shift
}

fn special(seed: u64, variables: &[Variable]) -> HashMap<u64, Vec<Star>> {
    let members = CLUSTERS.iter().enumerate().flat_map(|(number, cluster)| cluster.members(seed, number));
    let mut tiles: HashMap<u64, Vec<Star>> = HashMap::new();
    for star in members.chain(variables.iter().map(|variable| variable.star)) {
        let tile = healpix::tile_of(TILE_ORDER, healpix::hash29(star.ra_deg, star.dec_deg));
        tiles.entry(tile).or_default().push(star);
    }
    tiles
}

/// Draws the number of field stars of every cell around the density of the model.
fn cells(seed: u64, mixtures: &Mixtures, expected: f64) -> Vec<u32> {
    let weights: Vec<f64> = (0..healpix::tiles(CELL_ORDER))
        .into_par_iter()
        .map(|cell| sightline(mixtures, cell).total())
        .collect();
    let scale = expected / weights.iter().sum::<f64>();
    weights
        .into_par_iter()
        .enumerate()
        .map(|(cell, weight)| Rng::new(seed, Purpose::Count, cell as u64, 0).poisson(weight * scale))
        .collect()
}

/// The sightline through the middle of a cell.
pub fn sightline(mixtures: &Mixtures, cell: u64) -> Sightline {
    let (ra, dec) = healpix::centre(CELL_ORDER, cell);
    Sightline::look(ra, dec, |origin, faintest| mixtures.of(origin).brighter_than(faintest))
}

fn before(cells: &[u32], special: &HashMap<u64, Vec<Star>>) -> Vec<u64> {
    let tiles = cells.chunks(CELLS_PER_TILE as usize).zip(0u64..).map(|(cells, tile)| {
        let field: u64 = cells.iter().map(|&count| u64::from(count)).sum();
        field + special.get(&tile).map_or(0, |stars| stars.len() as u64)
    });
    let mut sum = 0;
    let sums = tiles.map(|count| {
        sum += count;
        sum
    });
    std::iter::once(0).chain(sums).collect()
}
