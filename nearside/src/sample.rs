//! `nearside sample`: the simulated sky, for trying things out and for tests.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use catalogue::progress::Progress;
use catalogue::sky::{self, SampleOptions};

use crate::bar::Bar;

/// What to generate and where.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory to write: DIR/gaiadr3/gaia_source and its companions.
    dir: PathBuf,
    /// How many sources to draw.
    #[arg(long, default_value_t = SampleOptions::default().sources)]
    sources: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = SampleOptions::default().seed)]
    seed: u64,
}

/// Generates the sky and says what it holds.
pub fn run(args: &Args) -> Result<()> {
    let options = SampleOptions { sources: args.sources, seed: args.seed, ..SampleOptions::default() };
    generate(&args.dir, &options, &Bar::default())
}

/// Writes the sample tables into `dir`, with progress and a closing line on standard error.
pub fn generate(dir: &Path, options: &SampleOptions, progress: &dyn Progress) -> Result<()> {
    let began = Instant::now();
    let summary = sky::write_sample(dir, options, progress)
        .with_context(|| format!("failed to generate the sample sky in {}", dir.display()))?;
    eprintln!(
        "Simulated sky: {} sources, {} light curves, in {:.1} s.",
        summary.sources,
        summary.variables,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
