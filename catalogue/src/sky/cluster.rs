//! The six clusters of the sample, with published means, and their members.
//!
//! Sources of the numbers: open clusters, Hunt and Reffert 2023 (A&A 673, A114); globular clusters, motions and
//! parallaxes of Vasiliev and Baumgardt 2021 (MNRAS 505, 5978), radial velocities and half-light radii of Harris
//! 1996 (AJ 112, 1487). The number of members is ours: these are samples of the clusters.

use super::frame::{LocalAxes, Motion, combine, lon_lat};
use super::galaxy::reddening;
use super::population::{Population, Type};
use super::rng::{Purpose, Rng};
use super::sightline::distance_modulus;
use super::star::{Nature, Star};

/// A cluster of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cluster {
    /// Its common name.
    pub name: &'static str,
    /// Centre, ICRS degrees.
    pub ra_deg: f64,
    /// Centre, ICRS degrees.
    pub dec_deg: f64,
    /// Mean motion: mas/yr and km/s.
    pub motion: Motion,
    /// Mean parallax in mas.
    pub parallax: f64,
    /// Half of the members are within this angle of the centre.
    pub half_radius_deg: f64,
    /// Scatter of the members' proper motions in mas/yr, one axis.
    pub pm_scatter: f64,
    /// Extinction in G.
    pub extinction_g: f64,
    /// How many members the sample has.
    pub members: usize,
    stars: Stars,
}

/// Which stars a cluster is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stars {
    /// A main sequence up to an absolute magnitude, and a few giants of the clump.
    Open { turn_off_g: f64, giants: usize },
    /// A turn-off, a giant branch and a horizontal branch.
    Globular,
}

/// Apparent magnitude of the faintest member.
const FAINTEST_G: f64 = 19.0;

/// The bright limit of Gaia's astrometry, about.
const BRIGHTEST_G: f64 = 3.0;

/// Members are within this many half radii.
const EDGE: f64 = 4.0;

/// All clusters; [`Nature::Member`] counts in this order.
pub const CLUSTERS: [Cluster; 6] = [
    Cluster {
        name: "Pleiades",
        ra_deg: 56.679_78,
        dec_deg: 24.108_45,
        motion: Motion { pmra: 19.955, pmdec: -45.457, radial_velocity: 5.34 },
        parallax: 7.378,
        half_radius_deg: 1.146,
        pm_scatter: 0.8,
        extinction_g: 0.12,
        members: 1000,
        stars: Stars::Open { turn_off_g: -2.0, giants: 0 },
    },
    Cluster {
        name: "Hyades",
        ra_deg: 66.708_65,
        dec_deg: 16.080_8,
        motion: Motion { pmra: 104.136, pmdec: -28.732, radial_velocity: 39.26 },
        parallax: 21.232,
        half_radius_deg: 4.209,
        pm_scatter: 1.2,
        extinction_g: 0.0,
        members: 400,
        stars: Stars::Open { turn_off_g: 0.6, giants: 4 },
    },
    Cluster {
        name: "Praesepe",
        ra_deg: 130.088_1,
        dec_deg: 19.665_87,
        motion: Motion { pmra: -35.943, pmdec: -12.903, radial_velocity: 33.94 },
        parallax: 5.404,
        half_radius_deg: 1.013,
        pm_scatter: 0.7,
        extinction_g: 0.05,
        members: 800,
        stars: Stars::Open { turn_off_g: 0.5, giants: 5 },
    },
    Cluster {
        name: "M4",
        ra_deg: 245.897,
        dec_deg: -26.526,
        motion: Motion { pmra: -12.514, pmdec: -19.022, radial_velocity: 70.2 },
        parallax: 0.556,
        half_radius_deg: 3.65 / 60.0,
        pm_scatter: 0.45,
        extinction_g: 0.95,
        members: 3000,
        stars: Stars::Globular,
    },
    Cluster {
        name: "M5",
        ra_deg: 229.638,
        dec_deg: 2.081,
        motion: Motion { pmra: 4.086, pmdec: -9.870, radial_velocity: 52.1 },
        parallax: 0.141,
        half_radius_deg: 2.11 / 60.0,
        pm_scatter: 0.17,
        extinction_g: 0.08,
        members: 4000,
        stars: Stars::Globular,
    },
    Cluster {
        name: "47 Tuc",
        ra_deg: 6.024,
        dec_deg: -72.081,
        motion: Motion { pmra: 5.252, pmdec: -2.551, radial_velocity: -18.7 },
        parallax: 0.232,
        half_radius_deg: 2.79 / 60.0,
        pm_scatter: 0.45,
        extinction_g: 0.13,
        members: 8000,
        stars: Stars::Globular,
    },
];

impl Cluster {
    /// The members, shifted so that their true mean motion and parallax are the published ones exactly.
    pub fn members(&self, seed: u64, number: usize) -> Vec<Star> {
        let population = match self.stars {
            Stars::Open { .. } => Population::open_cluster(),
            Stars::Globular => Population::old(),
        };
        let member = |row: usize| {
            let mut rng = Rng::new(seed, Purpose::Member, number as u64, row as u64);
            let kind = self.kind(&mut rng, &population, row);
            self.member(&mut rng, number, kind)
        };
        let mut members: Vec<Star> = (0..self.members).map(member).collect();
        let mean = |value: fn(&Star) -> f64| members.iter().map(value).sum::<f64>() / members.len() as f64;
        let pmra = self.motion.pmra - mean(|star| star.motion.pmra);
        let pmdec = self.motion.pmdec - mean(|star| star.motion.pmdec);
        let parallax = self.parallax - mean(|star| star.parallax);
        for star in &mut members {
            star.motion.pmra += pmra;
            star.motion.pmdec += pmdec;
            star.parallax += parallax;
        }
        members
    }

    fn distance_kpc(&self) -> f64 {
        1.0 / self.parallax
    }

    fn kind(&self, rng: &mut Rng, population: &Population, row: usize) -> Type {
        let to_absolute = distance_modulus(self.distance_kpc()) + self.extinction_g;
        match self.stars {
            Stars::Open { giants, .. } if row < giants => population.clump_giant(rng),
            Stars::Open { turn_off_g, .. } => {
                population.draw(rng, turn_off_g.max(BRIGHTEST_G - to_absolute), FAINTEST_G - to_absolute)
            }
            Stars::Globular => population.draw(rng, f64::MIN, FAINTEST_G - to_absolute),
        }
    }

    /// A member at a random place in a Plummer sphere, moving with the cluster: seen from here the motions of a
    /// near cluster converge, which is what the Hyades do.
    fn member(&self, rng: &mut Rng, number: usize, kind: Type) -> Star {
        let centre = LocalAxes::at(self.ra_deg, self.dec_deg);
        let velocity = centre.velocity(self.motion, self.distance_kpc());
        let [east, north, away] = plummer(rng).map(|radii| radii * self.half_radius_deg.to_radians());
        let place = combine([(1.0 + away, centre.away), (east, centre.east), (north, centre.north)]);
        let (ra_deg, dec_deg) = lon_lat(place);
        let parallax = self.parallax * (1.0 - away);
        let mut motion = LocalAxes::at(ra_deg, dec_deg).observe(velocity, 1.0 / parallax);
        motion.pmra += self.pm_scatter * rng.gaussian();
        motion.pmdec += self.pm_scatter * rng.gaussian();
        motion.radial_velocity += 0.5 * rng.gaussian();
        let g = kind.absolute_g + distance_modulus(1.0 / parallax) + self.extinction_g;
        let bp_rp = kind.bp_rp + reddening(self.extinction_g);
        Star { ra_deg, dec_deg, parallax, motion, g, bp_rp, nature: Nature::Member(number) }
    }
}

/// A random place in a Plummer sphere in units of its projected half-number radius, cut at [`EDGE`].
fn plummer(rng: &mut Rng) -> [f64; 3] {
    let radius = loop {
        let radius = (rng.unit().max(1e-9).powf(-2.0 / 3.0) - 1.0).max(0.0).powf(-0.5);
        if radius < EDGE {
            break radius;
        }
    };
    let direction = rng.gaussian3();
    let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    direction.map(|x| x / length * radius)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_have_the_published_mean_motion_and_parallax() {
        for (number, cluster) in CLUSTERS.iter().enumerate() {
            let members = cluster.members(1, number);
            let mean =
                |value: fn(&Star) -> f64| members.iter().map(value).sum::<f64>() / members.len() as f64;
            let off = [
                mean(|star| star.motion.pmra) - cluster.motion.pmra,
                mean(|star| star.motion.pmdec) - cluster.motion.pmdec,
                mean(|star| star.parallax) - cluster.parallax,
            ];
            assert!(off.iter().all(|off| off.abs() < 1e-9), "{}: {off:?}", cluster.name);
            assert_eq!(members.len(), cluster.members);
        }
    }

    #[test]
    fn half_of_the_members_are_within_the_half_radius() {
        for (number, cluster) in CLUSTERS.iter().enumerate() {
            let members = cluster.members(1, number);
            let inside = members.iter().filter(|star| {
                let angle = crate::healpix::separation_deg(
                    cluster.ra_deg,
                    cluster.dec_deg,
                    star.ra_deg,
                    star.dec_deg,
                );
                angle < cluster.half_radius_deg
            });
            let share = inside.count() as f64 / cluster.members as f64;
            assert!((0.45..0.62).contains(&share), "{}: {share}", cluster.name);
        }
    }
}
