//! Which format a file has, and its bytes with gzip taken off. Reads no table.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::str::FromStr;

use flate2::read::MultiGzDecoder;

use super::error::Place;
use super::file_error::FileError;

/// A format the importer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Values separated by commas (or tabs, semicolons, bars), with a line of names.
    Csv,
    /// Values separated by white space, with a line of names.
    Text,
    /// Enhanced CSV (APE 6).
    Ecsv,
    /// VOTable (IVOA 1.1 to 1.5), in TABLEDATA, BINARY or BINARY2.
    VoTable,
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
            "parquet" | "pq" => Ok(Self::Parquet),
            _ => Err(FileError::UnknownFormat),
        }
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes that are looked at to know a format.
const HEAD_BYTES: usize = 512;

impl Format {
    /// The format of a file: its first bytes where they are distinctive, else its extension.
    pub(super) fn of(path: &Path) -> Result<Self, FileError> {
        let head = head(path)?;
        if head.is_empty() {
            return Err(FileError::Empty);
        }
        match Self::of_bytes(&head)? {
            Some(format) => Ok(format),
            None => extension(path).parse(),
        }
    }

    fn of_bytes(head: &[u8]) -> Result<Option<Self>, FileError> {
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if head.starts_with(b"SIMPLE  =") {
            return Err(FileError::Fits);
        }
        Ok(if head.starts_with(b"PAR1") {
            Some(Self::Parquet)
        } else if text.starts_with("# %ECSV") {
            Some(Self::Ecsv)
        } else if text.starts_with("<?xml") || text.starts_with("<VOTABLE") {
            Some(Self::VoTable)
        } else {
            None
        })
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

/// The whole file as text, at most `limit_bytes` of it.
pub(super) fn read_text(path: &Path, limit_bytes: usize) -> Result<String, FileError> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(limit_bytes as u64 + 1).read_to_end(&mut bytes).map_err(cut)?;
    if read > limit_bytes {
        return Err(FileError::TooLarge { limit_bytes });
    }
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&b| b == b'\n').count() as u64 + 1;
        FileError::NotText { place: Place::Line(line) }
    })
}

fn head(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut head = Vec::new();
    open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(cut)?;
    Ok(head)
}

fn open(path: &Path) -> Result<Box<dyn Read>, FileError> {
    let mut magic = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut magic)?;
    let file = BufReader::new(File::open(path)?);
    Ok(if magic == GZIP_MAGIC { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn cut(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FileError::Truncated,
        _ => FileError::Read(error),
    }
}
