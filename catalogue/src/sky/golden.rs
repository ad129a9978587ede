//! Answers that the generator knows without any engine: the oracle of tests and notebooks.

use super::cluster::CLUSTERS;
use super::plan::{Plan, TILE_ORDER};
use super::tables::Observed;
use super::variable::Class;
use super::{SampleOptions, SkyError};
use crate::healpix;

/// A cluster of the sample and the mean of its members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownCluster {
    /// Its common name.
    pub name: &'static str,
    /// Centre, ICRS degrees.
    pub ra_deg: f64,
    /// Centre, ICRS degrees.
    pub dec_deg: f64,
    /// Mean proper motion in right ascension, times cos(dec), in mas/yr.
    pub pmra: f64,
    /// Mean proper motion in declination in mas/yr.
    pub pmdec: f64,
    /// Mean parallax in mas.
    pub parallax: f64,
    /// Members in the sample.
    pub members: usize,
}

/// The true period of a variable star.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownPeriod {
    /// Which source.
    pub source_id: i64,
    /// What kind of variable.
    pub class: Class,
    /// In days.
    pub period_d: f64,
}

impl KnownPeriod {
    pub(super) fn of(observed: &Observed<'_>) -> Self {
        Self {
            source_id: observed.row.source_id,
            class: observed.variable.class,
            period_d: observed.variable.period_d,
        }
    }
}

/// The clusters of every sample sky.
pub fn golden_clusters() -> Vec<KnownCluster> {
    CLUSTERS
        .iter()
        .map(|cluster| KnownCluster {
            name: cluster.name,
            ra_deg: cluster.ra_deg,
            dec_deg: cluster.dec_deg,
            pmra: cluster.motion.pmra,
            pmdec: cluster.motion.pmdec,
            parallax: cluster.parallax,
            members: cluster.members,
        })
        .collect()
}

/// How many sources of a sample sky are within `radius_deg` of a position: every tile that may have some is made
/// again and every source measured.
pub fn golden_cone_count(
    options: &SampleOptions,
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
) -> Result<u64, SkyError> {
    let plan = Plan::new(options)?;
    let inside = |ra: f64, dec: f64| healpix::separation_deg(ra_deg, dec_deg, ra, dec) <= radius_deg;
    let mut tiles: Vec<u64> = healpix::cone_ranges(ra_deg, dec_deg, radius_deg, usize::MAX)
        .iter()
        .flat_map(|range| {
            healpix::tile_of(TILE_ORDER, *range.start())..=healpix::tile_of(TILE_ORDER, *range.end())
        })
        .collect();
    tiles.dedup();
    let sources = tiles.into_iter().flat_map(|tile| plan.tile(tile));
    Ok(sources.filter(|row| inside(row.source.ra, row.source.dec)).count() as u64)
}
