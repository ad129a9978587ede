//! What one looks through in one direction: slabs of distance, how many stars each part of the model has in
//! them above the magnitude limit, and the dust in front.

use super::frame::{direction, to_galactic};
use super::galaxy::{CLOUDS, Component, Place, oversampling};
use super::population::Population;
use super::rng::Rng;

/// Stars fainter than this in G are not in the catalogue.
pub const LIMIT_G: f64 = 20.5;

const SLABS: usize = 32;
const NEAREST_KPC: f64 = 0.01;
const FARTHEST_KPC: f64 = 60.0;
const PC3_PER_KPC3: f64 = 1e9;

/// Half the depth of a Magellanic Cloud in kpc.
const CLOUD_DEPTH_KPC: f64 = 1.5;

/// Which part of the model a star belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The Galaxy.
    Galaxy(Component),
    /// A Magellanic Cloud, by its position in [`CLOUDS`].
    Cloud(usize),
}

/// A piece of a sightline.
#[derive(Clone, Copy, Debug)]
pub struct Slab {
    /// Who is there.
    pub origin: Origin,
    near_kpc: f64,
    far_kpc: f64,
    /// Extinction in G up to its middle.
    pub extinction_g: f64,
}

/// The mixtures of stars in the field.
pub struct Mixtures {
    disc: Population,
    old: Population,
}

impl Mixtures {
    /// Prepares the mixtures.
    pub fn new() -> Self {
        Self { disc: Population::disc(), old: Population::old() }
    }

    /// The mixture of one part of the model.
    pub fn of(&self, origin: Origin) -> &Population {
        match origin {
            Origin::Galaxy(Component::ThinDisc) | Origin::Cloud(_) => &self.disc,
            Origin::Galaxy(Component::ThickDisc | Component::Bulge | Component::Halo) => &self.old,
        }
    }
}

/// All slabs in one direction with the number of stars per steradian in each, summed up for drawing.
pub struct Sightline {
    slabs: Vec<Slab>,
    cumulative: Vec<f64>,
}

impl Sightline {
    /// Looks towards a position in degrees. `stars` says how many stars of a part of the model, per cubic
    /// parsec near the Sun, are brighter than an absolute magnitude.
    pub fn look(ra_deg: f64, dec_deg: f64, stars: impl Fn(Origin, f64) -> f64) -> Self {
        let towards = to_galactic(direction(ra_deg, dec_deg));
        let mut line = Self { slabs: Vec::new(), cumulative: Vec::new() };
        let ratio = (FARTHEST_KPC / NEAREST_KPC).powf(1.0 / SLABS as f64);
        let (mut near, mut extinction) = (NEAREST_KPC, 0.0);
        for _ in 0..SLABS {
            let (far, middle) = (near * ratio, near * ratio.sqrt());
            let place = Place::towards(towards, middle);
            let half = place.extinction_per_kpc() * (far - near) / 2.0;
            extinction += half;
            let volume = (far.powi(3) - near.powi(3)) / 3.0 * PC3_PER_KPC3 * oversampling(middle);
            for component in Component::ALL {
                let slab = Slab {
                    origin: Origin::Galaxy(component),
                    near_kpc: near,
                    far_kpc: far,
                    extinction_g: extinction,
                };
                let count = volume * component.density(place) * stars(slab.origin, slab.faintest(middle));
                line.push(slab, count);
            }
            extinction += half;
            near = far;
        }
        line.add_clouds(ra_deg, dec_deg, extinction);
        line
    }

    fn add_clouds(&mut self, ra_deg: f64, dec_deg: f64, extinction_g: f64) {
        for (number, cloud) in CLOUDS.iter().enumerate() {
            let near_kpc = cloud.distance_kpc - CLOUD_DEPTH_KPC;
            let far_kpc = cloud.distance_kpc + CLOUD_DEPTH_KPC;
            let slab = Slab { origin: Origin::Cloud(number), near_kpc, far_kpc, extinction_g };
            self.push(slab, cloud.per_steradian(ra_deg, dec_deg));
        }
    }

    fn push(&mut self, slab: Slab, count: f64) {
        self.cumulative.push(self.total() + count);
        self.slabs.push(slab);
    }

    /// Stars per steradian.
    pub fn total(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// The slab of a random star.
    pub fn draw(&self, rng: &mut Rng) -> Slab {
        self.slabs[rng.pick(&self.cumulative)]
    }
}

impl Slab {
    /// A random distance inside, in kpc.
    pub fn distance_kpc(&self, rng: &mut Rng) -> f64 {
        rng.between(self.near_kpc.powi(3), self.far_kpc.powi(3)).cbrt()
    }

    /// The absolute magnitude that just reaches the limit from a distance in kpc.
    pub fn faintest(&self, distance_kpc: f64) -> f64 {
        LIMIT_G - distance_modulus(distance_kpc) - self.extinction_g
    }
}

/// Apparent minus absolute magnitude without dust.
pub fn distance_modulus(distance_kpc: f64) -> f64 {
    5.0 * distance_kpc.log10() + 10.0
}
