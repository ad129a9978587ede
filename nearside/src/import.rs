//! `nearside import`: files into a HATS table.

use std::path::PathBuf;

use anyhow::{Context, Result};
use catalogue::columns::Spectra;
use catalogue::import::{self, Format, ImportRequest, TableKind};

use crate::bar::Bar;

/// What to read and which table to make of it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  nearside import --data sky --table gaiadr3.gaia_source pleiades.vot
  nearside import --data sky --table gaiadr3.epoch_photometry --kind epoch-photometry lightcurves/
  nearside import --data sky --table survey.stars --rename RAJ2000=ra --rename DEJ2000=dec stars.csv")]
pub struct Args {
    /// Files, or directories of files, all of one layout.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The data directory that `nearside up --data` serves.
    #[arg(long)]
    data: PathBuf,
    /// SCHEMA.TABLE to make.
    #[arg(long, value_parser = table_name)]
    table: (String, String),
    /// What one row of the files is.
    #[arg(long, value_enum, default_value = "catalogue")]
    kind: Kind,
    /// The format, where the file name does not tell.
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Call column OLD of the files NEW in the table; repeatable.
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    rename: Vec<(String, String)>,
    /// For light curves: a file with source_id, ra and dec, where the curves have no positions.
    #[arg(long, value_name = "FILE")]
    positions: Option<PathBuf>,
    /// One sentence about the table, shown wherever tables are listed.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Replace the table if it exists.
    #[arg(long)]
    replace: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// One row per source.
    Catalogue,
    /// One row per source, transit and band, as the Gaia archive writes light curves.
    EpochPhotometry,
    /// Spectra in BP and RP sampled in wavelength, one row per source or per sample.
    XpSampled,
    /// Spectra in BP and RP as coefficients.
    XpContinuous,
    /// Spectra around the calcium triplet, one row per source or per sample.
    Rvs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FileFormat {
    /// Comma-separated values with a header line.
    Csv,
    /// Columns separated by blanks, with a header line.
    Text,
    /// Enhanced CSV (astropy's APE 6).
    Ecsv,
    /// VOTable in any serialisation.
    Votable,
    /// Apache Parquet.
    Parquet,
}

/// Imports the files and says what came of it.
pub fn run(args: Args) -> Result<()> {
    let (schema, table) = args.table;
    let request = ImportRequest {
        kind: match args.kind {
            Kind::Catalogue => TableKind::Catalogue,
            Kind::EpochPhotometry => TableKind::EpochPhotometry,
            Kind::XpSampled => TableKind::Spectra(Spectra::XpSampled),
            Kind::XpContinuous => TableKind::Spectra(Spectra::XpContinuous),
            Kind::Rvs => TableKind::Spectra(Spectra::Rvs),
        },
        format: args.format.map(Format::from),
        rename: args.rename,
        positions: args.positions,
        description: args.description,
        replace: args.replace,
        ..ImportRequest::new(args.files, &args.data, &schema, &table)
    };
    let summary = import::run(&request, &Bar::default())?;
    for note in &summary.notes {
        eprintln!("note: {note}");
    }
    if summary.rows_placed_by_source_id > 0 {
        eprintln!(
            "note: {} rows had no position and are at the centre of the level-12 pixel of their source_id (51 arcsec)",
            summary.rows_placed_by_source_id
        );
    }
    eprintln!(
        "{schema}.{table}: {} rows from {} files in {} tiles",
        summary.rows, summary.files, summary.tiles
    );
    Ok(())
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Text => Self::Text,
            FileFormat::Ecsv => Self::Ecsv,
            FileFormat::Votable => Self::VoTable,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}

fn table_name(text: &str) -> Result<(String, String)> {
    let (schema, table) = text.split_once('.').context("write SCHEMA.TABLE, as in gaiadr3.gaia_source")?;
    Ok((schema.to_owned(), table.to_owned()))
}

fn renaming(text: &str) -> Result<(String, String)> {
    let (old, new) = text.split_once('=').context("write OLD=NEW")?;
    Ok((old.to_owned(), new.to_owned()))
}
