//! Parquet, with the metadata that others write.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int64Array, LargeStringArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use parquet::arrow::ArrowWriter;

use crate::support::{Desk, about, names, row_of};

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let metadata = HashMap::from([("unit".to_owned(), "furlong".to_owned())]);
    let field = |(name, values): &(&str, ArrayRef)| {
        Field::new(*name, values.data_type().clone(), true).with_metadata(metadata.clone())
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let values = columns.into_iter().map(|(_, values)| values).collect();
    let batch = RecordBatch::try_new(schema.clone(), values).expect("equally long columns");
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
    bytes
}

#[test]
fn types_and_units_are_kept_and_the_index_of_others_is_made_anew() {
    let content = parquet(vec![
        ("SOURCE_ID", Arc::new(Int64Array::from(vec![65_205_373_152_172_032]))),
        ("ra", Arc::new(Float64Array::from(vec![56.5]))),
        ("dec", Arc::new(Float64Array::from(vec![24.125]))),
        ("dist", Arc::new(Float64Array::from(vec![f64::NAN]))),
        ("name", Arc::new(LargeStringArray::from(vec!["Merope"]))),
        ("class", Arc::new(["Be"].into_iter().collect::<DictionaryArray<Int32Type>>())),
        ("_healpix_29", Arc::new(Int64Array::from(vec![7]))),
    ]);
    let (_, table) = Desk::new().import("stars.parquet", content);
    assert_eq!(names(&table), ["source_id", "ra", "dec", "dist", "name", "class", "_healpix_29"]);
    let row = row_of(&table, 65_205_373_152_172_032, &["ra", "dec", "dist", "name", "class"]);
    assert_eq!(row, ["56.5", "24.125", "null", "Merope", "Be"]);
    assert_ne!(row_of(&table, 65_205_373_152_172_032, &["_healpix_29"]), ["7"]);
    assert_eq!(about(&table, "dist"), (DataType::Float64, [Some("furlong".to_owned()), None, None]));
}

#[test]
fn a_source_id_of_floating_point_and_a_cut_file_are_refused() {
    let content = parquet(vec![("source_id", Arc::new(Float64Array::from(vec![6.5e16])))]);
    assert_eq!(
        Desk::new().refusal("a.parquet", &content),
        "cannot import a.parquet: column source_id is Float64, which rounds identifiers of 19 digits: \
         export it as 64-bit integers"
    );
    let cut = Desk::new().refusal("a.parquet", &content[..content.len() - 10]);
    assert_eq!(
        cut,
        format!(
            "cannot import a.parquet: the file ends too early, at byte {}: it was cut, fetch it again",
            content.len() - 10
        )
    );
}
