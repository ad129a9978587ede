//! Answers that the generator knows without any engine: the oracle of tests, benchmarks and notebooks.
//!
//! Every answer comes from the few tiles that it touches, made again: nothing is read, and no index is used.

mod file;
mod matches;

use rayon::prelude::*;

use super::cluster::CLUSTERS;
use super::plan::{Plan, TILE_ORDER};
use super::star::Nature;
use super::tile::Named;
use super::variable::Class;
use super::{SampleOptions, SkyError};
use crate::healpix;
pub use matches::{KnownPair, UserPosition};

/// What the generator knows about a sky.
pub struct Golden {
    options: SampleOptions,
    plan: Plan,
}

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

impl Golden {
    /// Plans the sky that `options` describe. Fails when there is none.
    pub fn new(options: &SampleOptions) -> Result<Self, SkyError> {
        Ok(Self { options: *options, plan: Plan::new(options)? })
    }

    /// How many sources the sky has.
    pub fn sources(&self) -> u64 {
        self.plan.sources()
    }

    /// How many sources are within `radius_deg` of a position in degrees.
    pub fn cone_count(&self, ra_deg: f64, dec_deg: f64, radius_deg: f64) -> u64 {
        self.within(ra_deg, dec_deg, radius_deg).count() as u64
    }

    /// The true periods of the first variables of the sky, `limit` of them or all.
    pub fn periods(&self, limit: usize) -> Vec<KnownPeriod> {
        let count = limit.min(self.options.variables);
        (0..count).into_par_iter().filter_map(|number| self.period(number)).collect()
    }

    fn period(&self, number: usize) -> Option<KnownPeriod> {
        let variable = self.plan.variables.get(number);
        let pixel = healpix::hash29(variable.star.ra_deg, variable.star.dec_deg);
        let rows = self.plan.tile(healpix::tile_of(TILE_ORDER, pixel));
        let row = rows.into_iter().find(|row| row.source.nature == Nature::Variable(number))?;
        Some(KnownPeriod { source_id: row.source_id, class: variable.class, period_d: variable.period_d })
    }

    /// Makes every tile again that a cone may touch, and measures every source in it.
    fn within(&self, ra_deg: f64, dec_deg: f64, radius_deg: f64) -> impl Iterator<Item = Named> {
        let mut tiles: Vec<u64> = healpix::cone_ranges(ra_deg, dec_deg, radius_deg, usize::MAX)
            .iter()
            .flat_map(|range| {
                healpix::tile_of(TILE_ORDER, *range.start())..=healpix::tile_of(TILE_ORDER, *range.end())
            })
            .collect();
        tiles.dedup();
        let sources = tiles.into_iter().flat_map(|tile| self.plan.tile(tile));
        sources.filter(move |row| {
            healpix::separation_deg(ra_deg, dec_deg, row.source.ra, row.source.dec) <= radius_deg
        })
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

/// How many sources of a sample sky are within `radius_deg` of a position: [`Golden::cone_count`] for one cone.
pub fn golden_cone_count(
    options: &SampleOptions,
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
) -> Result<u64, SkyError> {
    Ok(Golden::new(options)?.cone_count(ra_deg, dec_deg, radius_deg))
}
