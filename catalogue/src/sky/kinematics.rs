//! How the stars of each part of the model move.

use super::frame::{LocalAxes, Motion, Vector, from_galactic};
use super::galaxy::{CLOUDS, Component, SUN_RADIUS_KPC};
use super::rng::Rng;
use super::sightline::Origin;

/// Velocity of the Sun in km/s: towards the centre, with rotation, upwards (Schönrich, Binney and Dehnen 2010,
/// on a circular velocity of 233 km/s).
const SUN_KMS: Vector = [11.1, 245.2, 7.25];

const ROTATION_KMS: f64 = 233.0;

/// Scatter of the stars of a cloud in mas/yr.
const CLOUD_SCATTER: f64 = 0.12;

/// A random motion of a star in a direction (`towards`: Galactic unit vector, `axes`: ICRS) at a distance.
pub fn motion(rng: &mut Rng, origin: Origin, towards: Vector, axes: LocalAxes, distance_kpc: f64) -> Motion {
    match origin {
        Origin::Cloud(number) => {
            let [east, north, away] = rng.gaussian3();
            let mean = CLOUDS[number].motion;
            Motion {
                pmra: mean.pmra + CLOUD_SCATTER * east,
                pmdec: mean.pmdec + CLOUD_SCATTER * north,
                radial_velocity: mean.radial_velocity + 25.0 * away,
            }
        }
        Origin::Galaxy(component) => {
            let galactic = galactic_velocity(rng, component, towards, distance_kpc);
            axes.observe(from_galactic(galactic), distance_kpc)
        }
    }
}

/// Velocity against the Sun in the Galactic frame, km/s.
fn galactic_velocity(rng: &mut Rng, component: Component, towards: Vector, distance_kpc: f64) -> Vector {
    let (outward_x, outward_y) = (towards[0] * distance_kpc - SUN_RADIUS_KPC, towards[1] * distance_kpc);
    let radius = outward_x.hypot(outward_y).max(1e-6);
    let (cos, sin) = (outward_x / radius, outward_y / radius);
    // Standard deviations outward, along rotation and upward, and the mean rotation.
    let (sigma, rotation) = match component {
        Component::ThinDisc => ([33.0, 21.0, 17.0], ROTATION_KMS - 9.0),
        Component::ThickDisc => ([63.0, 45.0, 38.0], ROTATION_KMS - 48.0),
        Component::Bulge => ([110.0, 95.0, 90.0], (60.0 * radius).min(90.0)),
        Component::Halo => ([145.0, 110.0, 95.0], 10.0),
    };
    let rotation = rotation * (radius / 1.5).min(1.0);
    let [u, v, w] = rng.gaussian3();
    let (outward, along) = (sigma[0] * u, rotation + sigma[1] * v);
    // Rotation is clockwise seen from the north: at the Sun (outward = -x) it points to +y.
    let x = outward * cos + along * sin;
    let y = outward * sin - along * cos;
    [x - SUN_KMS[0], y - SUN_KMS[1], sigma[2] * w - SUN_KMS[2]]
}
