//! What a decoded footer may say about the rest of its file: column chunks, page indexes and pages lie within the
//! file, and their rows add up.

use std::fs::File;
use std::ops::Range;

use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use datafusion::parquet::file::page_index::offset_index::PageLocation;

use super::Defect;
use super::footer::{MAX_ENTRIES, stretch};
use super::thrift::Cursor;

/// Checks the column chunks of a footer that lies at the end of a file of `bytes` bytes.
pub(crate) fn chunks(bytes: u64, footer: &ParquetMetaData) -> Result<(), Defect> {
    let mut rows = 0i64;
    for (number, group) in footer.row_groups().iter().enumerate() {
        let told = || format!("its footer says that row group {number} has {} rows", group.num_rows());
        rows = rows
            .checked_add(group.num_rows())
            .filter(|_| group.num_rows() >= 0)
            .ok_or_else(|| Defect::new(bytes, told()))?;
        group.columns().iter().try_for_each(|column| chunk(bytes, group, column))?;
    }
    match footer.file_metadata().num_rows() {
        sum if sum == rows => Ok(()),
        other => {
            Err(Defect::new(bytes, format!("its footer says {other} rows, but its row groups have {rows}")))
        }
    }
}

fn chunk(bytes: u64, group: &RowGroupMetaData, column: &ColumnChunkMetaData) -> Result<(), Defect> {
    let name = column.column_path();
    let data = column.data_page_offset();
    let start = column.dictionary_page_offset().unwrap_or(data);
    within(bytes, start, column.compressed_size(), &format!("column {name}"))?;
    within(bytes, data, 0, &format!("column {name}"))?;
    let (values, rows) = (column.num_values(), group.num_rows());
    let flat = column.column_descr().max_rep_level() == 0;
    if values < 0 || column.uncompressed_size() < 0 || (flat && values != rows) {
        return Err(Defect::new(
            bytes,
            format!("its footer gives column {name} {values} values in {rows} rows"),
        ));
    }
    Ok(())
}

/// Checks the bytes of the page indexes. The decoder may have them afterwards.
pub(crate) fn page_indexes(file: &File, bytes: u64, footer: &ParquetMetaData) -> Result<(), Defect> {
    for column in footer.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let indexes = [
            (column.column_index_offset(), column.column_index_length()),
            (column.offset_index_offset(), column.offset_index_length()),
        ];
        for (offset, length) in indexes {
            let (Some(offset), Some(length)) = (offset, length) else { continue };
            let range = within(bytes, offset, length.into(), "a page index")?;
            let start = range.start;
            Cursor::new(&stretch(file, range)?, start, MAX_ENTRIES).structure(0, |_, _, _| Ok(false))?;
        }
    }
    Ok(())
}

/// Checks the places of pages that decoded page indexes give.
pub(crate) fn pages(bytes: u64, footer: &ParquetMetaData) -> Result<(), Defect> {
    let Some(index) = footer.offset_index() else { return Ok(()) };
    for (group, columns) in footer.row_groups().iter().zip(index) {
        columns.iter().try_for_each(|column| locations(bytes, group.num_rows(), column.page_locations()))?;
    }
    Ok(())
}

fn locations(bytes: u64, rows: i64, pages: &[PageLocation]) -> Result<(), Defect> {
    let mut last_row = -1;
    for page in pages {
        within(bytes, page.offset, page.compressed_page_size.into(), "a page")?;
        let first = page.first_row_index;
        if first <= last_row || first >= rows || (last_row < 0 && first != 0) {
            return Err(Defect::new(
                page.offset.unsigned_abs(),
                format!("a page begins at row {first} of {rows}"),
            ));
        }
        last_row = first;
    }
    Ok(())
}

/// The bytes from `offset` on, if the file of `bytes` bytes has them.
fn within(bytes: u64, offset: i64, length: i64, what: &str) -> Result<Range<u64>, Defect> {
    let range = u64::try_from(offset).ok().zip(u64::try_from(length).ok());
    let range = range.and_then(|(offset, length)| Some(offset..offset.checked_add(length)?));
    range.filter(|range| range.end <= bytes).ok_or_else(|| {
        let problem =
            format!("its footer puts {what} at byte {offset} with {length} bytes, in a file of {bytes}");
        Defect::new(bytes, problem)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, RecordBatch};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::{ColumnChunkMetaDataBuilder, FileMetaData};

    use super::*;

    /// The footer of a file of three rows.
    fn footer() -> ParquetMetaData {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let rows = RecordBatch::try_from_iter([("a", column)]).expect("rows");
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).expect("a writer");
        writer.write(&rows).expect("written");
        writer.finish().expect("finished")
    }

    /// What is told about the footer with another column chunk, in a file of 1000 bytes.
    fn told(lie: impl FnOnce(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder) -> String {
        let honest = footer();
        let column = lie(honest.row_group(0).column(0).clone().into_builder()).build().expect("a column");
        let group = honest.row_group(0).clone().into_builder().set_column_metadata(vec![column]);
        let footer =
            ParquetMetaData::new(honest.file_metadata().clone(), vec![group.build().expect("a row group")]);
        chunks(1000, &footer).expect_err("a lie").to_string()
    }

    #[test]
    fn an_honest_footer_is_believed() {
        assert_eq!(chunks(1000, &footer()), Ok(()));
    }

    #[test]
    fn columns_outside_the_file_are_refused() {
        let problem =
            "its footer puts column \"a\" at byte 4 with 997 bytes, in a file of 1000, at byte 1000";
        assert_eq!(told(|column| column.set_total_compressed_size(997)), problem);
        let before = told(|column| column.set_dictionary_page_offset(Some(-1)));
        assert!(before.contains("at byte -1"), "{before}");
        let overflow = told(|column| column.set_total_compressed_size(i64::MAX));
        assert!(overflow.contains("with 9223372036854775807 bytes"), "{overflow}");
    }

    #[test]
    fn numbers_of_rows_that_do_not_add_up_are_refused() {
        let values = "its footer gives column \"a\" 4 values in 3 rows, at byte 1000";
        assert_eq!(told(|column| column.set_num_values(4)), values);
        let honest = footer();
        let file = honest.file_metadata();
        let file = FileMetaData::new(file.version(), 5, None, None, file.schema_descr_ptr(), None);
        let footer = ParquetMetaData::new(file, honest.row_groups().to_vec());
        let rows = "its footer says 5 rows, but its row groups have 3, at byte 1000";
        assert_eq!(chunks(1000, &footer).map_err(|defect| defect.to_string()), Err(rows.to_owned()));
    }
}
