//! The rows of a binary table (FITS Standard 4.0, section 7.3.3).

use arrow::array::{ArrayRef, AsArray, StringArray};
use std::sync::Arc;

use super::super::big_endian::{Growing, Item, fixed};
use super::super::file_error::FileError;
use super::super::frame::Framer;
use super::super::places::Places;
use super::super::sheet::{PIECE_BYTES, PIECE_ROWS, Piece};
use super::super::source::Source;
use super::super::summary::Remark;
use super::column::{self, Cell, FitsColumn};
use super::header::Header;
use super::heap::Heap;
use super::{Stream, empty_row, malformed};

/// Reads all rows; the stream stands behind the header.
pub(super) fn read(
    source: &Source,
    header: &Header,
    stream: &mut Stream,
    framer: &mut Framer<'_>,
) -> Result<(), FileError> {
    let columns = column::columns(header)?;
    let (width, rows) = (header.number("NAXIS1")?, header.number("NAXIS2")?);
    let widths = columns.iter().map(|column| column.cell.bytes());
    let total =
        widths.collect::<Option<Vec<_>>>().map_or(u64::MAX, |widths| widths.iter().map(|&w| w as u64).sum());
    if total != width {
        return Err(malformed(format!("its columns take {total} bytes, but its rows have {width}")));
    }
    for left_out in columns.iter().filter(|column| matches!(column.cell, Cell::LeftOut { bytes: 1.. })) {
        framer.remark(Remark::ColumnLeftOut(left_out.name.clone()))?;
    }
    let heap = heap(source, header, &columns, stream.at)?;
    framer.begin(columns.iter().filter_map(FitsColumn::declared).collect())?;
    let mut growing: Vec<Option<Growing>> = columns.iter().map(FitsColumn::growing).collect();
    let mut row = empty_row(width)?;
    let (mut before, mut bytes) = (0, 0);
    for number in 1..=rows {
        stream.fill(&mut row)?;
        bytes += row.len() + push_row(&row, number, &columns, &mut growing, heap.as_ref())?;
        if bytes >= PIECE_BYTES || number - before >= PIECE_ROWS as u64 || number == rows {
            framer.rows(piece(&columns, &mut growing, before)?)?;
            (before, bytes) = (number, 0);
        }
    }
    Ok(())
}

/// The heap, where a column needs it. It begins behind the rows, or where THEAP says.
fn heap(
    source: &Source,
    header: &Header,
    columns: &[FitsColumn],
    table: u64,
) -> Result<Option<Heap>, FileError> {
    if !columns.iter().any(|column| matches!(column.cell, Cell::Pointer { .. })) {
        return Ok(None);
    }
    let rows = header.number("NAXIS1")?.saturating_mul(header.number("NAXIS2")?);
    let begin = header.text("THEAP").map_or(Ok(rows), |_| header.number("THEAP"))?;
    let size = rows.checked_add(header.number("PCOUNT")?).and_then(|end| end.checked_sub(begin));
    let size = size.ok_or_else(|| malformed("its heap begins behind its end"))?;
    Heap::open(source, table + begin, size).map(Some)
}

/// Takes one row; gives the bytes that it has in the heap.
fn push_row(
    row: &[u8],
    number: u64,
    columns: &[FitsColumn],
    growing: &mut [Option<Growing>],
    heap: Option<&Heap>,
) -> Result<usize, FileError> {
    let (mut rest, mut heap_bytes) = (row, 0);
    for (column, growing) in columns.iter().zip(growing) {
        // The widths were added up to the width of the row before.
        let (cell, behind) = rest.split_at(column.cell.bytes().unwrap_or_default());
        rest = behind;
        let Some(growing) = growing else { continue };
        match (column.cell, heap) {
            (Cell::Pointer { item, .. }, Some(heap)) => {
                let array = array(cell, item, number, heap)?;
                heap_bytes += array.len();
                growing.push(Some(&array));
            }
            _ => growing.push(Some(cell)),
        }
    }
    Ok(heap_bytes)
}

/// The array that a pointer of two 32-bit or 64-bit integers names.
fn array(pointer: &[u8], item: Item, row: u64, heap: &Heap) -> Result<Vec<u8>, FileError> {
    let (count, offset) = if pointer.len() == 8 {
        (i32::from_be_bytes(fixed(pointer)).into(), i32::from_be_bytes(fixed(&pointer[4..])).into())
    } else {
        (i64::from_be_bytes(fixed(pointer)), i64::from_be_bytes(fixed(&pointer[8..])))
    };
    let bytes = u64::try_from(count).ok().and_then(|count| count.checked_mul(item.size() as u64));
    match (bytes, u64::try_from(offset)) {
        (Some(0), _) => Ok(Vec::new()),
        (Some(bytes), Ok(offset)) => heap.array(row, offset, bytes),
        _ => Err(malformed(format!("row {row} has an array of {count} items at byte {offset}"))),
    }
}

fn piece(columns: &[FitsColumn], growing: &mut [Option<Growing>], before: u64) -> Result<Piece, FileError> {
    let values = columns.iter().zip(growing).filter_map(|(column, growing)| {
        let stored = growing.as_mut()?.take();
        Some(
            stored
                .and_then(|stored| column.scale.apply(&stored))
                .map(|values| if column.is_text() { without_empty(&values) } else { values }),
        )
    });
    Ok(Piece { values: values.collect::<Result<Vec<ArrayRef>, _>>()?, places: Places::After(before) })
}

/// Text of a fixed width cannot be missing, only empty.
fn without_empty(texts: &ArrayRef) -> ArrayRef {
    let texts = texts.as_string::<i32>().iter();
    Arc::new(texts.map(|text| text.filter(|text| !text.is_empty())).collect::<StringArray>())
}
