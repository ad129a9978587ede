//! Where the stars and the dust of the model are: thin and thick disc, bulge, halo, and the Magellanic Clouds.
//!
//! Smooth textbook shapes with round numbers, enough for a believable skew between plane and poles.
//! Deliberately not: spiral arms, the warp, dust clouds, dwarf galaxies.

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
            Self::ThinDisc => ((SUN_RADIUS_KPC - radius) / 2.6 - height.abs() / 0.3).exp(),
            Self::ThickDisc => 0.06 * ((SUN_RADIUS_KPC - radius) / 2.0 - height.abs() / 0.9).exp(),
            Self::Bulge => 7.0 * (-(along_bar / 0.9).hypot(across_bar / 0.5).hypot(height / 0.4)).exp(),
            Self::Halo => {
                let r = radius.hypot(height / 0.7).max(1.0);
                0.002 * (r / SUN_RADIUS_KPC).powi(-3)
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
        0.8 * ((SUN_RADIUS_KPC - self.radius) / 4.0 - self.height.abs() / 0.12).exp()
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

/// A Magellanic Cloud: an exponential disc on the sky at one distance. Motions are rounded from
/// Gaia Collaboration, Luri et al. 2021 (A&A 649, A7).
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
    /// Stars above the magnitude limit in the real sky, about.
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
        scale_deg: 1.4,
        stars: 1.2e7,
        motion: super::frame::Motion { pmra: 1.85, pmdec: 0.35, radial_velocity: 262.0 },
    },
    Cloud {
        ra_deg: 12.80,
        dec_deg: -73.15,
        distance_kpc: 62.8,
        scale_deg: 0.7,
        stars: 2.0e6,
        motion: super::frame::Motion { pmra: 0.70, pmdec: -1.23, radial_velocity: 146.0 },
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
