//! TAP_SCHEMA (TAP 1.1 section 4): tables about tables, made for each query that names them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use catalogue::engine::Guest;

use crate::app::App;
use crate::columns;
use crate::identity::Caller;
use crate::listing::{self, Key, Listed};
use crate::refusal::Refusal;

/// The schema, as queries name it.
pub(crate) const NAME: &str = "tap_schema";

/// A table: name, description, and its columns.
type Described = (&'static str, &'static str, &'static [Detail]);
/// A column: name, type, whether it may be null, description.
type Detail = (&'static str, Type, bool, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Int,
    Long,
}

const TABLES: [Described; 5] = [
    (
        "schemas",
        "The schemas of this service",
        &[
            ("schema_name", Type::Text, false, "Name of the schema"),
            ("utype", Type::Text, true, "Data model of the schema"),
            ("description", Type::Text, true, "What the schema is"),
            ("schema_index", Type::Int, true, "Order in which schemas are listed"),
        ],
    ),
    (
        "tables",
        "The tables of this service",
        &[
            ("schema_name", Type::Text, false, "Schema of the table"),
            ("table_name", Type::Text, false, "Name of the table as in a query"),
            ("table_type", Type::Text, false, "table or view"),
            ("utype", Type::Text, true, "Data model of the table"),
            ("description", Type::Text, true, "What the table is"),
            ("table_index", Type::Int, true, "Order in which tables are listed"),
            ("size", Type::Long, true, "Number of rows"),
        ],
    ),
    (
        "columns",
        "The columns of the tables",
        &[
            ("table_name", Type::Text, false, "Table of the column"),
            ("column_name", Type::Text, false, "Name of the column"),
            ("datatype", Type::Text, false, "Type, as in VOTable"),
            ("arraysize", Type::Text, true, "Length of a value, as in VOTable"),
            ("xtype", Type::Text, true, "More about the type (DALI)"),
            ("size", Type::Int, true, "Length of a value; deprecated"),
            ("description", Type::Text, true, "What the column is"),
            ("utype", Type::Text, true, "Data model of the column"),
            ("unit", Type::Text, true, "Unit (VOUnit)"),
            ("ucd", Type::Text, true, "UCD"),
            ("indexed", Type::Int, false, "1 if rows are found by it without reading all"),
            ("principal", Type::Int, false, "1 if it is among the most used columns"),
            ("std", Type::Int, false, "1 if a standard defines it"),
            ("column_index", Type::Int, true, "Order in which columns are listed"),
        ],
    ),
    (
        "keys",
        "Pairs of tables that can be joined by a key",
        &[
            ("key_id", Type::Text, false, "Name of the key"),
            ("from_table", Type::Text, false, "Table that refers"),
            ("target_table", Type::Text, false, "Table that is referred to"),
            ("description", Type::Text, true, "What the key is"),
            ("utype", Type::Text, true, "Data model of the key"),
        ],
    ),
    (
        "key_columns",
        "The columns of the keys",
        &[
            ("key_id", Type::Text, false, "Name of the key"),
            ("from_column", Type::Text, false, "Column that refers"),
            ("target_column", Type::Text, false, "Column that is referred to"),
        ],
    ),
];

/// TAP_SCHEMA itself, for listings.
pub(crate) fn listed() -> Vec<Listed> {
    let table = |described: &Described| Listed {
        schema: NAME.to_owned(),
        name: format!("{NAME}.{}", described.0),
        description: described.1.to_owned(),
        rows: 0,
        columns: columns::of_schema(&schema(described)),
    };
    TABLES.iter().map(table).collect()
}

/// The tables with the rows that `caller` may see.
pub(crate) async fn tables(app: &App, caller: &Caller) -> Result<Vec<Guest>, Refusal> {
    let listed = listing::tables(app, caller).await?;
    let keys = listing::keys(&listed);
    let rows =
        [schemas(&listed), of_tables(&listed), of_columns(&listed), of_keys(&keys), key_columns(&keys)];
    Ok(TABLES.iter().zip(rows).map(|(described, rows)| guest(described, &rows)).collect::<Result<_, _>>()?)
}

/// A value of a row.
#[derive(Clone)]
enum Value {
    Text(String),
    Number(i64),
    Nothing,
}

fn text(value: &str) -> Value {
    if value.is_empty() { Value::Nothing } else { Value::Text(value.to_owned()) }
}

fn number(value: impl TryInto<i64>) -> Value {
    value.try_into().map_or(Value::Nothing, Value::Number)
}

fn schemas(listed: &[Listed]) -> Vec<Vec<Value>> {
    let mut names: Vec<&str> = listed.iter().map(|table| table.schema.as_str()).collect();
    names.dedup();
    let row = |(index, name): (usize, &&str)| {
        vec![text(name), Value::Nothing, text(about_schema(name)), number(index)]
    };
    names.iter().enumerate().map(row).collect()
}

/// What a schema is, in words.
pub(crate) fn about_schema(name: &str) -> &'static str {
    match name {
        own if own.trim_matches('"').starts_with("user_") => "Tables of one's own, which nobody else sees",
        NAME => "Tables that describe the tables of this service",
        "\"usage\"" => "Who uses this service",
        _ => "",
    }
}

fn of_tables(listed: &[Listed]) -> Vec<Vec<Value>> {
    let row = |(index, table): (usize, &Listed)| {
        let rows = if table.schema == NAME { Value::Nothing } else { number(table.rows) };
        let (schema, name) = (text(&table.schema), text(&table.name));
        vec![schema, name, text("table"), Value::Nothing, text(&table.description), number(index), rows]
    };
    listed.iter().enumerate().map(row).collect()
}

fn of_columns(listed: &[Listed]) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for table in listed {
        for (index, column) in table.columns.iter().enumerate() {
            rows.push(vec![
                text(&table.name),
                text(&column.adql_name()),
                text(column.kind.votable()),
                text(&column.arraysize().unwrap_or_default()),
                text(&column.xtype),
                Value::Nothing,
                text(&column.description),
                text(&column.utype),
                text(&column.unit),
                text(&column.ucd),
                number(u8::from(column.is_indexed())),
                number(u8::from(column.is_principal())),
                number(u8::from(table.schema == NAME)),
                number(index),
            ]);
        }
    }
    rows
}

/// How the tables of TAP_SCHEMA refer to each other.
pub(crate) fn keys() -> Vec<Key> {
    let keys = [
        ("tables", "schema_name", "schemas", "schema_name"),
        ("columns", "table_name", "tables", "table_name"),
        ("keys", "from_table", "tables", "table_name"),
        ("keys", "target_table", "tables", "table_name"),
        ("key_columns", "key_id", "keys", "key_id"),
    ];
    let key = |(from, column, target, of): (&str, &str, &str, &str)| Key {
        id: format!("{NAME}_{from}_{column}"),
        from: [format!("{NAME}.{from}"), column.to_owned()],
        target: [format!("{NAME}.{target}"), of.to_owned()],
    };
    keys.map(key).into()
}

fn of_keys(keys: &[Key]) -> Vec<Vec<Value>> {
    let row = |Key { id, from, target }: &Key| {
        vec![text(id), text(&from[0]), text(&target[0]), Value::Nothing, Value::Nothing]
    };
    keys.iter().map(row).collect()
}

fn key_columns(keys: &[Key]) -> Vec<Vec<Value>> {
    keys.iter().map(|Key { id, from, target }| vec![text(id), text(&from[1]), text(&target[1])]).collect()
}

fn schema((_, _, columns): &Described) -> Schema {
    let field = |(name, kind, nullable, description): &Detail| {
        let data_type = match kind {
            Type::Text => DataType::Utf8,
            Type::Int => DataType::Int32,
            Type::Long => DataType::Int64,
        };
        let about = [("description".to_owned(), (*description).to_owned())];
        Field::new(*name, data_type, *nullable).with_metadata(about.into())
    };
    Schema::new(columns.iter().map(field).collect::<Vec<_>>())
}

fn guest(described: &Described, rows: &[Vec<Value>]) -> Result<Guest, ArrowError> {
    let columns: SchemaRef = Arc::new(schema(described));
    let array = |(index, (_, kind, ..)): (usize, &Detail)| -> ArrayRef {
        let values = rows.iter().map(|row| &row[index]);
        match kind {
            Type::Text => Arc::new(values.map(Value::as_text).collect::<StringArray>()),
            Type::Int => Arc::new(
                values
                    .map(|value| value.as_number().and_then(|number| i32::try_from(number).ok()))
                    .collect::<Int32Array>(),
            ),
            Type::Long => Arc::new(values.map(Value::as_number).collect::<Int64Array>()),
        }
    };
    let arrays = described.2.iter().enumerate().map(array).collect();
    let rows = RecordBatch::try_new(Arc::clone(&columns), arrays)?;
    Ok(Guest { schema: NAME.to_owned(), name: described.0.to_owned(), columns, rows: vec![rows] })
}

impl Value {
    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Nothing => None,
        }
    }

    fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Nothing => None,
        }
    }
}
