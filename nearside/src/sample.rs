//! `nearside sample`: the simulated sky, for trying things out and for tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use catalogue::progress::Progress;
use catalogue::sky::{self, Golden, SampleOptions};

use crate::bar::Bar;

/// What to generate and where.
#[derive(clap::Args)]
pub struct Args {
    /// The data directory to write: DIR/gaiadr3/gaia_source and its companions.
    dir: PathBuf,
    /// How many sources to draw: 2000000, or 1e9.
    #[arg(long, value_parser = count, default_value_t = SampleOptions::default().sources)]
    sources: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = SampleOptions::default().seed)]
    seed: u64,
    /// The share of the sources that are variable and have light curves, 0 to 1; without it, 5,000 sources are.
    #[arg(long, value_parser = share)]
    variables_share: Option<f64>,
    /// For measuring growth: give only about N files their rows, and the others what a reader opens them by.
    #[arg(long, value_name = "N")]
    whole_files: Option<usize>,
    /// Do nothing where DIR has a gaiadr3 already; of several that are started at once for the same DIR, one makes the sky.
    #[arg(long, conflicts_with_all = ["whole_files", "goldens"])]
    unless_there: bool,
    /// Also write what the generator knows about this sky to FILE, as JSON: counts in cones, matches, periods.
    #[arg(long, value_name = "FILE")]
    goldens: Option<PathBuf>,
}

/// A whole number, also as a power of ten.
fn count(text: &str) -> Result<u64, String> {
    let number =
        || text.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && (0.0..1e15).contains(number));
    let whole = text.parse().ok().or_else(|| number().map(|number| number as u64));
    whole.ok_or_else(|| format!("{text} is no number of sources: write 2000000, or 1e9"))
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| format!("{text} is no number"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share is a number from 0 to 1".to_owned()) }
}

/// Generates the sky and says what it holds.
pub fn run(args: &Args) -> Result<()> {
    let options = SampleOptions { sources: args.sources, seed: args.seed, ..SampleOptions::default() };
    let options = match args.variables_share {
        Some(share) => options.with_variables_share(share),
        None => options,
    };
    match args.whole_files {
        None if args.unless_there => generate_once(&args.dir, &options)?,
        Some(whole) => {
            sky::write_sparse_sample(&args.dir, &options, whole, &Bar::default())?;
        }
        None => generate(&args.dir, &options, &Bar::default())?,
    }
    args.goldens.as_deref().map_or(Ok(()), |file| write_goldens(&options, file))
}

fn write_goldens(options: &SampleOptions, file: &Path) -> Result<()> {
    let known = Golden::new(options)?.to_json();
    fs::write(file, format!("{known:#}\n")).with_context(|| format!("failed to write {}", file.display()))
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

/// Generates the sky aside and moves it to its place whole, so that what is there was never half made. What a start before
/// this one left unfinished is made anew.
fn generate_once(dir: &Path, options: &SampleOptions) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
    let turn = fs::File::create(dir.join(".sample-lock"))?;
    turn.lock().context("failed to wait for another that makes the sky")?;
    let (place, aside) = (dir.join(sky::SCHEMA), dir.join(".sample"));
    if place.exists() {
        return Ok(());
    }
    if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    generate(&aside, options, &Bar::default())?;
    fs::rename(aside.join(sky::SCHEMA), &place)?;
    Ok(fs::remove_dir_all(&aside)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_makes_the_sky_and_a_half_made_one_is_made_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(dir.path().join(".sample/gaiadr3/gaia_source")).expect("a half-made sky");
        let options = SampleOptions { sources: 20_000, variables: 10, ..SampleOptions::default() };
        std::thread::scope(|scope| {
            let makers = [(); 2].map(|()| scope.spawn(|| generate_once(dir.path(), &options)));
            for maker in makers {
                maker.join().expect("no panic").expect("there is a sky");
            }
        });
        assert_eq!(sky::find_sample(dir.path()), Some(options));
        let left: Vec<_> = fs::read_dir(dir.path())
            .expect("the directory")
            .map(|entry| entry.expect("an entry").file_name())
            .filter(|name| name != ".sample-lock")
            .collect();
        assert_eq!(left, ["gaiadr3"]);
    }

    #[test]
    fn a_number_of_sources_may_be_a_power_of_ten() {
        assert_eq!(
            (count("2000000"), count("1e9"), count("1.5e7")),
            (Ok(2_000_000), Ok(1_000_000_000), Ok(15_000_000))
        );
        assert!(["1.5", "-1e7", "1e99", "many", "NaN"].iter().all(|text| count(text).is_err()));
    }

    #[test]
    fn a_share_is_from_nothing_to_all() {
        assert_eq!((share("0"), share("0.25"), share("1")), (Ok(0.0), Ok(0.25), Ok(1.0)));
        assert!(["-0.1", "1.01", "NaN", "half"].iter().all(|text| share(text).is_err()));
    }
}
