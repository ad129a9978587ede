//! The variable stars of the sample: classes, periods, amplitudes, and where they are.

use rayon::prelude::*;

use super::frame::{LocalAxes, direction, to_galactic};
use super::galaxy::{CLOUDS, Component};
use super::kinematics;
use super::plan::TILE_ORDER;
use super::population::Type;
use super::rng::{Purpose, Rng};
use super::sightline::{Origin, Sightline};
use super::star::{Nature, Star, apparent};
use crate::healpix;

/// Classes of variable stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// RR Lyrae in the fundamental mode.
    RrAb,
    /// RR Lyrae in the first overtone.
    RrC,
    /// Classical Cepheid.
    Cepheid,
    /// Eclipsing binary.
    EclipsingBinary,
    /// Mira and other long-period variables.
    LongPeriod,
}

/// A variable star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variable {
    /// Its class.
    pub class: Class,
    /// Its period in days.
    pub period_d: f64,
    /// Its phase at time zero.
    pub phase: f64,
    /// Peak to peak in G.
    pub amplitude_g: f64,
    /// Depth of the secondary eclipse relative to the primary; only eclipsing binaries have one.
    pub second_depth: f64,
    /// Its mean state.
    pub star: Star,
}

/// Variables are drawn brighter than this in G, so that their light curves show something.
const FAINTEST_G: f64 = 18.5;

/// How many of a hundred variables belong to a class and a part of the model.
const SHARES: &[(u32, Class, Origin)] = &[
    (26, Class::RrAb, Origin::Galaxy(Component::Halo)),
    (13, Class::RrAb, Origin::Galaxy(Component::Bulge)),
    (6, Class::RrAb, Origin::Galaxy(Component::ThickDisc)),
    (9, Class::RrC, Origin::Galaxy(Component::Halo)),
    (4, Class::RrC, Origin::Galaxy(Component::Bulge)),
    (2, Class::RrC, Origin::Galaxy(Component::ThickDisc)),
    (5, Class::Cepheid, Origin::Cloud(0)),
    (2, Class::Cepheid, Origin::Cloud(1)),
    (4, Class::Cepheid, Origin::Galaxy(Component::ThinDisc)),
    (17, Class::EclipsingBinary, Origin::Galaxy(Component::ThinDisc)),
    (5, Class::LongPeriod, Origin::Galaxy(Component::ThinDisc)),
    (4, Class::LongPeriod, Origin::Galaxy(Component::Bulge)),
    (3, Class::LongPeriod, Origin::Cloud(0)),
];

/// Places are drawn from a map of tiles of this order.
const MAP_ORDER: u8 = 5;

/// The variables of a sky, each made when it is asked for.
pub struct Variables {
    seed: u64,
    homes: Vec<Home>,
    /// [`SHARES`] summed up.
    shares: Vec<f64>,
    /// The numbers of all variables, by tile.
    numbers: Vec<u32>,
    /// Where the numbers of each tile begin, and at the end where those of the last one end.
    begins: Vec<u32>,
}

/// The map of one row of [`SHARES`].
struct Home {
    class: Class,
    origin: Origin,
    /// Expected stars up to and including each tile; empty for a cloud.
    cumulative: Vec<f64>,
}

impl Variables {
    /// Decides for `count` variables where they are.
    pub fn new(seed: u64, count: usize) -> Self {
        let homes = SHARES.par_iter().map(|&(_, class, origin)| Home::map(class, origin)).collect();
        let sum = |sum: &mut f64, &(share, _, _): &(u32, Class, Origin)| {
            *sum += f64::from(share);
            Some(*sum)
        };
        let shares = SHARES.iter().scan(0.0, sum).collect();
        let mut variables = Self { seed, homes, shares, numbers: Vec::new(), begins: Vec::new() };
        let tiles: Vec<u32> = (0..count).into_par_iter().map(|number| variables.tile(number)).collect();
        (variables.numbers, variables.begins) = by_tile(&tiles);
        variables
    }

    /// The variable with a number.
    pub fn get(&self, number: usize) -> Variable {
        let mut rng = Rng::new(self.seed, Purpose::Variable, number as u64, 0);
        self.homes[rng.pick(&self.shares)].variable(&mut rng, number)
    }

    /// The numbers of the variables in a tile.
    pub fn numbers(&self, tile: u64) -> &[u32] {
        let ends = [tile, tile + 1].map(|tile| self.begins[tile as usize] as usize);
        &self.numbers[ends[0]..ends[1]]
    }

    fn tile(&self, number: usize) -> u32 {
        let mut rng = Rng::new(self.seed, Purpose::Variable, number as u64, 0);
        let (ra_deg, dec_deg) = self.homes[rng.pick(&self.shares)].place(&mut rng);
        healpix::tile_of(TILE_ORDER, healpix::hash29(ra_deg, dec_deg)) as u32
    }
}

/// The positions of `tiles` sorted by tile, and where each tile begins among them.
fn by_tile(tiles: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut begins = vec![0; healpix::tiles(TILE_ORDER) as usize + 1];
    for &tile in tiles {
        begins[tile as usize + 1] += 1;
    }
    for tile in 1..begins.len() {
        begins[tile] += begins[tile - 1];
    }
    let mut next = begins.clone();
    let mut numbers = vec![0; tiles.len()];
    for (&tile, number) in tiles.iter().zip(0..) {
        numbers[next[tile as usize] as usize] = number;
        next[tile as usize] += 1;
    }
    (numbers, begins)
}

impl Home {
    fn map(class: Class, origin: Origin) -> Self {
        let tiles = if matches!(origin, Origin::Cloud(_)) { 0 } else { healpix::tiles(MAP_ORDER) };
        let cumulative = (0..tiles)
            .scan(0.0, |sum, tile| {
                let (ra, dec) = healpix::centre(MAP_ORDER, tile);
                *sum += sightline(class, origin, ra, dec).total();
                Some(*sum)
            })
            .collect();
        Self { class, origin, cumulative }
    }

    fn variable(&self, rng: &mut Rng, number: usize) -> Variable {
        let (ra_deg, dec_deg) = self.place(rng);
        let slab = sightline(self.class, self.origin, ra_deg, dec_deg).draw(rng);
        let distance_kpc = slab.distance_kpc(rng);
        let axes = LocalAxes::at(ra_deg, dec_deg);
        let towards = to_galactic(direction(ra_deg, dec_deg));
        let motion = kinematics::motion(rng, self.origin, towards, axes, distance_kpc);
        let period_d = self.class.period_d(rng);
        let (g, bp_rp) = apparent(self.class.kind(rng, period_d), distance_kpc, slab.extinction_g);
        let nature = Nature::Variable(number);
        Variable {
            class: self.class,
            period_d,
            phase: rng.unit(),
            amplitude_g: self.class.amplitude_g(rng, period_d),
            second_depth: rng.between(0.2, 1.0),
            star: Star { ra_deg, dec_deg, parallax: 1.0 / distance_kpc, motion, g, bp_rp, nature },
        }
    }

    fn place(&self, rng: &mut Rng) -> (f64, f64) {
        if let Origin::Cloud(number) = self.origin {
            let cloud = CLOUDS[number];
            let axes = LocalAxes::at(cloud.ra_deg, cloud.dec_deg);
            let scale = 1.3 * cloud.scale_deg.to_radians();
            let place = super::frame::combine([
                (1.0, axes.away),
                (scale * rng.gaussian(), axes.east),
                (scale * rng.gaussian(), axes.north),
            ]);
            return super::frame::lon_lat(place);
        }
        let tile = rng.pick(&self.cumulative) as u64;
        inside(rng, MAP_ORDER, tile)
    }
}

/// A random position inside a tile: one of its pixels of order 29.
pub fn inside(rng: &mut Rng, order: u8, npix: u64) -> (f64, f64) {
    healpix::centre(healpix::ORDER, place(rng, order, npix))
}

/// A random pixel of order 29 inside a tile.
pub fn place(rng: &mut Rng, order: u8, npix: u64) -> u64 {
    let free_bits = 2 * u32::from(healpix::ORDER - order);
    npix << free_bits | rng.bits() >> (u64::BITS - free_bits)
}

fn sightline(class: Class, origin: Origin, ra_deg: f64, dec_deg: f64) -> Sightline {
    let limit = class.typical_absolute_g() + super::sightline::LIMIT_G - FAINTEST_G;
    Sightline::look(ra_deg, dec_deg, origin_only(origin, limit))
}

/// Stars of one absolute magnitude in one part of the model.
fn origin_only(wanted: Origin, absolute_g: f64) -> impl Fn(Origin, f64) -> f64 {
    move |origin, faintest| f64::from(u8::from(origin == wanted && absolute_g < faintest))
}

impl Class {
    fn typical_absolute_g(self) -> f64 {
        match self {
            Self::RrAb | Self::RrC => 0.6,
            Self::Cepheid => -3.3,
            Self::EclipsingBinary => 3.5,
            Self::LongPeriod => -2.5,
        }
    }

    /// Absolute magnitude and colour; Cepheids follow a period-luminosity relation.
    fn kind(self, rng: &mut Rng, period_d: f64) -> Type {
        let log_period = period_d.log10();
        let (absolute_g, bp_rp) = match self {
            Self::RrAb => (0.6 + 0.1 * rng.gaussian(), 0.55 + 0.05 * rng.gaussian()),
            Self::RrC => (0.6 + 0.1 * rng.gaussian(), 0.40 + 0.05 * rng.gaussian()),
            Self::Cepheid => {
                (-4.05 - 2.55 * (log_period - 1.0) + 0.1 * rng.gaussian(), 0.55 + 0.3 * log_period)
            }
            Self::EclipsingBinary => {
                let absolute_g = rng.between(1.5, 5.0);
                (absolute_g, 0.1 + 0.19 * (absolute_g - 1.0) + 0.04 * rng.gaussian())
            }
            Self::LongPeriod => (-2.5 + 0.4 * rng.gaussian(), 3.2 + 0.6 * rng.gaussian()),
        };
        Type { absolute_g, bp_rp }
    }

    fn period_d(self, rng: &mut Rng) -> f64 {
        match self {
            Self::RrAb => (0.57 + 0.07 * rng.gaussian()).clamp(0.43, 0.85),
            Self::RrC => (0.32 + 0.035 * rng.gaussian()).clamp(0.25, 0.42),
            Self::Cepheid => 10f64.powf((0.7 + 0.28 * rng.gaussian()).clamp(0.1, 1.7)),
            Self::EclipsingBinary => 10f64.powf(rng.between(-0.45, 1.0)),
            Self::LongPeriod => 10f64.powf(rng.between(2.0, 2.7)),
        }
    }

    fn amplitude_g(self, rng: &mut Rng, period_d: f64) -> f64 {
        match self {
            Self::RrAb => (0.85 - 2.2 * (period_d - 0.57) + 0.1 * rng.gaussian()).clamp(0.3, 1.3),
            Self::RrC => rng.between(0.25, 0.5),
            Self::Cepheid => rng.between(0.3, 0.9),
            Self::EclipsingBinary => rng.between(0.1, 0.8),
            Self::LongPeriod => rng.between(0.5, 2.5),
        }
    }
}
