//! How many stars each tile of a sky has, and which of them are members or variables: all that must be known
//! before any tile can be made alone. Four bytes for each variable and a few for each tile, however many stars.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::cluster::CLUSTERS;
use super::permutation::Permutation;
use super::rng::{Purpose, Rng};
use super::sightline::{Mixtures, Sightline};
use super::star::Star;
use super::variable::{Variable, Variables};
use super::{SampleOptions, SkyError};
use crate::healpix;

/// The generator works tile by tile of this order, 0.46 degrees wide. The density of the field is even within one.
pub const TILE_ORDER: u8 = 7;

/// The random number of field stars is kept above the wanted one by this many standard deviations.
const SURPLUS_SIGMA: f64 = 6.0;

/// A sky of which every tile can be made, alone and in any order.
pub struct Plan {
    pub seed: u64,
    pub mixtures: Mixtures,
    pub variables: Variables,
    pub permutation: Permutation,
    /// Field stars of each tile.
    field: Vec<u32>,
    /// Members of clusters by tile.
    members: HashMap<u64, Vec<Star>>,
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
        let variables = Variables::new(seed, count);
        let members = members_by_tile(seed);
        let field = field_stars(seed, &mixtures, field + SURPLUS_SIGMA * field.sqrt());
        let before = before(&field, &members, &variables);
        let permutation = Permutation::new(seed, before.last().copied().unwrap_or(0));
        Ok(Self { seed, mixtures, variables, permutation, field, members, before })
    }

    /// Sources in the whole sky.
    pub fn sources(&self) -> u64 {
        self.before[self.before.len() - 1]
    }

    /// The numbers, counted over the whole sky, of the sources in some tiles.
    pub fn rows(&self, tiles: Range<u64>) -> Range<u64> {
        self.before[tiles.start as usize]..self.before[tiles.end as usize]
    }

    /// The tile of a source by its number in the whole sky.
    pub fn tile_of_row(&self, row: u64) -> u64 {
        self.before.partition_point(|&before| before <= row) as u64 - 1
    }

    /// Field stars in a tile.
    pub fn field_stars(&self, tile: u64) -> u32 {
        self.field[tile as usize]
    }

    /// Members of clusters in a tile.
    pub fn members(&self, tile: u64) -> &[Star] {
        self.members.get(&tile).map_or(&[], Vec::as_slice)
    }

    /// Variable stars in a tile.
    pub fn variables(&self, tile: u64) -> impl Iterator<Item = Variable> {
        self.variables.numbers(tile).iter().map(|&number| self.variables.get(number as usize))
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

fn members_by_tile(seed: u64) -> HashMap<u64, Vec<Star>> {
    let mut tiles: HashMap<u64, Vec<Star>> = HashMap::new();
    for star in CLUSTERS.iter().enumerate().flat_map(|(number, cluster)| cluster.members(seed, number)) {
        let tile = healpix::tile_of(TILE_ORDER, healpix::hash29(star.ra_deg, star.dec_deg));
        tiles.entry(tile).or_default().push(star);
    }
    tiles
}

/// Stars per steradian towards every tile.
fn densities(mixtures: &Mixtures) -> Vec<f64> {
    (0..healpix::tiles(TILE_ORDER)).into_par_iter().map(|tile| sightline(mixtures, tile).total()).collect()
}

/// Draws the number of field stars of every tile around the density of the model.
fn field_stars(seed: u64, mixtures: &Mixtures, expected: f64) -> Vec<u32> {
    let densities = densities(mixtures);
    let scale = expected / densities.iter().sum::<f64>();
    densities
        .into_par_iter()
        .enumerate()
        .map(|(tile, density)| Rng::new(seed, Purpose::Count, tile as u64, 0).poisson(density * scale))
        .collect()
}

/// The sightline through the middle of a tile.
pub fn sightline(mixtures: &Mixtures, tile: u64) -> Sightline {
    let (ra, dec) = healpix::centre(TILE_ORDER, tile);
    Sightline::look(ra, dec, |origin, faintest| mixtures.of(origin).brighter_than(faintest))
}

fn before(field: &[u32], members: &HashMap<u64, Vec<Star>>, variables: &Variables) -> Vec<u64> {
    let tiles = field.iter().zip(0u64..).map(|(&count, tile)| {
        let special = members.get(&tile).map_or(0, Vec::len) + variables.numbers(tile).len();
        u64::from(count) + special as u64
    });
    let mut sum = 0;
    let sums = tiles.map(|count| {
        sum += count;
        sum
    });
    std::iter::once(0).chain(sums).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The ranges of pixels of order 8, ends included, of the files of the archive; `None` without real data.
    fn files_of_the_archive() -> Option<Vec<(usize, usize)>> {
        let besides = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
        let real = std::env::var_os("NEARSIDE_REAL_DATA").map_or(besides, PathBuf::from);
        let list = std::fs::read_to_string(real.join("density/Gaia_DR3_files_FULL.txt")).ok()?;
        let range = |line: &str| {
            let (_, range) = line.split_once("GaiaSource_")?;
            let (first, last) = range.split_once('.')?.0.split_once('-')?;
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        Some(list.lines().filter_map(range).collect())
    }

    /// Every file holds the same share of the sky's sources: the density, relative to the mean, by tile of order 5.
    fn real_densities(files: &[(usize, usize)]) -> Vec<f64> {
        let mut pixels = vec![0.0; healpix::tiles(8) as usize];
        for &(first, last) in files {
            pixels[first..=last].fill(1.0 / (last - first + 1) as f64);
        }
        let mean = files.len() as f64 / pixels.len() as f64;
        pixels.chunks(64).map(|tile| tile.iter().sum::<f64>() / 64.0 / mean).collect()
    }

    fn model_densities() -> Vec<f64> {
        let tiles = densities(&Mixtures::new());
        let mean = tiles.iter().sum::<f64>() / tiles.len() as f64;
        tiles.chunks(16).map(|tile| tile.iter().sum::<f64>() / 16.0 / mean).collect()
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "the test runner counts what was skipped")]
    fn the_sky_is_as_crowded_as_the_files_of_the_archive_say() {
        let Some(files) = files_of_the_archive() else {
            println!("SKIPPED: no list of the archive's files: set NEARSIDE_REAL_DATA");
            return;
        };
        assert_eq!(files.len(), 3_386);
        let (real, model) = (real_densities(&files), model_densities());
        let logs: Vec<f64> = real.iter().zip(&model).map(|(real, model)| (model / real).log10()).collect();
        let scatter = (logs.iter().map(|log| log * log).sum::<f64>() / logs.len() as f64).sqrt();
        let shared =
            real.iter().zip(&model).map(|(real, model)| real.min(*model)).sum::<f64>() / real.len() as f64;
        println!(
            "order 5: scatter {scatter:.3} dex, {:.1} % of the sources in the right tile",
            shared * 100.0
        );
        assert!(scatter < 0.13 && shared > 0.86, "scatter {scatter}, shared {shared}");
        let contrast = |values: &[f64]| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted[sorted.len() * 99 / 100] / sorted[sorted.len() / 100]
        };
        let (real, model) = (contrast(&real), contrast(&model));
        assert!((0.6..1.6).contains(&(model / real)), "densest to emptiest: {model} instead of {real}");
    }

    #[test]
    fn every_row_is_in_its_tile() {
        let options = SampleOptions { seed: 2, sources: 20_000, variables: 50 };
        let plan = Plan::new(&options).expect("a plan");
        for row in [0, 1, 77, 10_000, plan.sources() - 1] {
            let tile = plan.tile_of_row(row);
            assert!(plan.rows(tile..tile + 1).contains(&row), "row {row} is not in tile {tile}");
        }
        assert!((0..50).all(|number| {
            let star = plan.variables.get(number).star;
            let tile = healpix::tile_of(TILE_ORDER, healpix::hash29(star.ra_deg, star.dec_deg));
            plan.variables.numbers(tile).contains(&(number as u32))
        }));
    }
}
