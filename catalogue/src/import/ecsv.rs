//! Enhanced CSV (APE 6): a YAML header in comments that states types and units, then CSV.
//!
//! Array columns (`subtype` with a shape, values as JSON) become lists. Other object columns stay text.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use yaml_rust2::{Yaml, YamlLoader};

use super::file_error::FileError;
use super::sheet::{About, Cells, Column, Places, Sheet};
use super::text::{self, Split};

/// Reads an ECSV file.
pub(super) fn read(text: &str) -> Result<Sheet, FileError> {
    let header = header(text)?;
    let declared =
        header["datatype"].as_vec().ok_or_else(|| malformed("its header has no list `datatype`"))?;
    let separator = match header["delimiter"].as_str() {
        None | Some(" ") => b' ',
        Some(",") => b',',
        Some(other) => return Err(malformed(&format!("`{other}` is no delimiter of ECSV"))),
    };
    let (names, values, lines) = body(text, separator)?;
    if names.len() != declared.len() {
        let what = format!("the header declares {} columns, the table has {}", declared.len(), names.len());
        return Err(malformed(&what));
    }
    let columns = names.into_iter().zip(declared).zip(values);
    let columns = columns.map(|((name, declared), values)| {
        if declared["name"].as_str() != Some(&name) {
            return Err(malformed(&format!("column `{name}` is not where the header declares it")));
        }
        Ok(Column { name, about: about(declared), data_type: Some(data_type(declared)), values })
    });
    Ok(Sheet {
        columns: columns.collect::<Result<_, _>>()?,
        places: Places::Lines(lines),
        remarks: Vec::new(),
    })
}

/// The parts of the header that describe columns. Others hold free text, which not every YAML parser takes.
fn header(text: &str) -> Result<Yaml, FileError> {
    let comments = text.lines().take_while(|line| line.starts_with('#')).skip(1);
    let mut wanted = false;
    let mut yaml = String::new();
    for line in comments.map(|line| line.strip_prefix("# ").unwrap_or("")) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            wanted = line.starts_with("datatype:") || line.starts_with("delimiter:");
        }
        if wanted {
            yaml.push_str(line);
            yaml.push('\n');
        }
    }
    let documents = YamlLoader::load_from_str(&yaml);
    let documents = documents.map_err(|error| malformed(&format!("its header is no YAML: {error}")))?;
    documents.into_iter().next().ok_or_else(|| malformed("its header has no list `datatype`"))
}

type Body = (Vec<String>, Vec<arrow::array::ArrayRef>, Vec<u64>);

fn body(text: &str, separator: u8) -> Result<Body, FileError> {
    let mut table: Option<(Vec<String>, Cells)> = None;
    text::each_row(text, Split::Separator(separator), &mut |line, row| match &mut table {
        Some((_, cells)) => cells.push(line, row.iter().copied()),
        None => {
            table = Some((row.iter().map(|&name| name.to_owned()).collect(), Cells::new(row.len())));
            Ok(())
        }
    })?;
    let (names, cells) = table.ok_or(FileError::NoRows)?;
    let (values, lines) = cells.finish();
    Ok((names, values, lines))
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
