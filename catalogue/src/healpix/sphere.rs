//! Distances on the sphere.

/// The angle between two positions, all in degrees, by Vincenty's formula: exact to rounding at every
/// distance, from coincident to antipodal (the cosine formula loses the small ones, haversine the large).
pub fn separation_deg(ra1_deg: f64, dec1_deg: f64, ra2_deg: f64, dec2_deg: f64) -> f64 {
    let (sin1, cos1) = dec1_deg.to_radians().sin_cos();
    let (sin2, cos2) = dec2_deg.to_radians().sin_cos();
    let (sin_dra, cos_dra) = (ra2_deg - ra1_deg).to_radians().sin_cos();
    let across = (cos2 * sin_dra).hypot(cos1 * sin2 - sin1 * cos2 * cos_dra);
    across.atan2(sin1 * sin2 + cos1 * cos2 * cos_dra).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_angles_come_out() {
        for (ra1, dec1, ra2, dec2, expected) in [
            (10.0, 20.0, 10.0, 20.0, 0.0),
            (0.0, 0.0, 180.0, 0.0, 180.0),
            (359.5, 0.0, 0.5, 0.0, 1.0),
            (0.0, 90.0, 123.0, 89.0, 1.0),
            (0.0, 0.0, 0.0, 1e-9, 1e-9),
            (45.0, -90.0, 0.0, 90.0, 180.0),
        ] {
            let angle = separation_deg(ra1, dec1, ra2, dec2);
            assert!((angle - expected).abs() < 1e-12, "{ra1} {dec1} {ra2} {dec2}: {angle}");
        }
    }
}
