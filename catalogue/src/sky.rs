//! The sample sky: a deterministic model of what Gaia DR3 holds, and the answers that go with it.
//!
//! Disc, bulge, halo and Magellanic Clouds, six clusters with published means, variable stars with light curves.
//! Any tile is reproducible alone from (seed, tile, row). Nothing here was observed, and every table says so;
//! it is for trying out, for benchmarks, and as the oracle of tests, never for science.

mod cluster;
mod epochs;
mod frame;
mod galaxy;
mod golden;
mod kinematics;
mod light_curve;
mod observe;
mod permutation;
mod plan;
mod population;
mod rng;
mod sightline;
mod star;
mod tables;
mod tile;
mod transits;
mod variable;

use std::path::Path;
use std::sync::Mutex;

use rayon::prelude::*;
use thiserror::Error;

use crate::hats::{HatsError, Kind, Writer, properties};
use crate::progress::Progress;
pub use golden::{KnownCluster, KnownPeriod, golden_clusters, golden_cone_count};
use plan::{Plan, tiles_of};
use star::Nature;
use tables::Observed;
use tile::Named;
pub use variable::Class;

/// The schema of the sample's tables: the directory below the data directory.
pub const SCHEMA: &str = "gaiadr3";

/// Files of the sample have at most this many rows, so that a scan uses all cores.
const MAX_TILE_ROWS: u64 = 100_000;

/// Which sky to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// Another seed makes another sky of the same kind.
    pub seed: u64,
    /// At least this many sources; the density is random, so there are a few more.
    pub sources: u64,
    /// Exactly this many of them are variable and have light curves.
    pub variables: usize,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self { seed: 1, sources: 2_000_000, variables: 5_000 }
    }
}

/// What was written, and the answers that the generator knows.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleSummary {
    /// Rows of `gaia_source`.
    pub sources: u64,
    /// Rows of `epoch_photometry`.
    pub variables: u64,
    /// Rows of `vari_rrlyrae`.
    pub rr_lyrae: u64,
    /// Bytes of all tiles of the three tables.
    pub bytes: u64,
    /// The clusters with their true means and numbers of members.
    pub clusters: Vec<KnownCluster>,
    /// The true period of every variable, in the order of `source_id`.
    pub periods: Vec<KnownPeriod>,
}

/// Why there is no sample sky.
#[derive(Debug, Error)]
pub enum SkyError {
    /// The clusters and variables alone are more sources than wanted.
    #[error("a sample sky has at least {least} sources: ask for more sources, or for fewer variables")]
    TooSmall {
        /// The least number that works with as many variables.
        least: u64,
    },
    /// A table could not be written.
    #[error("cannot write the sample sky")]
    Table(#[from] HatsError),
    /// Rows do not fit their schema.
    #[error("cannot lay out the rows of the sample sky")]
    Rows(#[from] arrow_schema::ArrowError),
}

/// The tables while they grow.
struct Tables {
    gaia_source: Writer,
    epoch_photometry: Writer,
    vari_rrlyrae: Writer,
}

/// Writes the sample sky to `data_dir/gaiadr3`, replacing one that is there. `gaia_source` appears last: when it
/// is there, all is there.
pub fn write_sample(
    data_dir: &Path,
    options: &SampleOptions,
    progress: &dyn Progress,
) -> Result<SampleSummary, SkyError> {
    let plan = Plan::new(options)?;
    let tables = Tables::create(data_dir, options)?;
    let periods = Mutex::new(Vec::with_capacity(plan.variables.len()));
    progress.begin("Generating the sample sky", plan.sources(), "sources");
    plan.groups(MAX_TILE_ROWS).into_par_iter().try_for_each(|(order, npix)| {
        let rows: Vec<Named> = tiles_of(order, npix).flat_map(|tile| plan.tile(tile)).collect();
        let known = tables.write(&plan, order, npix, &rows)?;
        periods.lock().expect("no thread panics while it holds this lock").extend(known);
        progress.advance(rows.len() as u64);
        Ok::<(), SkyError>(())
    })?;
    progress.end();
    let mut periods = periods.into_inner().expect("no thread panics while it holds this lock");
    periods.sort_unstable_by_key(|known| known.source_id);
    tables.finish(periods)
}

/// The options of the sample sky in a data directory; `None` when there is none, or none that is whole.
pub fn find_sample(data_dir: &Path) -> Option<SampleOptions> {
    let known = properties::read(&data_dir.join(SCHEMA).join("gaia_source")).ok()?;
    let number = |key: &str| known.others.get(key)?.parse::<u64>().ok();
    let variables = usize::try_from(number(VARIABLES_KEY)?).ok()?;
    Some(SampleOptions { seed: number(SEED_KEY)?, sources: number(SOURCES_KEY)?, variables })
}

const SEED_KEY: &str = "nearside.sample.seed";
const SOURCES_KEY: &str = "nearside.sample.sources";
const VARIABLES_KEY: &str = "nearside.sample.variables";

impl Tables {
    fn create(data_dir: &Path, options: &SampleOptions) -> Result<Self, SkyError> {
        let properties = [
            (SEED_KEY, options.seed.to_string()),
            (SOURCES_KEY, options.sources.to_string()),
            (VARIABLES_KEY, options.variables.to_string()),
        ];
        let create = |name, kind, schema: fn(&_) -> _| {
            let meta = tables::meta(name, kind, &properties);
            let schema = schema(&meta);
            Writer::create(&data_dir.join(SCHEMA).join(name), meta, schema)
        };
        Ok(Self {
            gaia_source: create("gaia_source", Kind::Catalogue, tables::gaia_source_schema)?,
            epoch_photometry: create("epoch_photometry", Kind::Epochs, tables::epoch_photometry_schema)?,
            vari_rrlyrae: create("vari_rrlyrae", Kind::Catalogue, tables::vari_rrlyrae_schema)?,
        })
    }

    /// Writes the rows of one tile to all tables, which so have the same tiles: joins stay within one.
    fn write(&self, plan: &Plan, order: u8, npix: u64, rows: &[Named]) -> Result<Vec<KnownPeriod>, SkyError> {
        let sources = tables::gaia_source(self.gaia_source.schema(), rows)?;
        self.gaia_source.write_tile(order, npix, &[sources])?;
        let observed: Vec<Observed<'_>> = rows.iter().filter_map(|row| observed(plan, row)).collect();
        let epochs = tables::epoch_photometry(self.epoch_photometry.schema(), &observed)?;
        self.epoch_photometry.write_tile(order, npix, &[epochs])?;
        let known = observed.iter().map(KnownPeriod::of).collect();
        let rr_lyrae: Vec<_> = observed
            .into_iter()
            .filter(|row| matches!(row.variable.class, Class::RrAb | Class::RrC))
            .collect();
        let rr_lyrae = tables::vari_rrlyrae(self.vari_rrlyrae.schema(), &rr_lyrae)?;
        self.vari_rrlyrae.write_tile(order, npix, &[rr_lyrae])?;
        Ok(known)
    }

    fn finish(self, periods: Vec<KnownPeriod>) -> Result<SampleSummary, SkyError> {
        let epochs = self.epoch_photometry.finish()?;
        let rr_lyrae = self.vari_rrlyrae.finish()?;
        let sources = self.gaia_source.finish()?;
        Ok(SampleSummary {
            sources: sources.rows,
            variables: epochs.rows,
            rr_lyrae: rr_lyrae.rows,
            bytes: sources.bytes + epochs.bytes + rr_lyrae.bytes,
            clusters: golden_clusters(),
            periods,
        })
    }
}

fn observed<'a>(plan: &'a Plan, row: &'a Named) -> Option<Observed<'a>> {
    let Nature::Variable(number) = row.source.nature else { return None };
    let variable = &plan.variables[number];
    Some(Observed { row, variable, transits: transits::transits(plan.seed, number, variable) })
}

#[cfg(test)]
mod tests;
