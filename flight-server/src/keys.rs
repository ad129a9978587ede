//! Which columns identify a row, and which refer to it, in the shapes that Flight SQL prescribes (CommandGetPrimaryKeys and
//! its relatives). A release's `gaia_source` has one row for each `source_id`, and its other tables refer to it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt8Array};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use catalogue::engine::TableInfo;

use crate::listings::CATALOG;

const SOURCES: &str = "gaia_source";
const SOURCE_ID: &str = "source_id";

/// NO ACTION, in the numbers of UpdateDeleteRules: nothing ever changes a release.
const NO_ACTION: u8 = 3;

/// A table as a client names it; parts that it leaves out may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) catalog: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

/// Tables that refer to others: both ends, as far as the client names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reference {
    /// The table that is referred to.
    pub(crate) target: Option<Named>,
    /// The table that refers.
    pub(crate) from: Option<Named>,
}

impl Named {
    fn is(&self, table: &TableInfo) -> bool {
        let is = |asked: &Option<String>, name: &str| asked.as_ref().is_none_or(|asked| asked == name);
        is(&self.catalog, CATALOG) && is(&self.schema, &table.schema) && self.table == table.name
    }
}

/// The columns of [`primary`].
pub(crate) fn primary_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("column_name", DataType::Utf8, false),
        Field::new("key_name", DataType::Utf8, true),
        Field::new("key_sequence", DataType::Int32, false),
    ]))
}

/// What identifies the rows of a table, among those that the caller sees.
pub(crate) fn primary(named: &Named, tables: &[TableInfo]) -> Result<RecordBatch, ArrowError> {
    let found: Vec<&TableInfo> =
        tables.iter().filter(|table| named.is(table) && is_identified(table)).collect();
    let count = found.len();
    let columns: Vec<ArrayRef> = vec![
        texts(count, |_| CATALOG.to_owned()),
        texts(count, |row| found[row].schema.clone()),
        texts(count, |row| found[row].name.clone()),
        texts(count, |_| SOURCE_ID.to_owned()),
        texts(count, |row| key_name(&found[row].schema, SOURCES)),
        Arc::new(Int32Array::from(vec![1; count])),
    ];
    RecordBatch::try_new(primary_schema(), columns)
}

/// The columns of [`references`].
pub(crate) fn reference_schema() -> SchemaRef {
    let of_side = |side: &str| {
        [("catalog_name", true), ("db_schema_name", true), ("table_name", false), ("column_name", false)]
            .map(|(name, nullable)| Field::new(format!("{side}_{name}"), DataType::Utf8, nullable))
    };
    let keys = [
        Field::new("key_sequence", DataType::Int32, false),
        Field::new("fk_key_name", DataType::Utf8, true),
        Field::new("pk_key_name", DataType::Utf8, true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ];
    Arc::new(Schema::new([of_side("pk").to_vec(), of_side("fk").to_vec(), keys.to_vec()].concat()))
}

/// Which tables refer to which, among those that the caller sees.
pub(crate) fn references(asked: &Reference, tables: &[TableInfo]) -> Result<RecordBatch, ArrowError> {
    let is = |named: &Option<Named>, table: &TableInfo| named.as_ref().is_none_or(|named| named.is(table));
    let targets = tables.iter().filter(|table| is_identified(table) && is(&asked.target, table));
    let pairs: Vec<(&TableInfo, &TableInfo)> = targets
        .flat_map(|target| {
            let refers =
                |table: &&TableInfo| table.schema == target.schema && table.name != SOURCES && has_id(table);
            tables.iter().filter(refers).filter(|from| is(&asked.from, from)).map(move |from| (target, from))
        })
        .collect();
    let count = pairs.len();
    let numbers = |number: u8| Arc::new(UInt8Array::from(vec![number; count]));
    let columns: Vec<ArrayRef> = vec![
        texts(count, |_| CATALOG.to_owned()),
        texts(count, |row| pairs[row].0.schema.clone()),
        texts(count, |row| pairs[row].0.name.clone()),
        texts(count, |_| SOURCE_ID.to_owned()),
        texts(count, |_| CATALOG.to_owned()),
        texts(count, |row| pairs[row].1.schema.clone()),
        texts(count, |row| pairs[row].1.name.clone()),
        texts(count, |_| SOURCE_ID.to_owned()),
        Arc::new(Int32Array::from(vec![1; count])),
        texts(count, |row| key_name(&pairs[row].1.schema, &pairs[row].1.name)),
        texts(count, |row| key_name(&pairs[row].0.schema, SOURCES)),
        numbers(NO_ACTION),
        numbers(NO_ACTION),
    ];
    RecordBatch::try_new(reference_schema(), columns)
}

/// Only a release's own table is known to have every source once.
fn is_identified(table: &TableInfo) -> bool {
    table.name == SOURCES && !table.schema.starts_with("user_") && has_id(table)
}

fn has_id(table: &TableInfo) -> bool {
    table.arrow_schema.field_with_name(SOURCE_ID).is_ok()
}

fn key_name(schema: &str, table: &str) -> String {
    format!("{schema}_{table}_{SOURCE_ID}")
}

fn texts(count: usize, text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..count).map(text)))
}
