//! Positions where crossmatches go wrong: poles, RA 0/360, tile edges, the same place twice.

/// A reproducible sequence of numbers from 0 to 1 (Knuth's MMIX generator).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Centres around which points are scattered.
const CENTRES: [(f64, f64); 9] = [
    (0.0, 90.0),
    (123.0, -90.0),
    (0.0, 0.0),
    (360.0, 41.810_314_895_778_6),
    (45.0, 0.0),
    (90.0, -41.810_314_895_778_6),
    (359.999_99, 66.0),
    (180.0, 89.999_9),
    (33.3, -12.5),
];

/// `(n, ra, dec)` rows for VALUES, within about `spread_deg` of difficult places; every tenth is there twice.
pub fn values(seed: u64, count: usize, spread_deg: f64) -> String {
    let mut numbers = Numbers(seed);
    let rows = (0..count).map(|n| {
        let (ra0, dec0) = CENTRES[n % CENTRES.len()];
        let dec = (dec0 + spread_deg * (numbers.next() - 0.5)).clamp(-90.0, 90.0);
        let ra = ra0 + spread_deg * (numbers.next() - 0.5) / dec.to_radians().cos().max(1e-4);
        let row = format!("({n}, {:?}, {dec:?})", ra.rem_euclid(360.0));
        if n % 10 == 0 {
            format!("{row}, ({}, {:?}, {dec:?})", n + 1_000_000, ra.rem_euclid(360.0))
        } else {
            row
        }
    });
    rows.collect::<Vec<_>>().join(", ")
}

/// `WITH a, b`: two sets of points.
pub fn two(count: usize, spread_deg: f64) -> String {
    format!(
        "WITH a(n, ra, dec) AS (VALUES {}), b(n, ra, dec) AS (VALUES {}) ",
        values(1, count, spread_deg),
        values(2, count, spread_deg)
    )
}
