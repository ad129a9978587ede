//! Where the stars and the dust of the model are: thin and thick disc, bulge, halo, and the Magellanic Clouds.
//!
//! Smooth textbook shapes. Their scales are fitted to the map that the archive's own files draw: Gaia DR3 is cut
//! into 3,386 files of nearly equal size, each a range of HEALPix pixels of order 8. Deliberately not: spiral arms,
//! the warp, single dust clouds, dwarf galaxies.

use super::frame::Vector;

/// Distance of the Sun from the Galactic centre in kpc.
pub const SUN_RADIUS_KPC: f64 = 8.2;

/// The Galaxy's smooth parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// Young and middle-aged stars near the plane.
    ThinDisc,
    /// Old stars up to a few kpc from the plane.
    ThickDisc,
    /// Old stars around the centre.
    Bulge,
    /// Old stars everywhere else.
    Halo,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ThinDisc, Self::ThickDisc, Self::Bulge, Self::Halo];

    /// Density at a Galactocentric place, as a multiple of the luminosity function near the Sun.
    pub fn density(self, place: Place) -> f64 {
        let Place { radius, height, along_bar, across_bar } = place;
        match self {
            Self::ThinDisc => ((SUN_RADIUS_KPC - radius) / 3.2 - height.abs() / 0.41).exp(),
            Self::ThickDisc => 0.053 * ((SUN_RADIUS_KPC - radius) / 3.2 - height.abs() / 0.66).exp(),
            Self::Bulge => 7.0 * (-(along_bar / 0.75).hypot(across_bar / 0.44).hypot(height / 0.37)).exp(),
            Self::Halo => {
                let r = radius.hypot(height / 0.55).max(1.0);
                0.0016 * (r / SUN_RADIUS_KPC).powi(-4)
            }
        }
    }
}

/// A place in the Galaxy, in kpc.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Distance from the axis.
    pub radius: f64,
    /// Height above the plane.
    pub height: f64,
    along_bar: f64,
    across_bar: f64,
}

impl Place {
    /// The place at a distance in kpc in a direction (Galactic frame, from the Sun).
    pub fn towards(direction: Vector, distance_kpc: f64) -> Self {
        let x = SUN_RADIUS_KPC - direction[0] * distance_kpc;
        let y = -direction[1] * distance_kpc;
        // The near end of the bar points to positive longitudes, 27 degrees from the line to the Sun.
        let (sin, cos) = 27f64.to_radians().sin_cos();
        Self {
            radius: x.hypot(y),
            height: direction[2] * distance_kpc + 0.02,
            along_bar: x * cos - y * sin,
            across_bar: x * sin + y * cos,
        }
    }

    /// Extinction in G per kpc.
    pub fn extinction_per_kpc(&self) -> f64 {
        0.42 * ((SUN_RADIUS_KPC - self.radius) / 5.6 - self.height.abs() / 0.27).exp()
    }
}

/// How much more densely stars at a distance in kpc are sampled than far ones. A fair sample of the sky has almost
/// no neighbours of the Sun, and those are what a first notebook looks at.
pub fn oversampling(distance_kpc: f64) -> f64 {
    1.0 + 30.0 / (1.0 + (distance_kpc / 0.25).powi(6))
}

/// Reddening E(BP - RP) of an extinction in G.
pub fn reddening(extinction_g: f64) -> f64 {
    extinction_g / 1.9
}

/// A Magellanic Cloud: an exponential disc on the sky at one distance. Centres and systemic motions of
/// Gaia Collaboration, Luri et al. 2021 (A&A 649, A7); size and number of stars are fitted like the Galaxy's.
#[derive(Clone, Copy, Debug)]
pub struct Cloud {
    /// Centre, ICRS degrees.
    pub ra_deg: f64,
    /// Centre, ICRS degrees.
    pub dec_deg: f64,
    /// Distance in kpc.
    pub distance_kpc: f64,
    /// Scale length on the sky.
    pub scale_deg: f64,
    /// Stars above the magnitude limit, beside those of the whole Galaxy in the same units.
    pub stars: f64,
    /// Mean proper motion in mas/yr and radial velocity in km/s.
    pub motion: super::frame::Motion,
}

/// The Large and the Small Magellanic Cloud.
pub const CLOUDS: [Cloud; 2] = [
    Cloud {
        ra_deg: 81.28,
        dec_deg: -69.78,
        distance_kpc: 49.6,
        scale_deg: 1.8,
        stars: 2.4e7,
        motion: super::frame::Motion { pmra: 1.858, pmdec: 0.385, radial_velocity: 262.0 },
    },
    Cloud {
        ra_deg: 12.80,
        dec_deg: -73.15,
        distance_kpc: 62.8,
        scale_deg: 0.9,
        stars: 3.0e6,
        motion: super::frame::Motion { pmra: 0.695, pmdec: -1.206, radial_velocity: 146.0 },
    },
];

impl Cloud {
    /// Stars per steradian at a position in degrees.
    pub fn per_steradian(&self, ra_deg: f64, dec_deg: f64) -> f64 {
        let angle = crate::healpix::separation_deg(self.ra_deg, self.dec_deg, ra_deg, dec_deg);
        let scale = self.scale_deg.to_radians();
        self.stars * (-angle / self.scale_deg).exp() / (std::f64::consts::TAU * scale * scale)
    }
}
