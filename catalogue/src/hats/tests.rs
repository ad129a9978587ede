use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow_schema::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::*;
use crate::{columns, healpix};

fn meta(kind: Kind) -> TableMeta {
    TableMeta {
        name: "stars".into(),
        title: "Stars".into(),
        description: "Stars of a test".into(),
        kind,
        ra_column: "ra".into(),
        dec_column: "dec".into(),
        properties: [("obs_title".to_owned(), "Stars of a test".to_owned())].into(),
    }
}

fn schema(meta: &TableMeta) -> SchemaRef {
    let names = ["source_id", "ra", "dec", healpix::COLUMN];
    let fields: Vec<_> = names.iter().map(|name| columns::field(name).expect("a known column")).collect();
    meta.schema(&Schema::new(fields))
}

/// Rows all over the sky in no order; the ids count from `first`.
fn batch(schema: &SchemaRef, first: i64, rows: i64) -> RecordBatch {
    let ids = first..first + rows;
    let ra: Vec<f64> = ids.clone().map(|id| (id as f64 * 137.507_764).rem_euclid(360.0)).collect();
    let dec: Vec<f64> =
        ids.clone().map(|id| ((id as f64 * 0.618_034).fract() * 2.0 - 1.0).asin().to_degrees()).collect();
    let pixels = ra.iter().zip(&dec).map(|(&ra, &dec)| healpix::hash29(ra, dec));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(ids)),
        Arc::new(Float64Array::from(ra.clone())),
        Arc::new(Float64Array::from(dec.clone())),
        Arc::new(Int64Array::from_iter_values(pixels)),
    ];
    RecordBatch::try_new(schema.clone(), columns).expect("rows that fit the schema")
}

fn open(path: &Path) -> ParquetRecordBatchReaderBuilder<File> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let file = File::open(path).expect("a file");
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).expect("a parquet file")
}

#[test]
fn rows_in_any_order_become_a_sorted_table_that_describes_itself() {
    let parent = tempfile::tempdir().expect("a directory");
    let target = parent.path().join("stars");
    let meta = meta(Kind::Catalogue);
    let schema = schema(&meta);
    let batches = [batch(&schema, 0, 4000), batch(&schema, 4000, 1000)];
    let written = write_table(&target, meta, schema.clone(), &batches, 300).expect("a table");

    assert_eq!(partition::read(&target).expect("a list"), written.partitions);
    let properties = properties::read(&target).expect("properties");
    assert_eq!((properties.rows, properties.product.as_str()), (Some(5000), "object"));
    assert_eq!(properties.others["obs_title"], "Stars of a test");
    assert_eq!(open(&target.join(layout::COMMON_METADATA)).schema(), &schema);

    let mut last = -1;
    let mut ids = Vec::new();
    for Partition { order, npix, rows } in written.partitions {
        let reader = open(&target.join(layout::tile_path(order, npix)));
        assert_eq!(reader.schema(), &schema);
        let tile: Vec<RecordBatch> =
            reader.build().expect("a reader").map(|rows| rows.expect("rows")).collect();
        let count: u64 = tile.iter().map(|batch| batch.num_rows() as u64).sum();
        assert_eq!(Some(count), rows);
        for batch in &tile {
            for &pixel in batch[healpix::COLUMN].as_primitive::<Int64Type>().values() {
                assert!(pixel > last && healpix::tile_of(order, pixel) == npix);
                last = pixel;
            }
            ids.extend_from_slice(batch["source_id"].as_primitive::<Int64Type>().values());
            assert!(batch["dec"].as_primitive::<Float64Type>().values().iter().all(|dec| dec.abs() <= 90.0));
        }
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..5000).collect::<Vec<_>>());
}

#[test]
fn a_table_that_fails_leaves_the_old_one_and_nothing_else() {
    let parent = tempfile::tempdir().expect("a directory");
    let target = parent.path().join("stars");
    let meta = meta(Kind::Catalogue);
    let schema = schema(&meta);
    write_table(&target, meta.clone(), schema.clone(), &[batch(&schema, 0, 100)], 300).expect("a table");
    let old = partition::read(&target).expect("a list");

    let without_pixels = batch(&schema, 0, 10).project(&[0, 1, 2]).expect("three columns");
    let error = write_table(&target, meta.clone(), schema.clone(), &[without_pixels], 300);
    assert!(matches!(error, Err(HatsError::NoIndex { .. })), "{error:?}");
    let writer = Writer::create(&target, meta, schema.clone()).expect("a writer");
    let narrow = batch(&schema, 0, 10).project(&[3]).expect("one column");
    let error = writer.write_tile(0, 0, &[narrow]);
    assert!(matches!(error, Err(HatsError::Parquet { .. })), "{error:?}");
    drop(writer);

    assert_eq!(partition::read(&target).expect("a list"), old);
    assert_eq!(std::fs::read_dir(parent.path()).expect("a directory").count(), 1);
}

/// Rows of the largest page of any column.
fn largest_page(metadata: &ParquetMetaData) -> i64 {
    let pages = metadata.offset_index().expect("an offset index").iter().zip(metadata.row_groups());
    let sizes = pages.flat_map(|(columns, group)| {
        columns.iter().flat_map(|column| {
            let starts = column.page_locations().iter().map(|page| page.first_row_index);
            let ends = starts.clone().skip(1).chain([group.num_rows()]);
            starts.zip(ends).map(|(start, end)| end - start).collect::<Vec<_>>()
        })
    });
    sizes.max().unwrap_or(0)
}

#[test]
fn pages_are_small_and_only_keys_have_statistics_for_them() {
    let parent = tempfile::tempdir().expect("a directory");
    let target = parent.path().join("stars");
    let meta = meta(Kind::Catalogue);
    let schema = schema(&meta);
    write_table(&target, meta, schema.clone(), &[batch(&schema, 0, 30_000)], 10_000).expect("a table");
    let tile = partition::read(&target).expect("a list")[0];
    let reader = open(&target.join(layout::tile_path(tile.order, tile.npix)));
    assert_eq!(largest_page(reader.metadata()), 512);
    let index = &reader.metadata().column_index().expect("a column index")[0];
    let has_statistics: Vec<bool> =
        index.iter().map(|column| !matches!(column, ColumnIndexMetaData::NONE)).collect();
    assert_eq!(has_statistics, [true, false, false, true], "source_id, ra, dec, _healpix_29");
}

#[test]
fn only_pages_that_shrink_to_half_are_compressed() {
    let parent = tempfile::tempdir().expect("a directory");
    let target = parent.path().join("stars");
    let meta = meta(Kind::Catalogue);
    let plain = schema(&meta);
    let rows = batch(&plain, 0, 5_000);
    let more =
        ["ref_epoch", "designation"].map(|name| Arc::new(columns::field(name).expect("a known column")));
    let schema = meta.schema(&Schema::new(plain.fields().iter().cloned().chain(more).collect::<Vec<_>>()));
    // Two megabytes of texts are more than a dictionary holds.
    let designations = (0..5_000).map(|id| format!("{id:0>400}"));
    let more: [ArrayRef; 2] = [
        Arc::new(Float64Array::from(vec![2016.0; 5_000])),
        Arc::new(StringArray::from_iter_values(designations)),
    ];
    let columns = rows.columns().iter().cloned().chain(more).collect();
    let rows = RecordBatch::try_new(schema.clone(), columns).expect("rows that fit the schema");
    write_table(&target, meta, schema, &[rows], 5_000).expect("a table");
    let tile = partition::read(&target).expect("a list")[0];
    let reader = open(&target.join(layout::tile_path(tile.order, tile.npix)));
    let chunks = reader.metadata().row_group(0).columns();
    let shrinks = |chunk: &ColumnChunkMetaData| chunk.compressed_size() < chunk.uncompressed_size() * 3 / 4;
    let compressed: Vec<bool> = chunks.iter().map(shrinks).collect();
    assert_eq!(compressed, [false, false, false, false, true, true]);
    // Noise is as long as it was: not even its headers differ.
    assert_eq!(chunks[2].compressed_size(), chunks[2].uncompressed_size());
    let texts: Vec<Encoding> = chunks[5].encodings().collect();
    assert!(!texts.contains(&Encoding::DELTA_BYTE_ARRAY) && texts.contains(&Encoding::PLAIN), "{texts:?}");
}

#[test]
fn light_curves_have_pages_of_6_sources() {
    let parent = tempfile::tempdir().expect("a directory");
    let target = parent.path().join("epochs");
    let meta = meta(Kind::Epochs);
    let plain = schema(&meta);
    let rows = batch(&plain, 0, 500);
    let times =
        ListArray::from_iter_primitive::<Float64Type, _, _>((0..500).map(|i| Some(vec![Some(1.5); i % 50])));
    let fields = plain.fields().iter().cloned().chain([Arc::new(Field::new(
        "times",
        times.data_type().clone(),
        true,
    ))]);
    let schema = meta.schema(&Schema::new(fields.collect::<Vec<_>>()));
    let columns = rows.columns().iter().cloned().chain([Arc::new(times) as ArrayRef]).collect();
    let rows = RecordBatch::try_new(schema.clone(), columns).expect("rows that fit the schema");
    write_table(&target, meta, schema, &[rows], 1000).expect("a table");
    let tile = partition::read(&target).expect("a list")[0];
    let reader = open(&target.join(layout::tile_path(tile.order, tile.npix)));
    let largest = largest_page(reader.metadata());
    assert!((6..11).contains(&largest), "a list may run over by what fits into 6 values: {largest}");
}
