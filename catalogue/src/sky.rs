//! The sample sky: a deterministic model of what Gaia DR3 holds, and the answers that go with it.
//!
//! Disc, bulge, halo and Magellanic Clouds, six clusters with published means, variable stars with light curves, and
//! epoch astrometry and spectra of the Pleiades.
//! Any tile is reproducible alone from (seed, tile, row), so a sky of any size is made in parallel and in bounded
//! memory. Nothing here was observed, and every table says so; it is for trying out, for benchmarks, and as the
//! oracle of tests, never for science.

mod astrometry;
mod cluster;
mod ephemeris;
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
mod products;
mod rng;
mod sightline;
mod sparse;
mod spectra;
mod star;
mod tables;
mod tile;
mod transits;
mod variable;

use std::ops::Range;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use rayon::prelude::*;
use thiserror::Error;

use crate::engine::{TableError, index_table};
use crate::hats::{HatsError, Kind, TableMeta, Writer, Written, properties};
use crate::progress::Progress;
pub use golden::{
    Golden, KnownCluster, KnownPair, KnownPeriod, UserPosition, golden_clusters, golden_cone_count,
};
use plan::{Plan, tiles_of};
use products::Product;
pub use sparse::write_sparse_sample;
use star::Nature;
use tables::Observed;
use tile::Named;
pub use variable::Class;

/// The schema of the sample's tables: the directory below the data directory.
pub const SCHEMA: &str = "gaiadr3";

/// Files of a small sky have at most this many rows, so that a scan uses all cores.
const SMALL_FILE_ROWS: u64 = 100_000;

/// Files of a large sky have at most this many rows, as many as hats-import puts into one by default.
const LARGE_FILE_ROWS: u64 = 1_000_000;

/// A sky between small and large has about this many files.
const FILES: u64 = 128;

/// Rows that are made before they are laid out as columns, about.
const CHUNK_ROWS: usize = 16_384;

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

impl SampleOptions {
    /// The same sky with as many variables as are this share (0 to 1) of its sources.
    pub fn with_variables_share(self, share: f64) -> Self {
        Self { variables: (self.sources as f64 * share) as usize, ..self }
    }

    fn file_rows(&self) -> u64 {
        (self.sources / FILES).clamp(SMALL_FILE_ROWS, LARGE_FILE_ROWS)
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
    /// Rows of each table of other products: epoch astrometry and spectra.
    pub products: Vec<(&'static str, u64)>,
    /// Bytes of all tiles of all tables.
    pub bytes: u64,
    /// The clusters with their true means and numbers of members.
    pub clusters: Vec<KnownCluster>,
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
    /// A table was written, but cannot be opened.
    #[error("cannot open the sample sky")]
    Open(#[from] TableError),
    /// Rows do not fit their schema.
    #[error("cannot lay out the rows of the sample sky")]
    Rows(#[from] arrow_schema::ArrowError),
}

/// The tables while they grow.
struct Tables {
    gaia_source: Writer,
    epoch_photometry: Writer,
    vari_rrlyrae: Writer,
    products: Vec<(Product, Writer)>,
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
    progress.begin("Generating the sample sky", plan.sources(), "sources");
    let files = plan.groups(options.file_rows());
    files.into_par_iter().try_for_each(|(order, npix)| tables.write(&plan, order, npix, progress))?;
    progress.end();
    tables.finish(data_dir)
}

/// The sources of some tiles, in pieces of about [`CHUNK_ROWS`].
fn chunks(plan: &Plan, mut tiles: Range<u64>) -> impl Iterator<Item = Vec<Named>> {
    std::iter::from_fn(move || {
        let mut rows = Vec::new();
        while rows.len() < CHUNK_ROWS && !tiles.is_empty() {
            rows.extend(tiles.next().into_iter().flat_map(|tile| plan.tile(tile)));
        }
        (!rows.is_empty()).then_some(rows)
    })
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
        let create = |name, kind, schema: &dyn Fn(&TableMeta) -> SchemaRef| {
            let meta = tables::meta(name, kind, &properties);
            let schema = schema(&meta);
            Writer::create(&data_dir.join(SCHEMA).join(name), meta, schema)
        };
        let product = |product: Product| {
            let writer = create(product.table(), Kind::Epochs, &|meta| product.schema(meta));
            Ok::<_, HatsError>((product, writer?))
        };
        Ok(Self {
            products: Product::ALL.into_iter().map(product).collect::<Result<_, _>>()?,
            gaia_source: create("gaia_source", Kind::Catalogue, &tables::gaia_source_schema)?,
            epoch_photometry: create("epoch_photometry", Kind::Epochs, &tables::epoch_photometry_schema)?,
            vari_rrlyrae: create("vari_rrlyrae", Kind::Catalogue, &tables::vari_rrlyrae_schema)?,
        })
    }

    /// Writes the rows of one file to all tables, which so have the same tiles: joins stay within one.
    fn write(&self, plan: &Plan, order: u8, npix: u64, progress: &dyn Progress) -> Result<(), SkyError> {
        let products = self.products.iter().map(|(_, writer)| writer);
        let writers = [&self.gaia_source, &self.epoch_photometry, &self.vari_rrlyrae].into_iter();
        let writers: Vec<&Writer> = writers.chain(products).collect();
        let mut batches = vec![Vec::new(); writers.len()];
        for rows in chunks(plan, tiles_of(order, npix)) {
            let made = self.rows(plan, &rows)?;
            batches.iter_mut().zip(made).for_each(|(batches, made)| batches.push(made));
            progress.advance(rows.len() as u64);
        }
        writers.iter().zip(&batches).try_for_each(|(writer, rows)| writer.write_tile(order, npix, rows))?;
        Ok(())
    }

    /// The same sources as rows of each table, products last.
    fn rows(&self, plan: &Plan, rows: &[Named]) -> Result<Vec<RecordBatch>, SkyError> {
        let observed: Vec<Observed<'_>> = rows.iter().filter_map(|row| observed(plan, row)).collect();
        let epochs = tables::epoch_photometry(self.epoch_photometry.schema(), &observed)?;
        let is_rr_lyrae = |row: &Observed<'_>| matches!(row.variable.class, Class::RrAb | Class::RrC);
        let rr_lyrae: Vec<_> = observed.into_iter().filter(is_rr_lyrae).collect();
        let mut made = vec![
            tables::gaia_source(self.gaia_source.schema(), rows)?,
            epochs,
            tables::vari_rrlyrae(self.vari_rrlyrae.schema(), &rr_lyrae)?,
        ];
        for (product, writer) in &self.products {
            made.push(product.rows(writer.schema(), plan.seed, rows)?);
        }
        Ok(made)
    }

    fn finish(self, data_dir: &Path) -> Result<SampleSummary, SkyError> {
        let epochs = finish(data_dir, self.epoch_photometry)?;
        let rr_lyrae = finish(data_dir, self.vari_rrlyrae)?;
        let (mut products, mut bytes) = (Vec::new(), epochs.bytes + rr_lyrae.bytes);
        for (product, writer) in self.products {
            let written = finish(data_dir, writer)?;
            products.push((product.table(), written.rows));
            bytes += written.bytes;
        }
        let sources = finish(data_dir, self.gaia_source)?;
        Ok(SampleSummary {
            sources: sources.rows,
            variables: epochs.rows,
            rr_lyrae: rr_lyrae.rows,
            products,
            bytes: sources.bytes + bytes,
            clusters: golden_clusters(),
        })
    }
}

/// A sky without variables has no tables of them: a table without tiles could not be opened.
fn finish(data_dir: &Path, table: Writer) -> Result<Written, SkyError> {
    if table.is_empty() {
        return Ok(table.withdraw()?);
    }
    let name = table.name().to_owned();
    let written = table.finish()?;
    index_table(data_dir, SCHEMA, &name)?;
    Ok(written)
}

fn observed<'a>(plan: &Plan, row: &'a Named) -> Option<Observed<'a>> {
    let Nature::Variable(number) = row.source.nature else { return None };
    let variable = plan.variables.get(number);
    let transits = transits::transits(plan.seed, number, &variable);
    Some(Observed { row, variable, transits })
}

#[cfg(test)]
mod tests;
