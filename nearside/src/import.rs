//! `nearside import`: files, or what a TAP service answers, into a HATS table.

mod tap;

use std::path::PathBuf;

use anyhow::{Context, Result};
use catalogue::columns::Spectra;
use catalogue::import::{self, Format, ImportLimits, ImportRequest, ImportSummary, ReaderProgram, Reading};
use catalogue::import::{Start, TableKind};

use crate::bar::Bar;

/// The hidden subcommand with which this program starts itself to read one file.
pub const READER: &str = "import-reader";

/// What to read and which table to make of it.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  nearside import --data sky --table gaiadr3.gaia_source pleiades.vot
  nearside import --data sky --table gaiadr3.epoch_photometry --kind epoch-photometry lightcurves/
  nearside import --data sky --table survey.stars --rename RAJ2000=ra --rename DEJ2000=dec stars.fits
  nearside import tap https://gea.esac.esa.int/tap-server/tap --cone 56.75 24.12 1.5 \\
      --data sky --table gaiadr3.gaia_source

An import that was killed goes on where it was when the same command is given again."
)]
pub struct Args {
    #[command(subcommand)]
    service: Option<Service>,
    // Two groups without groups in them: clap does not see that others are there.
    #[command(flatten)]
    files: Option<FileArgs>,
    #[command(flatten)]
    table: Option<TableArgs>,
}

#[derive(clap::Subcommand)]
enum Service {
    /// Ask a TAP service, and import its answer.
    Tap(tap::Args),
}

/// Files, and how to read them.
#[derive(clap::Args)]
struct FileArgs {
    /// Files, or directories of files, all of one layout.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What one row of the files is.
    #[arg(long, value_enum, default_value = "catalogue")]
    kind: Kind,
    /// The format, where the file name does not tell.
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// For epoch products: a file with source_id, ra and dec, where the products have no positions.
    #[arg(long, value_name = "FILE")]
    positions: Option<PathBuf>,
}

/// The table to make.
#[derive(clap::Args)]
struct TableArgs {
    /// The data directory that `nearside up --data` serves.
    #[arg(long)]
    data: PathBuf,
    /// SCHEMA.TABLE to make.
    #[arg(long, value_parser = table_name)]
    table: (String, String),
    /// Call column OLD of the files NEW in the table; repeatable.
    #[arg(long, value_name = "OLD=NEW", value_parser = renaming)]
    rename: Vec<(String, String)>,
    /// One sentence about the table, shown wherever tables are listed.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Replace the table if it exists.
    #[arg(long)]
    replace: bool,
    /// Memory for rows while they are sorted.
    #[arg(long, value_name = "MIB", default_value_t = ImportLimits::default().memory_bytes >> 20)]
    memory_mib: u64,
    /// Memory for each process that reads a file.
    #[arg(long, value_name = "MIB", default_value_t = ImportLimits::default().reader_memory_bytes >> 20)]
    reader_memory_mib: u64,
    /// Rows of one tile, at most.
    #[arg(long, value_name = "ROWS", default_value_t = ImportLimits::default().max_tile_rows)]
    max_tile_rows: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// One row per source.
    Catalogue,
    /// One row per source, transit and band, as the Gaia archive writes light curves.
    EpochPhotometry,
    /// One row per source and transit with arrays of CCDs, or one per CCD, as the Gaia archive writes epoch astrometry.
    EpochAstrometry,
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
    /// A FITS table, binary or ASCII.
    Fits,
    /// Apache Parquet.
    Parquet,
}

/// Imports and says what came of it.
pub async fn run(args: Args) -> Result<()> {
    match (args.service, args.files, args.table) {
        (Some(Service::Tap(args)), _, _) => tap::run(args).await,
        (None, Some(args), Some(table)) => {
            let request = ImportRequest {
                kind: match args.kind {
                    Kind::Catalogue => TableKind::Catalogue,
                    Kind::EpochPhotometry => TableKind::EpochPhotometry,
                    Kind::EpochAstrometry => TableKind::EpochAstrometry,
                    Kind::XpSampled => TableKind::Spectra(Spectra::XpSampled),
                    Kind::XpContinuous => TableKind::Spectra(Spectra::XpContinuous),
                    Kind::Rvs => TableKind::Spectra(Spectra::Rvs),
                },
                format: args.format.map(Format::from),
                positions: args.positions,
                ..table.request(args.files)?
            };
            import(&request)
        }
        _ => anyhow::bail!("name the files to import, and the table to make with --data and --table"),
    }
}

impl TableArgs {
    /// A request for these files, read by children of this program.
    fn request(self, files: Vec<PathBuf>) -> Result<ImportRequest> {
        let limits = self.limits();
        let (schema, table) = self.table;
        Ok(ImportRequest {
            rename: self.rename,
            description: self.description,
            replace: self.replace,
            reading: reading()?,
            limits,
            ..ImportRequest::new(files, &self.data, &schema, &table)
        })
    }

    fn limits(&self) -> ImportLimits {
        ImportLimits {
            memory_bytes: self.memory_mib.saturating_mul(1 << 20),
            reader_memory_bytes: self.reader_memory_mib.saturating_mul(1 << 20),
            max_tile_rows: self.max_tile_rows.max(1),
            ..ImportLimits::default()
        }
    }

    /// Where downloads wait until they are imported: beside the table, out of its way.
    fn beside(&self) -> PathBuf {
        let (schema, table) = &self.table;
        self.data.join(schema).join(format!(".{table}.tap"))
    }
}

fn reading() -> Result<Reading> {
    let program = std::env::current_exe().context("failed to find this program")?;
    Ok(Reading::Child(ReaderProgram { program, arguments: vec![READER.into()] }))
}

fn import(request: &ImportRequest) -> Result<()> {
    let summary = import::run(request, &Bar::default())?;
    for note in &summary.notes {
        eprintln!("note: {note}");
    }
    report(&request.schema, &request.table, &summary);
    Ok(())
}

fn report(schema: &str, table: &str, summary: &ImportSummary) {
    if summary.rows_placed_by_source_id > 0 {
        eprintln!(
            "note: {} rows had no position and are at the centre of the level-12 pixel of their source_id (51 arcsec)",
            summary.rows_placed_by_source_id
        );
    }
    match summary.start {
        Start::Fresh => {}
        Start::WentOn { files, tiles } => {
            eprintln!("note: {files} files and {tiles} tiles were finished by an earlier run");
        }
        Start::StartedOver => {
            eprintln!("note: an unfinished import of another request was thrown away");
        }
    }
    eprintln!(
        "{schema}.{table}: {} rows from {} files in {} tiles",
        summary.rows, summary.files, summary.tiles
    );
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Text => Self::Text,
            FileFormat::Ecsv => Self::Ecsv,
            FileFormat::Votable => Self::VoTable,
            FileFormat::Fits => Self::Fits,
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
