//! HATS tables as other programs write them, made from a few rows.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Builder, Float64Array, Float64Builder, Int64Array, ListBuilder, RecordBatch,
    StringArray, StructBuilder,
};
use arrow::compute::{sort_to_indices, take_record_batch};
use arrow_schema::{DataType, Field, Fields};
use catalogue::healpix;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

/// Positions all over the sky, in degrees.
pub fn positions(rows: usize) -> Vec<(f64, f64)> {
    let position = |i: usize| {
        // Multiples of the plastic number's powers fill a square evenly.
        let (a, b) = ((i as f64 * 0.754_877_666).fract(), (i as f64 * 0.569_840_291).fract());
        (a * 360.0, (b * 2.0 - 1.0).asin().to_degrees())
    };
    (0..rows).map(position).collect()
}

/// Rows with ids that are text, positions of unusual names, and light curves as lists of structures.
pub fn rows(count: usize) -> RecordBatch {
    let positions = positions(count);
    let (ra, dec): (Vec<f64>, Vec<f64>) = positions.iter().copied().unzip();
    let pixels = positions.iter().map(|&(ra, dec)| healpix::hash29(ra, dec));
    let names = (0..count).map(|i| format!("object-{i}"));
    let columns: [(&str, ArrayRef); 5] = [
        ("name", Arc::new(StringArray::from_iter_values(names))),
        ("RAJ2000", Arc::new(Float64Array::from(ra))),
        ("DEJ2000", Arc::new(Float64Array::from(dec))),
        ("lightcurve", Arc::new(light_curves(count))),
        (healpix::COLUMN, Arc::new(Int64Array::from_iter_values(pixels))),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// The row number `i` has `i % 4` observations, of the times 0, 1, 2 and the magnitude `i`.
fn light_curves(count: usize) -> arrow::array::ListArray {
    let field = |name, data_type| Field::new(name, data_type, true);
    let fields = Fields::from(vec![field("mjd", DataType::Float64), field("mag", DataType::Float32)]);
    let mut lists = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in 0..count {
        for time in 0..row % 4 {
            let values = lists.values();
            values.field_builder::<Float64Builder>(0).expect("times").append_value(time as f64);
            values.field_builder::<Float32Builder>(1).expect("magnitudes").append_value(row as f32);
            values.append(true);
        }
        lists.append(true);
    }
    lists.finish()
}

/// How a table is laid out.
pub struct Layout {
    /// How many files each tile has; their names are of a directory where there are several.
    pub files: usize,
    /// Whether the rows are in the order of the sky.
    pub sorted: bool,
    /// Whether the files say so.
    pub claims: bool,
    /// Whether the files have the index column.
    pub healpix: bool,
}

/// Writes `rows` in tiles of order 0 as hats-import does: ZSTD 15, one row group, no page index.
pub fn write(dir: &Path, layout: &Layout, rows: &RecordBatch) {
    let pixels = Arc::clone(rows.column_by_name(healpix::COLUMN).expect("the index"));
    let order = sort_to_indices(&pixels, None, None).expect("integers");
    let rows = if layout.sorted { take_record_batch(rows, &order).expect("rows") } else { rows.clone() };
    let mut list = String::from("Norder,Npix\n");
    for npix in 0..12u64 {
        let tile = of_tile(&rows, npix);
        for (number, part) in parts(&tile, layout.files).into_iter().enumerate() {
            let name =
                if layout.files == 1 { ".parquet".to_owned() } else { format!("/part{number}.parquet") };
            write_file(&dir.join(format!("dataset/Norder=0/Dir=0/Npix={npix}{name}")), layout, &part);
        }
        list += &format!("0,{npix}\n");
    }
    fs::write(dir.join("partition_info.csv"), list).expect("written");
    let suffix = if layout.files == 1 { ".parquet" } else { "/" };
    let index = if layout.healpix { "hats_col_healpix=_healpix_29\nhats_col_healpix_order=29\n" } else { "" };
    let text = format!(
        "obs_collection=foreign\ndataproduct_type=object\nhats_col_ra=RAJ2000\nhats_col_dec=DEJ2000\n\
         hats_npix_suffix={suffix}\n{index}"
    );
    fs::write(dir.join("hats.properties"), text).expect("written");
}

fn of_tile(rows: &RecordBatch, npix: u64) -> RecordBatch {
    let pixels = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(&rows[healpix::COLUMN]);
    let inside = pixels.values().iter().map(|&pixel| Some(healpix::tile_of(0, pixel) == npix)).collect();
    arrow::compute::filter_record_batch(rows, &inside).expect("rows")
}

fn parts(rows: &RecordBatch, count: usize) -> Vec<RecordBatch> {
    let length = rows.num_rows().div_ceil(count);
    (0..count)
        .map(|i| rows.slice(i * length, length.min(rows.num_rows().saturating_sub(i * length))))
        .collect()
}

fn write_file(path: &Path, layout: &Layout, rows: &RecordBatch) {
    let index = rows.num_columns() - 1;
    let columns: Vec<usize> = if layout.healpix { (0..=index).collect() } else { (0..index).collect() };
    let rows = rows.project(&columns).expect("columns");
    // The index is the last of the leaves: the light curves have two.
    let claim = SortingColumn { column_idx: 5, descending: false, nulls_first: false };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(15).expect("a level")))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(layout.claims.then(|| vec![claim]))
        .build();
    fs::create_dir_all(path.parent().expect("a directory")).expect("created");
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).expect("a writer");
    writer.write(&rows).expect("written");
    writer.close().expect("closed");
}
