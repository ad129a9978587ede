//! Enhanced CSV (APE 6): a YAML header in comments that states types and units, then CSV.
//!
//! Array columns (`subtype` with a shape, values as JSON) become lists. Other object columns stay text.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use yaml_rust2::{Yaml, YamlLoader};

use super::file_error::FileError;
use super::frame::Framer;
use super::sheet::{About, Cells, Column, Values};
use super::source::Source;
use super::text::{Lines, Records, Row, Split};

/// Bytes of the longest header; the archive's widest tables have some fifty kilobytes.
const MAX_HEADER_BYTES: usize = 4 << 20;

/// Reads an ECSV file.
pub(super) fn read(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let header = header(source)?;
    let declared =
        header["datatype"].as_vec().ok_or_else(|| malformed("its header has no list `datatype`"))?;
    let separator = match header["delimiter"].as_str() {
        None | Some(" ") => b' ',
        Some(",") => b',',
        Some(other) => return Err(malformed(&format!("`{other}` is no delimiter of ECSV"))),
    };
    let mut records = Records::new(source.open()?, Split::Separator(separator));
    let mut row = Row::default();
    records.next(&mut row)?.ok_or(FileError::NoRows)?;
    framer.begin(columns(&row, declared)?)?;
    let mut cells = Cells::new(declared.len());
    while let Some(line) = records.next(&mut row)? {
        cells.push(line, row.cells())?;
        if cells.is_full() {
            framer.rows(cells.take())?;
        }
    }
    framer.rows(cells.take())
}

/// The parts of the header that describe columns. Others hold free text, which not every YAML parser takes.
fn header(source: &Source) -> Result<Yaml, FileError> {
    let mut lines = Lines::new(source.open()?);
    let mut wanted = false;
    let mut yaml = String::new();
    lines.next()?;
    while let Some(line) = lines.next()?.and_then(|(_, line)| line.strip_prefix('#')) {
        let line = line.strip_prefix(' ').unwrap_or("");
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            wanted = line.starts_with("datatype:") || line.starts_with("delimiter:");
        }
        if wanted {
            yaml.push_str(line);
            yaml.push('\n');
        }
        if yaml.len() > MAX_HEADER_BYTES {
            return Err(malformed(&format!("its header has more than {MAX_HEADER_BYTES} bytes")));
        }
    }
    let documents = YamlLoader::load_from_str(&yaml);
    let documents = documents.map_err(|error| malformed(&format!("its header is no YAML: {error}")))?;
    documents.into_iter().next().ok_or_else(|| malformed("its header has no list `datatype`"))
}

/// The columns as the header declares them, which is how the line of names has to have them.
fn columns(names: &Row, declared: &[Yaml]) -> Result<Vec<Column>, FileError> {
    if names.len() != declared.len() {
        let what = format!("the header declares {} columns, the table has {}", declared.len(), names.len());
        return Err(malformed(&what));
    }
    let columns = names.cells().zip(declared).map(|(name, declared)| {
        if declared["name"].as_str() != Some(name) {
            return Err(malformed(&format!("column `{name}` is not where the header declares it")));
        }
        let values = Values::Declared(data_type(declared));
        Ok(Column { name: name.to_owned(), about: about(declared), values })
    });
    columns.collect()
}

fn about(declared: &Yaml) -> About {
    let text = |yaml: &Yaml| yaml.as_str().map(str::to_owned);
    About {
        unit: text(&declared["unit"]),
        ucd: text(&declared["meta"]["ucd"]),
        description: text(&declared["description"]),
    }
}

fn data_type(declared: &Yaml) -> DataType {
    let plain = declared["datatype"].as_str().unwrap_or("string").trim();
    match declared["subtype"].as_str().and_then(|subtype| subtype.trim().split_once('[')) {
        Some((item, _)) => DataType::List(Arc::new(Field::new_list_field(scalar(item), true))),
        None => scalar(plain),
    }
}

fn scalar(name: &str) -> DataType {
    match name {
        "bool" => DataType::Boolean,
        "int8" | "int16" | "uint8" => DataType::Int16,
        "int32" | "uint16" => DataType::Int32,
        "int64" | "uint32" | "uint64" => DataType::Int64,
        "float16" | "float32" => DataType::Float32,
        "float64" | "float128" => DataType::Float64,
        _ => DataType::Utf8,
    }
}

fn malformed(what: &str) -> FileError {
    FileError::Malformed { format: "ECSV", what: what.to_owned() }
}
