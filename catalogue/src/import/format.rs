//! Which format a file has. Reads no table.

use std::path::Path;
use std::str::FromStr;

use super::file_error::FileError;
use super::source::Source;

/// A format the importer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Format {
    /// Values separated by commas (or tabs, semicolons, bars), with a line of names.
    Csv,
    /// Values separated by white space, with a line of names.
    Text,
    /// Enhanced CSV (APE 6).
    Ecsv,
    /// VOTable (IVOA 1.1 to 1.5), in TABLEDATA, BINARY or BINARY2.
    VoTable,
    /// A table extension of FITS 4.0, binary or ASCII.
    Fits,
    /// Apache Parquet.
    Parquet,
}

impl FromStr for Format {
    type Err = FileError;

    /// The format of a name that people give.
    fn from_str(name: &str) -> Result<Self, FileError> {
        match name {
            "csv" | "tsv" => Ok(Self::Csv),
            "text" | "txt" | "dat" | "ascii" => Ok(Self::Text),
            "ecsv" => Ok(Self::Ecsv),
            "votable" | "vot" | "xml" => Ok(Self::VoTable),
            "fits" | "fit" => Ok(Self::Fits),
            "parquet" | "pq" => Ok(Self::Parquet),
            _ => Err(FileError::UnknownFormat),
        }
    }
}

/// Bytes that are looked at to know a format.
const HEAD_BYTES: usize = 512;

impl Format {
    /// The format of a file: its first bytes where they are distinctive, else its extension.
    pub(super) fn of(source: &Source) -> Result<Self, FileError> {
        match Self::of_bytes(&source.head(HEAD_BYTES)?) {
            Some(format) => Ok(format),
            None => extension(source.path()).parse(),
        }
    }

    fn of_bytes(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if head.starts_with(b"SIMPLE  =") {
            Some(Self::Fits)
        } else if head.starts_with(b"PAR1") {
            Some(Self::Parquet)
        } else if text.starts_with("# %ECSV") {
            Some(Self::Ecsv)
        } else if text.starts_with("<?xml") || text.starts_with("<VOTABLE") {
            Some(Self::VoTable)
        } else {
            None
        }
    }
}

/// The extension in lower case, without a final `.gz`.
fn extension(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map(|(_, extension)| extension.to_owned()).unwrap_or_default()
}

/// Whether a file in a directory looks like a table; others are passed over.
pub(super) fn is_table_name(path: &Path) -> bool {
    extension(path).parse::<Format>().is_ok()
}
