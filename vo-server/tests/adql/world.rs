//! A few small tables whose every row is known.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::concat_batches;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{Field, Schema};
use catalogue::engine::{Catalogue, Guest, User};
use futures::TryStreamExt;
use vo_server::adql;
use vo_server::plan::{Asked, PlanError, plan};

use crate::sky;

/// The schema of the sample sky, whose name may be left out.
const SCHEMA: &str = "gaiadr3";

/// The tables `stars`, `visits`, `notes`, `odd` and `odd_flags`, and `Survey.Photometry`, beside a sample sky.
pub struct World;

impl World {
    pub async fn ask(&self, text: &str) -> Result<RecordBatch, PlanError> {
        self.ask_at_most(text, None).await
    }

    /// The answer with at most one row more than `maxrec`.
    pub async fn ask_at_most(&self, text: &str, maxrec: Option<u64>) -> Result<RecordBatch, PlanError> {
        all(sky::catalogue(), Asked { text: text.to_owned(), maxrec, guests: tables() }).await
    }
}

/// The whole answer as one batch.
pub async fn all(catalogue: &Catalogue, asked: Asked) -> Result<RecordBatch, PlanError> {
    let rows = plan(catalogue, &maria(), asked, &adql::Limits::default()).await?.execute().await?;
    let schema = rows.schema();
    let batches: Vec<RecordBatch> = rows.try_collect().await?;
    Ok(concat_batches(&schema, &batches).expect("all batches have the announced schema"))
}

pub fn maria() -> User {
    User { name: "maria".parse().expect("a good user name") }
}

/// Every value as a text, row by row.
pub fn texts(answer: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = answer.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
    let columns: Vec<_> = columns.collect::<Result<_, _>>().expect("every value has a text");
    let text = |row: usize, column: &ArrayFormatter<'_>| match column.value(row).to_string() {
        empty if empty.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    (0..answer.num_rows()).map(|row| columns.iter().map(|column| text(row, column)).collect()).collect()
}

fn tables() -> Vec<Guest> {
    vec![stars(), visits(), notes(), odd(), odd_flags(), photometry()]
}

fn stars() -> Guest {
    let names = ["Sirius", "Canopus", "Arcturus", "Vega", "Capella", "Rigel", "Procyon", "Barnard's star"];
    let kinds = [Some("A"), Some("F"), Some("K"), Some("A"), Some("G"), Some("B"), Some("F"), None];
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("id", "", Arc::new(Int64Array::from_iter_values(1..=8))),
        ("name", "", Arc::new(StringArray::from_iter_values(names))),
        ("ra", "deg", doubles(&[101.25, 96.0, 214.0, 279.25, 79.25, 78.75, 114.75, 269.5])),
        ("dec", "deg", doubles(&[-16.75, -52.75, 19.25, 38.75, 46.0, -8.25, 5.25, 4.75])),
        ("mag", "mag", Arc::new(Float32Array::from(vec![-1.5, -0.75, 0.0, 0.25, 0.5, 0.75, 1.0, 9.5]))),
        ("parallax", "mas", doubles(&[400.0, 10.5, 88.0, 130.0, 76.0, 4.0, 285.0, 547.5])),
        ("kind", "", Arc::new(StringArray::from_iter(kinds))),
        (
            "n",
            "",
            Arc::new(Int32Array::from(vec![
                Some(3),
                Some(1),
                Some(2),
                Some(5),
                Some(4),
                None,
                Some(0),
                Some(7),
            ])),
        ),
    ];
    table(SCHEMA, "stars", columns)
}

fn visits() -> Guest {
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("star", "", Arc::new(Int64Array::from(vec![1, 1, 3, 4, 9]))),
        ("night", "", Arc::new(Int32Array::from(vec![1, 2, 1, 1, 3]))),
        ("flux", "", doubles(&[10.0, 12.0, 5.0, 7.5, 1.0])),
    ];
    table(SCHEMA, "visits", columns)
}

fn notes() -> Guest {
    let notes = StringArray::from(vec!["bright", "standard", "variable", "lost"]);
    let ids = Int64Array::from(vec![1, 4, 4, 9]);
    table(SCHEMA, "notes", vec![("id", "", Arc::new(ids)), ("note", "", Arc::new(notes))])
}

/// Columns that have to be quoted.
fn odd() -> Guest {
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let number = |number: i32| -> ArrayRef { Arc::new(Int32Array::from(vec![number])) };
    let columns = vec![
        ("distance", "", doubles(&[1.5])),
        ("order", "", number(2)),
        ("size", "", number(3)),
        ("two words", "", text("yes")),
        ("say \"hi\"", "", text("hi")),
        ("_weird", "", number(4)),
        ("1st", "", number(5)),
        ("\u{3b1}", "", number(6)),
        ("semi;colon", "", number(7)),
        ("it's", "", number(8)),
    ];
    table(SCHEMA, "odd", columns)
}

fn odd_flags() -> Guest {
    let seen = BooleanArray::from(vec![Some(true), Some(false), Some(true), None]);
    let ids = Int64Array::from_iter_values(1..=4);
    table(SCHEMA, "odd_flags", vec![("id", "", Arc::new(ids)), ("seen", "", Arc::new(seen))])
}

/// Capitals in every name.
fn photometry() -> Guest {
    let columns: Vec<(&str, &str, ArrayRef)> =
        vec![("Id", "", Arc::new(Int64Array::from(vec![1]))), ("Gmag", "mag", doubles(&[12.5]))];
    table("Survey", "Photometry", columns)
}

fn doubles(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn table(schema: &str, name: &str, columns: Vec<(&str, &str, ArrayRef)>) -> Guest {
    let field = |(name, unit, values): &(&str, &str, ArrayRef)| {
        let field = Field::new(*name, values.data_type().clone(), true);
        match unit.is_empty() {
            true => field,
            false => field.with_metadata([("unit".to_owned(), (*unit).to_owned())].into()),
        }
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let schema_of_rows = Arc::new(Schema::new(fields));
    let values = columns.into_iter().map(|(_, _, values)| values).collect();
    let rows = RecordBatch::try_new(Arc::clone(&schema_of_rows), values).expect("columns of equal length");
    Guest { schema: schema.into(), name: name.into(), columns: schema_of_rows, rows: vec![rows] }
}
