//! The sources of one tile, sorted and named.

use super::observe::{Source, observe};
use super::plan::{CELL_ORDER, CELLS_PER_TILE, Plan, sightline};
use super::rng::{Purpose, Rng};
use super::star::Star;
use super::variable::inside;
use crate::healpix;

/// A row of `gaia_source` with its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Unique within the sky.
    pub source_id: i64,
    /// A permutation of all rows.
    pub random_index: i64,
    /// The rest of the row.
    pub source: Source,
}

/// Gaia's source ids begin with a pixel of this order.
const ID_ORDER: u8 = 12;

/// Position of that pixel in the id, and of the running number behind it.
const PIXEL_SHIFT: u32 = 35;
const NUMBER_SHIFT: u32 = 7;

/// Positions move and ids do not, so some ids name a neighbouring pixel. Whoever looks up ids must not rely on
/// them; this share of the sources checks that.
const STRAY_SHARE: f64 = 0.002;

/// Numbers of strays begin here, so that they meet nobody in the pixel that they name.
const FIRST_STRAY: u64 = 1 << 27;

impl Plan {
    /// The sources of a tile in the order of `_healpix_29`.
    pub fn tile(&self, tile: u64) -> Vec<Named> {
        let stars = self.field(tile).into_iter().chain(self.special(tile).iter().copied());
        let mut sources: Vec<Source> = stars
            .zip(0u64..)
            .map(|(star, row)| observe(&mut Rng::new(self.seed, Purpose::Observation, tile, row), &star))
            .collect();
        sources.sort_by_key(|source| source.healpix);
        self.name(tile, sources)
    }

    fn field(&self, tile: u64) -> Vec<Star> {
        let mut stars = Vec::new();
        for cell in tile * CELLS_PER_TILE..(tile + 1) * CELLS_PER_TILE {
            let line = sightline(&self.mixtures, cell);
            stars.extend((0..self.field_stars(cell)).map(|row| {
                let mut rng = Rng::new(self.seed, Purpose::Field, cell, u64::from(row));
                let place = inside(&mut rng, CELL_ORDER, cell);
                Star::field(&mut rng, &self.mixtures, &line, place)
            }));
        }
        stars
    }

    fn name(&self, tile: u64, sources: Vec<Source>) -> Vec<Named> {
        let (mut pixel, mut number) = (u64::MAX, 0);
        let rows = self.rows(tile..tile + 1);
        let named = sources.into_iter().zip(rows).map(|(source, row)| {
            let here = healpix::tile_of(ID_ORDER, source.healpix);
            number = if here == pixel { number + 1 } else { 1 };
            pixel = here;
            let random_index = self.permutation.apply(row);
            let is_stray = (random_index as f64) < STRAY_SHARE * self.sources() as f64;
            let (id_pixel, id_number) = if is_stray { (here ^ 1, FIRST_STRAY + row) } else { (here, number) };
            let source_id = (id_pixel << PIXEL_SHIFT | id_number << NUMBER_SHIFT) as i64;
            Named { source_id, random_index: random_index as i64, source }
        });
        named.collect()
    }
}
