//! How the Parquet files of a table are encoded, so that cones and light curves read few bytes.
//!
//! Small pages let a cone of 0.1 degrees read 40 kB instead of 800. Page statistics exist on the key columns
//! only: readers decode the statistics of all columns, wanted or not. Pages are compressed with LZ4, because the
//! reader sets up its decompressor for every column of every file anew: for Zstandard that takes longer than a small
//! page itself. What is lost is a tenth of the space.
//!
//! Measured numbers end in noise, which nothing compresses: LZ4 takes a quarter off a page of declinations, and every
//! reader of it pays. So pages of catalogues are of Parquet's second version, each of which says whether it is
//! compressed ("Data pages", DataPageHeaderV2): only those are that shrink to half.

use arrow_schema::{ArrowError, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, Encoding, Type};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnDescriptor;

use crate::healpix;

/// What a row of a table is; decides the size of pages and row groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Flat rows, read by place: pages of at most 512 rows, row groups of 131072.
    Catalogue,
    /// One row per source with nested lists, read by source: pages of 6 rows, row groups of 16384.
    Epochs,
}

impl Kind {
    /// Rows of a page, at most.
    pub(crate) fn page_rows(self) -> usize {
        match self {
            Self::Catalogue => 512,
            Self::Epochs => 6,
        }
    }

    /// Rows of a row group.
    pub(super) fn row_group_rows(self) -> usize {
        match self {
            Self::Catalogue => 131_072,
            Self::Epochs => 16_384,
        }
    }
}

/// A page of a catalogue is compressed where that leaves less than this share of its bytes.
const COMPRESSED_SHARE: f64 = 0.5;

/// Columns that queries select by.
const KEYS: [&str; 2] = [healpix::COLUMN, "source_id"];

/// The settings for a table of this kind and schema. Fails when Parquet has no form for a column.
pub(super) fn writer_properties(kind: Kind, schema: &Schema) -> Result<WriterProperties, ArrowError> {
    let columns = ArrowSchemaConverter::new().convert(schema)?;
    let builder = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(kind.row_group_rows()))
        .set_data_page_row_count_limit(kind.page_rows())
        // The limit of rows is looked at after every batch, so a larger batch would make larger pages.
        .set_write_batch_size(kind.page_rows());
    let builder = match kind {
        Kind::Catalogue => builder
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_data_page_v2_compression_ratio_threshold(COMPRESSED_SHARE),
        Kind::Epochs => builder,
    };
    Ok(columns.columns().iter().fold(builder, |builder, column| column_properties(builder, column)).build())
}

fn column_properties(builder: WriterPropertiesBuilder, column: &ColumnDescriptor) -> WriterPropertiesBuilder {
    let path = column.path().clone();
    let builder = match column.physical_type() {
        Type::FLOAT | Type::DOUBLE => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::BYTE_STREAM_SPLIT),
        Type::INT32 | Type::INT64 => builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED),
        // What texts become that fit no dictionary: the second version's default may claim any amount of memory.
        Type::BOOLEAN | Type::INT96 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => {
            builder.set_column_encoding(path.clone(), Encoding::PLAIN)
        }
    };
    if KEYS.contains(&column.path().string().as_str()) {
        builder.set_column_statistics_enabled(path, EnabledStatistics::Page)
    } else {
        builder
    }
}
