//! Tables that come with a query (TAP 1.1 section 2.5), in the request itself or from user space.
//!
//! A table elsewhere is never fetched: whoever may ask could make this server call any address that it reaches. The
//! address of a job's result on this server is read from the disk, and so is a node of VOSpace.

mod build;
mod csv;
mod field;
#[cfg(test)]
mod mutated;
mod vosi;
mod votable;
pub(crate) mod xml;

use std::io::Read;

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use catalogue::engine::Guest;
use flate2::read::MultiGzDecoder;

use crate::app::App;
use crate::identity::Caller;
use crate::parameters::{File, Parameters};
use crate::refusal::Refusal;
use crate::uws;
use crate::vospace::uploaded;

/// The schema of uploaded tables.
pub(crate) const SCHEMA: &str = "tap_upload";
/// Tables of one query.
const TABLES: usize = 64;
/// Bytes of one table once it is decompressed.
pub(crate) const TABLE_BYTES: u64 = 1 << 30;
/// Longest name of a table, in bytes.
const NAME_BYTES: usize = 128;

/// The tables that UPLOAD names: `name,address`, several in several parameters or between semicolons.
pub(crate) async fn read(app: &App, caller: &Caller, parameters: &Parameters) -> Result<Vec<Guest>, Refusal> {
    let mut guests: Vec<Guest> = Vec::new();
    let uploads = parameters.all("UPLOAD").flat_map(|value| value.split(';')).map(str::trim);
    for upload in uploads.filter(|upload| !upload.is_empty()) {
        let (name, address) = upload.split_once(',').ok_or_else(|| refused(upload))?;
        let name = table_name(name.trim())?;
        if guests.iter().any(|guest| guest.name == name) {
            return Err(bad(&name, "two tables have this name"));
        }
        if guests.len() == TABLES {
            return Err(bad(&name, &format!("a query has at most {TABLES} of them")));
        }
        let address = Address::of(parameters, address.trim()).ok_or_else(|| refused(upload))?;
        guests.push(address.table(app, caller, name).await?);
    }
    Ok(guests)
}

/// Where a table is.
#[derive(Debug)]
enum Address<'a> {
    /// In the same request: a field of its form, with `param:` in front or without.
    Field(&'a File),
    /// On this server: the result of a job, by its name.
    Result(&'a str),
    /// In user space: the identifier of a node.
    Node(&'a str),
}

impl<'a> Address<'a> {
    /// An address that is one of these.
    fn of(parameters: &'a Parameters, address: &'a str) -> Option<Self> {
        let job = || {
            let (_, path) = address.split_once("/tap-server/tap/async/")?;
            path.strip_suffix("/results/result").map(Self::Result)
        };
        let node = || address.starts_with("vos://").then_some(Self::Node(address));
        let file = parameters.file(address.strip_prefix("param:").unwrap_or(address));
        file.map(Self::Field).or_else(job).or_else(node)
    }

    async fn table(&self, app: &App, caller: &Caller, name: String) -> Result<Guest, Refusal> {
        match self {
            Self::Field(file) => guest(name, &file.bytes),
            Self::Result(id) => guest(name, &uws::stored_result(app, caller, id, TABLE_BYTES).await?),
            Self::Node(identifier) => uploaded::table(app, caller, &name, identifier).await,
        }
    }
}

/// A table of the bytes of a VOTable, which may be compressed.
pub(crate) fn guest(name: String, bytes: &Bytes) -> Result<Guest, Refusal> {
    let read = text(bytes).and_then(|text| votable::read(&text));
    read.map(|batch| of_rows(&name, batch.schema(), batch)).map_err(|what| bad(&name, &what))
}

/// A table of text with commas, which may be compressed.
pub(crate) fn csv(name: String, bytes: &Bytes) -> Result<Guest, Refusal> {
    let read = text(bytes).and_then(|text| csv::read(&text));
    read.map(|(columns, rows)| of_rows(&name, columns, rows)).map_err(|what| bad(&name, &what))
}

/// A table of a VOTable or of text with commas, as its beginning tells.
pub(crate) fn any(name: String, bytes: &Bytes) -> Result<Guest, Refusal> {
    let is_markup = |text: &str| text.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    let read = |text: String| match is_markup(&text) {
        true => votable::read(&text).map(|batch| (batch.schema(), batch)),
        false => csv::read(&text),
    };
    let read = text(bytes).and_then(read);
    read.map(|(columns, rows)| of_rows(&name, columns, rows)).map_err(|what| bad(&name, &what))
}

/// A table without rows, with the columns that a VOSI document describes.
pub(crate) fn vosi(name: String, bytes: &Bytes) -> Result<Guest, Refusal> {
    let read = text(bytes).and_then(|text| vosi::as_votable(&text)).and_then(|text| votable::read(&text));
    read.map(|batch| of_rows(&name, batch.schema(), batch)).map_err(|what| bad(&name, &what))
}

/// Rows of a text for a table of these columns, which may leave some of them out.
pub(crate) fn text_of(
    name: &str,
    bytes: &Bytes,
    delimiter: u8,
    columns: &SchemaRef,
) -> Result<RecordBatch, Refusal> {
    let read = text(bytes).and_then(|text| csv::read_as(&text, delimiter, columns));
    read.map_err(|what| bad(name, &what))
}

fn of_rows(name: &str, columns: SchemaRef, rows: RecordBatch) -> Guest {
    Guest { schema: SCHEMA.to_owned(), name: name.to_owned(), columns, rows: vec![rows] }
}

fn text(bytes: &Bytes) -> Result<String, String> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let not_text = || "it is not UTF-8 text: send a VOTable".to_owned();
    if !bytes.starts_with(GZIP) {
        return String::from_utf8(bytes.to_vec()).map_err(|_| not_text());
    }
    let mut plain = Vec::new();
    let mut decoder = MultiGzDecoder::new(bytes.as_ref()).take(TABLE_BYTES + 1);
    decoder.read_to_end(&mut plain).map_err(|_| "its compression is broken: it was cut".to_owned())?;
    if plain.len() as u64 > TABLE_BYTES {
        return Err(format!("it has more than {TABLE_BYTES} bytes once it is decompressed"));
    }
    String::from_utf8(plain).map_err(|_| not_text())
}

/// A name as ADQL has it without quotes, with or without the schema in front.
fn table_name(name: &str) -> Result<String, Refusal> {
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix(SCHEMA).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&lower);
    let first = bare.starts_with(|c: char| c.is_ascii_lowercase());
    let rest = bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if first && rest && bare.len() <= NAME_BYTES {
        return Ok(bare.to_owned());
    }
    let hint = "a table's name has letters, digits and _, and starts with a letter".to_owned();
    Err(Refusal::Value { name: "UPLOAD", value: shortened(name), hint })
}

fn refused(upload: &str) -> Refusal {
    let hint =
        "it is name,param:field with a file of the same request, the result of a job here, or the vos: \
                identifier of a file or a table of yours; nothing is fetched from elsewhere"
            .to_owned();
    Refusal::Value { name: "UPLOAD", value: shortened(upload), hint }
}

fn bad(name: &str, what: &str) -> Refusal {
    Refusal::BadUpload { name: shortened(name), what: what.to_owned() }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_and_unicode_are_refused() {
        for name in ["", "a b", "a\"; --", "ü", "1a", "tap_upload.", "a.b"] {
            assert!(table_name(name).is_err(), "{name}");
        }
        assert_eq!(table_name("TAP_UPLOAD.Mine_1").expect("a name"), "mine_1");
    }

    #[test]
    fn a_table_elsewhere_has_no_address_here() {
        let parameters = Parameters::default();
        for address in
            ["http://127.0.0.1:22/", "file:///etc/passwd", "ftp://a/b", "param:absent", "", "//a/b"]
        {
            assert!(Address::of(&parameters, address).is_none(), "{address}");
        }
    }
}
