//! Positions at another epoch: along the great circle of the proper motion, at constant speed, seen from the
//! Sun (ESA SP-1200, volume 1, section 1.5.5, without parallax and radial velocity).

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::{Result, exec_err};
use datafusion::physical_expr::PhysicalExpr;

use super::positions::{Positions, numbers};

/// No source of a table may move faster: Barnard's star moves 10.4 arcseconds a year.
const FASTEST_ARCSEC_PER_YEAR: f64 = 11.0;

/// Years to which positions of tables may refer.
const EPOCHS: std::ops::RangeInclusive<f64> = 1975.0..=2035.0;

const MAS_PER_DEG: f64 = 3_600_000.0;

/// From the epoch of each row to one for all.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    /// Proper motion in right ascension times cos(dec), in mas/yr.
    pub(super) pmra: Arc<dyn PhysicalExpr>,
    /// Proper motion in declination, in mas/yr.
    pub(super) pmdec: Arc<dyn PhysicalExpr>,
    /// Epoch of the position, in Julian years.
    pub(super) ref_epoch: Arc<dyn PhysicalExpr>,
    /// Epoch of the match, likewise.
    pub(super) epoch: f64,
}

impl Motion {
    /// How far a source of a table can be from where the table says, at the epoch of the match; in degrees.
    pub(super) fn margin_deg(epoch: f64) -> f64 {
        let years = (epoch - EPOCHS.start()).abs().max((epoch - EPOCHS.end()).abs());
        years * FASTEST_ARCSEC_PER_YEAR / 3600.0
    }

    /// The positions at the epoch of the match. A row without a proper motion or an epoch stays where it is.
    pub(super) fn moved(&self, positions: Positions, batch: &RecordBatch) -> Result<Positions> {
        let pmra = numbers(&self.pmra, batch)?;
        let pmdec = numbers(&self.pmdec, batch)?;
        let epochs = numbers(&self.ref_epoch, batch)?;
        let mut ra = Vec::with_capacity(positions.len());
        let mut dec = Vec::with_capacity(positions.len());
        for row in 0..positions.len() {
            let moved = self.one(positions.get(row), [pmra[row], pmdec[row]], epochs[row])?;
            let (at_ra, at_dec) = moved.unwrap_or((f64::NAN, f64::NAN));
            ra.push(at_ra);
            dec.push(at_dec);
        }
        Ok(Positions { ra: ra.into(), dec: dec.into() })
    }

    fn one(&self, from: Option<(f64, f64)>, motion: [f64; 2], epoch: f64) -> Result<Option<(f64, f64)>> {
        let Some((ra, dec)) = from else { return Ok(None) };
        let [pmra, pmdec] = motion;
        if !(pmra.is_finite() && pmdec.is_finite() && epoch.is_finite()) {
            return Ok(Some((ra, dec)));
        }
        let arcsec_per_year = pmra.hypot(pmdec) / 1000.0;
        if !EPOCHS.contains(&epoch) || arcsec_per_year > FASTEST_ARCSEC_PER_YEAR {
            return exec_err!(
                "a source at ({ra}, {dec}) has ref_epoch {epoch} and moves {arcsec_per_year} arcsec a year: crossmatch to an epoch takes 1975 to 2035 and at most {FASTEST_ARCSEC_PER_YEAR} arcsec a year"
            );
        }
        let years = self.epoch - epoch;
        Ok(Some(moved(ra, dec, pmra / MAS_PER_DEG * years, pmdec / MAS_PER_DEG * years)))
    }
}

/// The position after steps in the tangent plane; all in degrees.
fn moved(ra: f64, dec: f64, east: f64, north: f64) -> (f64, f64) {
    let (sin_ra, cos_ra) = ra.to_radians().sin_cos();
    let (sin_dec, cos_dec) = dec.to_radians().sin_cos();
    let (east, north) = (east.to_radians(), north.to_radians());
    let x = cos_dec * cos_ra - east * sin_ra - north * sin_dec * cos_ra;
    let y = cos_dec * sin_ra + east * cos_ra - north * sin_dec * sin_ra;
    let z = sin_dec + north * cos_dec;
    (y.atan2(x).to_degrees().rem_euclid(360.0), z.atan2(x.hypot(y)).to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::healpix::separation_deg;

    #[test]
    fn barnards_star_moves_as_published() {
        // Gaia DR3 4472832130942575872 at 2016.0, moved back to 2000.0: SIMBAD has 17 57 48.49847 +04 41 36.1139.
        let (pmra, pmdec) = (-801.551, 10_362.394);
        let scale = -16.0 / MAS_PER_DEG;
        let (ra, dec) = moved(269.448_502_525, 4.739_420_051, pmra * scale, pmdec * scale);
        let error_mas = separation_deg(ra, dec, 269.452_076_96, 4.693_364_97) * MAS_PER_DEG;
        assert!(error_mas < 40.0, "{error_mas} mas");
    }

    #[test]
    fn a_motion_across_the_pole_comes_down_on_the_other_side() {
        let (ra, dec) = moved(10.0, 89.9, 0.0, 0.2);
        assert!((ra - 190.0).abs() < 1e-9 && (dec - 89.9).abs() < 1e-6, "{ra} {dec}");
    }
}
