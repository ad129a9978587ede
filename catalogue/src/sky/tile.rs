//! The sources of one tile, sorted and named.

use super::observe::{Source, observe};
use super::plan::{Plan, TILE_ORDER, sightline};
use super::rng::{Purpose, Rng};
use super::star::Star;
use super::variable::{inside, place};
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

/// What a source is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Unique within the sky.
    pub source_id: i64,
    /// A permutation of all rows.
    pub random_index: i64,
    /// `_healpix_29`.
    pub healpix: i64,
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
        let variables = self.variables(tile).map(|variable| variable.star);
        let stars = self.field(tile).chain(self.members(tile).iter().copied()).chain(variables);
        let mut sources: Vec<Source> = stars
            .zip(0u64..)
            .map(|(star, row)| observe(&mut Rng::new(self.seed, Purpose::Observation, tile, row), &star))
            .collect();
        sources.sort_by_key(|source| source.healpix);
        let keys = self.name(tile, sources.iter().map(|source| source.healpix));
        let named = sources.into_iter().zip(keys).map(|(source, key)| Named {
            source_id: key.source_id,
            random_index: key.random_index,
            source,
        });
        named.collect()
    }

    /// Only the keys of a tile's sources, in the same order: a tenth of the work of making them whole.
    pub fn keys(&self, tile: u64) -> Vec<Key> {
        let field =
            (0..self.field_stars(tile)).map(|row| place(&mut self.field_rng(tile, row), TILE_ORDER, tile));
        let variables = self.variables(tile).map(|variable| variable.star);
        let special = self.members(tile).iter().copied().chain(variables);
        let special = special.map(|star| healpix::hash29(star.ra_deg, star.dec_deg));
        let mut pixels: Vec<i64> = field.map(|pixel| pixel as i64).chain(special).collect();
        pixels.sort_unstable();
        self.name(tile, pixels.into_iter())
    }

    fn field(&self, tile: u64) -> impl Iterator<Item = Star> {
        let line = sightline(&self.mixtures, tile);
        (0..self.field_stars(tile)).map(move |row| {
            let mut rng = self.field_rng(tile, row);
            let place = inside(&mut rng, TILE_ORDER, tile);
            Star::field(&mut rng, &self.mixtures, &line, place)
        })
    }

    fn field_rng(&self, tile: u64, row: u32) -> Rng {
        Rng::new(self.seed, Purpose::Field, tile, u64::from(row))
    }

    /// Names the sources of a tile, given their pixels in order.
    fn name(&self, tile: u64, pixels: impl Iterator<Item = i64>) -> Vec<Key> {
        let (mut pixel, mut number) = (u64::MAX, 0);
        let named = pixels.zip(self.rows(tile..tile + 1)).map(|(healpix, row)| {
            let here = healpix::tile_of(ID_ORDER, healpix);
            number = if here == pixel { number + 1 } else { 1 };
            pixel = here;
            let random_index = self.permutation.apply(row);
            let is_stray = (random_index as f64) < STRAY_SHARE * self.sources() as f64;
            let (id_pixel, id_number) =
                if is_stray { (here ^ 1, FIRST_STRAY + number) } else { (here, number) };
            let source_id = (id_pixel << PIXEL_SHIFT | id_number << NUMBER_SHIFT) as i64;
            Key { source_id, random_index: random_index as i64, healpix }
        });
        named.collect()
    }
}
