//! From the pieces of a file to typed, named, described and, where asked, placed Arrow columns.
//!
//! What the file says about a column counts; `columns` fills in what it leaves open.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Float32Type, Float64Type, Schema, SchemaRef};

use super::file_error::FileError;
use super::places::Places;
use super::reading::Heard;
use super::sheet::{About, Column, Piece, Values};
use super::source::Source;
use super::summary::Remark;
use super::{naming, position, typing};
use crate::{columns, healpix};

/// Receives what a reader finds in a file.
pub(super) type Hear<'a> = dyn FnMut(Heard) -> Result<(), FileError> + 'a;

/// Takes the pieces of one file and tells somebody its rows.
pub(super) struct Framer<'a> {
    source: &'a Source,
    rename: &'a [(String, String)],
    /// Whether rows need a place on the sky.
    locate: bool,
    hear: &'a mut Hear<'a>,
    plan: Option<Plan>,
}

/// What becomes of the columns of a file.
struct Plan {
    columns: Vec<Planned>,
    schema: SchemaRef,
}

/// One column that is kept.
struct Planned {
    /// Its number in the file.
    index: usize,
    name: String,
    /// The type that text is parsed as.
    parsed: DataType,
}

impl<'a> Framer<'a> {
    /// For one file, whose rows go to `hear`.
    pub fn new(
        source: &'a Source,
        rename: &'a [(String, String)],
        locate: bool,
        hear: &'a mut Hear<'a>,
    ) -> Self {
        Self { source, rename, locate, hear, plan: None }
    }

    /// Agrees on the columns; called once, before all rows. An index column of others is dropped: it is made anew.
    pub fn begin(&mut self, columns: Vec<Column>) -> Result<(), FileError> {
        let raw: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let names = naming::names(&raw, self.rename)?;
        let kept = columns.iter().zip(names).enumerate().filter(|(_, (_, name))| name != healpix::COLUMN);
        let (mut planned, mut fields) = (Vec::new(), Vec::new());
        for (index, (column, name)) in kept {
            let parsed = parsed_type(&name, &column.values);
            let data_type = final_type(&name, &parsed)?;
            fields.push(field(&name, &column.about, data_type));
            planned.push(Planned { index, name, parsed });
        }
        self.plan = Some(Plan { columns: planned, schema: Arc::new(Schema::new(fields)) });
        Ok(())
    }

    /// Takes rows.
    pub fn rows(&mut self, piece: Piece) -> Result<(), FileError> {
        let plan = self.plan.as_ref().expect("a reader agrees on columns before it has rows");
        if piece.values.first().is_none_or(|values| values.is_empty()) {
            return Ok(());
        }
        let Piece { values, places } = piece;
        let arrays = plan.columns.iter().map(|planned| planned.values(&values[planned.index], &places));
        let mut batch =
            RecordBatch::try_new(Arc::clone(&plan.schema), arrays.collect::<Result<Vec<_>, _>>()?)?;
        if self.locate {
            let located = position::locate(&batch, &places)?;
            batch = located.batch;
            if located.by_source_id {
                self.remark(Remark::PlacedBySourceId(batch.num_rows() as u64))?;
            }
        }
        (self.hear)(Heard::Rows { batch, places, read_bytes: self.source.offset() })
    }

    /// Takes something that a person should know about the file.
    pub fn remark(&mut self, remark: Remark) -> Result<(), FileError> {
        (self.hear)(Heard::Remark(remark))
    }
}

/// The type as which the text of a column is parsed. What the file declares counts, but not text for identifiers.
fn parsed_type(name: &str, values: &Values) -> DataType {
    let exact = typing::is_identifier(name);
    match values {
        Values::Declared(DataType::Utf8) if exact => DataType::Int64,
        Values::Declared(declared) => declared.clone(),
        Values::Guessed(_) if exact => DataType::Int64,
        Values::Guessed(guess) => {
            columns::field(name).map_or(guess.clone(), |known| known.data_type().clone())
        }
    }
}

/// The type in the table: identifiers are 64-bit integers; floating point cannot hold them.
fn final_type(name: &str, parsed: &DataType) -> Result<DataType, FileError> {
    if !typing::is_identifier(name) {
        return Ok(parsed.clone());
    }
    match parsed {
        DataType::List(_) => Ok(parsed.clone()),
        found if found.is_floating() => {
            Err(FileError::FloatId { column: name.to_owned(), found: found.clone() })
        }
        found if found.is_integer() => Ok(DataType::Int64),
        found => {
            let expected = DataType::Int64;
            Err(FileError::WrongType { column: name.to_owned(), found: found.clone(), expected })
        }
    }
}

impl Planned {
    fn values(&self, raw: &ArrayRef, places: &Places) -> Result<ArrayRef, FileError> {
        let values = match raw.as_string_opt::<i32>() {
            Some(cells) => typing::parse(&self.name, cells, &self.parsed, places)?,
            None => Arc::clone(raw),
        };
        if typing::is_identifier(&self.name) && values.data_type().is_integer() {
            Ok(cast(&values, &DataType::Int64)?)
        } else {
            Ok(without_nan(values))
        }
    }
}

/// NaN is how files without nulls say that there is no value.
fn without_nan(values: ArrayRef) -> ArrayRef {
    fn clean<T: ArrowPrimitiveType>(values: &ArrayRef, is_nan: impl Fn(T::Native) -> bool) -> ArrayRef {
        let values = values.as_primitive::<T>();
        if !values.iter().flatten().any(&is_nan) {
            return Arc::new(values.clone());
        }
        Arc::new(values.iter().map(|value| value.filter(|&v| !is_nan(v))).collect::<PrimitiveArray<T>>())
    }
    match values.data_type() {
        DataType::Float32 => clean::<Float32Type>(&values, f32::is_nan),
        DataType::Float64 => clean::<Float64Type>(&values, f64::is_nan),
        _ => values,
    }
}

fn field(name: &str, about: &About, data_type: DataType) -> Field {
    let known = columns::field(name).map(|field| field.metadata().clone()).unwrap_or_default();
    let stated = [("unit", &about.unit), ("ucd", &about.ucd), ("description", &about.description)];
    let mut metadata: HashMap<String, String> = HashMap::new();
    for (key, stated) in stated {
        let stated = stated.as_ref().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let stated = stated.filter(|text| !text.is_empty());
        if let Some(text) = stated.or_else(|| known.get(key).cloned()) {
            metadata.insert(key.to_owned(), text);
        }
    }
    Field::new(name, data_type, true).with_metadata(metadata)
}
