//! Random files, read by us and by the general decoder.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float32Array, Float64Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::Float64Type;
use arrow_schema::DataType;
use bytes::Bytes;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, Encoding};
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::properties::{WriterProperties, WriterVersion};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion_datasource::morsel::Morsel;
use futures::StreamExt;
use proptest::prelude::*;

use super::layout::Layout;
use super::row_group::RowGroup;
use super::wanted::Wanted;
use super::*;

/// How a file is written.
#[derive(Clone, Debug)]
struct Style {
    version: WriterVersion,
    compression: Compression,
    encoding: Encoding,
    dictionary: bool,
    page_rows: usize,
    group_rows: usize,
}

impl Style {
    fn is_flat(&self) -> bool {
        !self.dictionary && self.compression != Compression::SNAPPY
    }

    fn properties(&self) -> WriterProperties {
        WriterProperties::builder()
            .set_writer_version(self.version)
            .set_compression(self.compression)
            .set_encoding(self.encoding)
            .set_dictionary_enabled(self.dictionary)
            .set_data_page_row_count_limit(self.page_rows)
            .set_write_batch_size(self.page_rows)
            .set_max_row_group_row_count(Some(self.group_rows))
            .build()
    }
}

fn styles() -> impl Strategy<Value = Style> {
    (
        prop::sample::select(vec![WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0]),
        prop::sample::select(vec![Compression::UNCOMPRESSED, Compression::LZ4_RAW, Compression::SNAPPY]),
        prop::sample::select(vec![Encoding::PLAIN, Encoding::BYTE_STREAM_SPLIT]),
        prop::bool::weighted(0.1),
        1..300usize,
        100..1000usize,
    )
        .prop_map(|(version, compression, encoding, dictionary, page_rows, group_rows)| Style {
            version,
            compression,
            encoding,
            dictionary,
            page_rows,
            group_rows,
        })
}

/// Two columns; one has no value in some rows, and many rows on end.
fn tables() -> impl Strategy<Value = RecordBatch> {
    let number = prop_oneof![8 => -1e6..1e6f64, 1 => Just(f64::NAN), 1 => Just(f64::NEG_INFINITY)];
    let row = (number.clone(), prop_oneof![3 => number.prop_map(Some), 1 => Just(None)]);
    let run = (row, prop_oneof![3 => 1..4usize, 1 => 1..200usize]);
    prop::collection::vec(run, 1..80).prop_map(|runs| {
        let rows: Vec<_> =
            runs.into_iter().flat_map(|(row, count)| std::iter::repeat_n(row, count)).collect();
        let parallax = Float64Array::from_iter_values(rows.iter().map(|row| row.0));
        let colour = Float32Array::from_iter(rows.iter().map(|row| row.1.map(|value| value as f32)));
        let columns: [(&str, ArrayRef, bool); 2] =
            [("parallax", Arc::new(parallax), false), ("bp_rp", Arc::new(colour), true)];
        RecordBatch::try_from_iter_with_nullable(columns).expect("two columns of the same length")
    })
}

fn written(table: &RecordBatch, style: &Style) -> Bytes {
    let mut bytes = Vec::new();
    let properties = Some(style.properties());
    let mut writer = ArrowWriter::try_new(&mut bytes, table.schema(), properties).expect("a writer");
    writer.write(table).expect("written");
    writer.close().expect("finished");
    bytes.into()
}

fn footer(file: &Bytes) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(file).expect("a footer")
}

/// The columns in another order, as we decode them; `None` where they are not flat.
fn decoded(file: &Bytes, table: &RecordBatch, batch_rows: usize) -> Option<Result<RecordBatch>> {
    let schema = table.schema();
    let projection = ProjectionExprs::from_indices(&[1, 0], &schema);
    let wanted = Arc::new(Wanted::of(&projection, &schema).expect("a projection").expect("two numbers"));
    let footer = footer(file);
    let layout = Layout::of(&footer, &wanted)?;
    let batches = footer.row_groups().iter().flat_map(|group| {
        let places = layout.chunks(group);
        let bytes =
            places.iter().map(|place| file.slice(place.range.start as usize..place.range.end as usize));
        let (bytes, rows) = (bytes.collect(), group.num_rows() as usize);
        let group = Box::new(RowGroup::new(Arc::clone(&wanted), places, bytes, rows, batch_rows));
        futures::executor::block_on(group.into_stream().collect::<Vec<_>>())
    });
    let batches: Result<Vec<RecordBatch>> = batches.collect();
    Some(batches.map(|batches| {
        let schema = Arc::new(schema.project(&[1, 0]).expect("two columns"));
        concat_batches(&schema, &batches).expect("batches of one schema")
    }))
}

/// The numbers of a column bit by bit, because NaN is not equal to itself.
fn bits(column: &ArrayRef) -> Vec<Option<u64>> {
    let column = cast(column, &DataType::Float64).expect("numbers");
    column.as_primitive::<Float64Type>().iter().map(|value| value.map(f64::to_bits)).collect()
}

proptest! {
    #[test]
    fn numbers_are_those_of_the_general_decoder(table in tables(), style in styles(), batch_rows in 1..700usize) {
        let file = written(&table, &style);
        let ours = decoded(&file, &table, batch_rows);
        prop_assert_eq!(ours.is_some(), style.is_flat());
        if let Some(ours) = ours {
            let rows = ParquetRecordBatchReaderBuilder::try_new(file).expect("a file").build().expect("a reader");
            let theirs: Vec<RecordBatch> = rows.collect::<std::result::Result<_, _>>().expect("rows");
            let theirs = concat_batches(&table.schema(), &theirs).expect("batches of one schema");
            let theirs = theirs.project(&[1, 0]).expect("two columns");
            let ours = ours.expect("a sound file");
            prop_assert_eq!(ours.num_rows(), theirs.num_rows());
            for (ours, theirs) in ours.columns().iter().zip(theirs.columns()) {
                prop_assert_eq!(bits(ours), bits(theirs));
            }
        }
    }
}

#[test]
fn broken_pages_are_told_with_their_place() {
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((0..1000).map(f64::from)));
    let table = RecordBatch::try_from_iter([("parallax", numbers)]).expect("one column");
    let style = Style {
        version: WriterVersion::PARQUET_1_0,
        compression: Compression::LZ4_RAW,
        encoding: Encoding::PLAIN,
        dictionary: false,
        page_rows: 100,
        group_rows: 1000,
    };
    let file = written(&table, &style);
    let schema = table.schema();
    let wanted = Wanted::of(&ProjectionExprs::from_indices(&[0], &schema), &schema);
    let wanted = Arc::new(wanted.expect("a projection").expect("numbers"));
    let footer = footer(&file);
    let layout = Layout::of(&footer, &wanted).expect("a flat column");
    let (start, length) = footer.row_group(0).column(0).byte_range();
    let told = |chunk: Bytes| {
        let places = layout.chunks(footer.row_group(0));
        let group = Box::new(RowGroup::new(Arc::clone(&wanted), places, vec![chunk], 1000, 64));
        let batches = futures::executor::block_on(group.into_stream().collect::<Vec<_>>());
        batches.into_iter().collect::<Result<Vec<_>>>().expect_err("it is broken").to_string()
    };
    let chunk = file.slice(start as usize..(start + length) as usize);
    let cut = told(chunk.slice(..chunk.len() - 60));
    assert!(cut.contains("a page of") && cut.contains("left, at byte"), "{cut}");
    let header = told([&[0xff; 40], &chunk[40..]].concat().into());
    assert!(header.contains(", at byte"), "{header}");
    let fewer = told(Bytes::new());
    assert!(fewer.contains(&format!("fewer rows than its row group, at byte {start}")), "{fewer}");
}
