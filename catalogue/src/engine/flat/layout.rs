//! Which files are simple enough, by what their footers say.

use std::ops::Range;

use arrow_schema::DataType;
use datafusion::parquet::basic::{Compression, Encoding, Type};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::schema::types::SchemaDescriptor;

use super::wanted::Wanted;

/// The most bytes of a row group's columns that are read at once. More are read in pieces, which is the engine's way.
const MAX_GROUP_BYTES: u64 = 64 << 20;

/// The wanted columns of one file, by their position among its leaf columns.
pub(super) struct Layout(Vec<usize>);

/// Where a column chunk is, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Its bytes in the file.
    pub(super) range: Range<u64>,
    /// Whether its pages are compressed, with LZ4.
    pub(super) compressed: bool,
    /// Whether its pages say which rows have no value.
    pub(super) nullable: bool,
}

impl Layout {
    /// The wanted columns of the file; `None` unless all of them are flat in all row groups.
    pub(super) fn of(footer: &ParquetMetaData, wanted: &Wanted) -> Option<Self> {
        let columns = footer.file_metadata().schema_descr();
        let names = wanted.columns.fields().iter().zip(&wanted.indices);
        let leaves: Option<Vec<usize>> =
            names.clone().map(|(field, &likely)| leaf(columns, field.name(), likely)).collect();
        let layout = Self(leaves?);
        let types = || wanted.columns.fields().iter().map(|field| field.data_type());
        let simple = |group: &RowGroupMetaData| {
            let chunks = layout.0.iter().map(|&leaf| group.column(leaf));
            chunks.clone().map(|chunk| chunk.byte_range().1).sum::<u64>() <= MAX_GROUP_BYTES
                && chunks.zip(types()).all(|(chunk, kind)| is_flat(chunk, kind))
        };
        footer.row_groups().iter().all(simple).then_some(layout)
    }

    /// The places of the columns of one row group.
    pub(super) fn chunks(&self, group: &RowGroupMetaData) -> Vec<Place> {
        let place = |chunk: &ColumnChunkMetaData| {
            let (start, bytes) = chunk.byte_range();
            Place {
                range: start..start + bytes,
                compressed: chunk.compression() != Compression::UNCOMPRESSED,
                nullable: chunk.column_descr().max_def_level() > 0,
            }
        };
        self.0.iter().map(|&leaf| place(group.column(leaf))).collect()
    }
}

/// The leaf column of a top-level name. It is `likely` where it is in the table.
fn leaf(columns: &SchemaDescriptor, name: &str, likely: usize) -> Option<usize> {
    let is = |leaf: &usize| {
        let column = columns.columns().get(*leaf);
        column.is_some_and(|column| matches!(column.path().parts(), [own] if own == name))
    };
    Some(likely).filter(is).or_else(|| (0..columns.num_columns()).find(is))
}

fn is_flat(chunk: &ColumnChunkMetaData, wanted: &DataType) -> bool {
    let column = chunk.column_descr();
    let same_type = matches!(
        (column.physical_type(), wanted),
        (Type::FLOAT, DataType::Float32) | (Type::DOUBLE, DataType::Float64)
    );
    let known = |encoding| matches!(encoding, Encoding::PLAIN | Encoding::BYTE_STREAM_SPLIT | Encoding::RLE);
    same_type
        && column.max_rep_level() == 0
        && column.max_def_level() <= 1
        && matches!(chunk.compression(), Compression::UNCOMPRESSED | Compression::LZ4_RAW)
        && chunk.dictionary_page_offset().is_none()
        && chunk.encodings().all(known)
}
