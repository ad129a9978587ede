//! A star as it is, before anybody measures it.

use super::frame::{LocalAxes, Motion, direction, to_galactic};
use super::galaxy::reddening;
use super::kinematics;
use super::population::Type;
use super::rng::Rng;
use super::sightline::{Mixtures, Sightline, distance_modulus};

/// The truth about a star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    /// Position, ICRS degrees, at the reference epoch.
    pub ra_deg: f64,
    /// Position, ICRS degrees, at the reference epoch.
    pub dec_deg: f64,
    /// Parallax in mas.
    pub parallax: f64,
    /// Motion on the sky and along the sight.
    pub motion: Motion,
    /// Mean apparent magnitude in G.
    pub g: f64,
    /// Apparent colour BP - RP.
    pub bp_rp: f64,
    /// Where it comes from.
    pub nature: Nature,
}

/// What the model knows about a star besides its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// One of many.
    Field,
    /// A member of a cluster, by the cluster's number.
    Member(usize),
    /// A variable star, by its number.
    Variable(usize),
}

impl Star {
    /// A field star at a position in degrees.
    pub fn field(
        rng: &mut Rng,
        mixtures: &Mixtures,
        line: &Sightline,
        (ra_deg, dec_deg): (f64, f64),
    ) -> Self {
        let slab = line.draw(rng);
        let distance_kpc = slab.distance_kpc(rng);
        let kind = mixtures.of(slab.origin).draw(rng, f64::MIN, slab.faintest(distance_kpc));
        let towards = to_galactic(direction(ra_deg, dec_deg));
        let axes = LocalAxes::at(ra_deg, dec_deg);
        let motion = kinematics::motion(rng, slab.origin, towards, axes, distance_kpc);
        let (g, bp_rp) = apparent(kind, distance_kpc, slab.extinction_g);
        Self { ra_deg, dec_deg, parallax: 1.0 / distance_kpc, motion, g, bp_rp, nature: Nature::Field }
    }
}

/// Apparent magnitude and colour of a star behind dust.
pub fn apparent(kind: Type, distance_kpc: f64, extinction_g: f64) -> (f64, f64) {
    (kind.absolute_g + distance_modulus(distance_kpc) + extinction_g, kind.bp_rp + reddening(extinction_g))
}
