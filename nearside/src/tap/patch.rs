//! Pieces of a cone: boxes in right ascension and declination that overlap nowhere and leave nothing out.

use std::fmt;

/// Boxes are not split further than this, about a milliarcsecond.
const MIN_SIDE_DEG: f64 = 3e-7;
/// Outer edges are drawn this far outside, so that no rounding loses a row; the exact test is the circle.
const PAD_DEG: f64 = 1e-6;

/// All rows of a table within a circle.
pub struct Cone {
    /// The table of the service.
    pub table: String,
    /// Its column of right ascension in degrees.
    pub ra_column: String,
    /// Its column of declination in degrees.
    pub dec_column: String,
    /// The centre.
    pub ra_deg: f64,
    /// The centre.
    pub dec_deg: f64,
    /// The radius.
    pub radius_deg: f64,
}

/// `ra.0 <= ra < ra.1` and `dec.0 <= dec < dec.1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    ra_deg: (f64, f64),
    dec_deg: (f64, f64),
}

impl Cone {
    /// The query for the rows of a patch.
    pub fn select(&self, patch: &Patch) -> String {
        format!("SELECT * FROM {} WHERE {}", self.table, self.condition(Some(patch)))
    }

    /// The query for the number of rows.
    pub fn count(&self, patch: Option<&Patch>) -> String {
        format!("SELECT COUNT(*) AS n FROM {} WHERE {}", self.table, self.condition(patch))
    }

    fn condition(&self, patch: Option<&Patch>) -> String {
        let Self { ra_column, dec_column, ra_deg, dec_deg, radius_deg, .. } = self;
        let circle = format!(
            "1=CONTAINS(POINT('ICRS',{ra_column},{dec_column}),CIRCLE('ICRS',{ra_deg},{dec_deg},{radius_deg}))"
        );
        let Some(Patch { ra_deg: (west, east), dec_deg: (south, north) }) = patch else { return circle };
        format!(
            "{circle} AND {ra_column}>={west} AND {ra_column}<{east} AND {dec_column}>={south} AND {dec_column}<{north}"
        )
    }

    /// The patches that cover the circle: one, or two where it crosses the meridian.
    pub fn patches(&self) -> Vec<Patch> {
        let dec_deg = (
            (self.dec_deg - self.radius_deg).max(-90.0) - PAD_DEG,
            (self.dec_deg + self.radius_deg).min(90.0) + PAD_DEG,
        );
        let all_around = [(-PAD_DEG, 360.0 + PAD_DEG)].to_vec();
        let ranges = match self.half_width_deg() {
            None => all_around,
            Some(half) if half >= 179.0 => all_around,
            Some(half) => match (self.ra_deg - half - PAD_DEG, self.ra_deg + half + PAD_DEG) {
                (west, east) if west < 0.0 => vec![(-PAD_DEG, east), (west + 360.0, 360.0 + PAD_DEG)],
                (west, east) if east > 360.0 => vec![(-PAD_DEG, east - 360.0), (west, 360.0 + PAD_DEG)],
                range => vec![range],
            },
        };
        ranges.into_iter().map(|ra_deg| Patch { ra_deg, dec_deg }).collect()
    }

    /// How far the circle reaches in right ascension; nothing when it holds a pole.
    fn half_width_deg(&self) -> Option<f64> {
        let has_pole = self.dec_deg.abs() + self.radius_deg >= 90.0;
        let sine = self.radius_deg.to_radians().sin() / self.dec_deg.to_radians().cos();
        (!has_pole && sine < 1.0).then(|| sine.asin().to_degrees())
    }
}

impl Patch {
    /// Whether there are smaller patches.
    pub fn can_split(&self) -> bool {
        self.ra_deg.1 - self.ra_deg.0 > MIN_SIDE_DEG && self.dec_deg.1 - self.dec_deg.0 > MIN_SIDE_DEG
    }

    /// The four quarters; every position of the patch is in exactly one.
    pub fn split(&self) -> [Self; 4] {
        let Self { ra_deg: (west, east), dec_deg: (south, north) } = *self;
        let (ra, dec) = ((west + east) / 2.0, (south + north) / 2.0);
        [
            ((west, ra), (south, dec)),
            ((ra, east), (south, dec)),
            ((west, ra), (dec, north)),
            ((ra, east), (dec, north)),
        ]
        .map(|(ra_deg, dec_deg)| Self { ra_deg, dec_deg })
    }
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ra_deg: (west, east), dec_deg: (south, north) } = self;
        write!(f, "ra {west} to {east}, dec {south} to {north}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cone(ra_deg: f64, dec_deg: f64, radius_deg: f64) -> Cone {
        Cone {
            table: "t".into(),
            ra_column: "ra".into(),
            dec_column: "dec".into(),
            ra_deg,
            dec_deg,
            radius_deg,
        }
    }

    fn holds(patch: &Patch, ra: f64, dec: f64) -> bool {
        (patch.ra_deg.0..patch.ra_deg.1).contains(&ra) && (patch.dec_deg.0..patch.dec_deg.1).contains(&dec)
    }

    /// A position at an angle and distance from the centre of a cone.
    fn position(cone: &Cone, angle: f64, distance_deg: f64) -> (f64, f64) {
        let (dec, distance) = (cone.dec_deg.to_radians(), distance_deg.to_radians());
        let sine = dec.sin() * distance.cos() + dec.cos() * distance.sin() * angle.cos();
        let east = angle.sin() * distance.sin() * dec.cos();
        let north = distance.cos() - dec.sin() * sine;
        let ra = cone.ra_deg + east.atan2(north).to_degrees();
        (ra.rem_euclid(360.0), sine.clamp(-1.0, 1.0).asin().to_degrees())
    }

    #[test]
    fn every_position_of_a_cone_is_in_exactly_one_patch_however_often_they_are_split() {
        for cone in [
            cone(56.75, 24.12, 1.5),
            cone(0.2, -60.0, 1.0),
            cone(359.9, 10.0, 3.0),
            cone(10.0, 89.5, 1.0),
            cone(200.0, 0.0, 180.0),
        ] {
            let mut patches = cone.patches();
            for _ in 0..4 {
                for step in 0..2000 {
                    let part = f64::from(step) / 2000.0;
                    let (ra, dec) = position(&cone, part * 100.0, cone.radius_deg * part.sqrt());
                    assert_eq!(patches.iter().filter(|patch| holds(patch, ra, dec)).count(), 1, "{ra} {dec}");
                }
                patches = patches.iter().flat_map(Patch::split).collect();
            }
        }
    }

    #[test]
    fn a_query_names_the_circle_and_the_box() {
        let patch = Patch { ra_deg: (1.0, 2.0), dec_deg: (-0.5, 0.25) };
        assert_eq!(
            cone(1.5, 0.0, 2.0).count(Some(&patch)),
            "SELECT COUNT(*) AS n FROM t WHERE 1=CONTAINS(POINT('ICRS',ra,dec),CIRCLE('ICRS',1.5,0,2)) \
             AND ra>=1 AND ra<2 AND dec>=-0.5 AND dec<0.25"
        );
    }
}
