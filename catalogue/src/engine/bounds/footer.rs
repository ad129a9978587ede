//! What the bytes of a footer may claim: a length within the file, counts within the bytes that hold them, columns
//! no deeper nested than a stack can bear.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::Defect;
use super::thrift::{Cursor, code};

/// The longest footer, in bytes. A table of 1,000 columns and 100 row groups has 20 MB.
const MAX_FOOTER_BYTES: u64 = 64 << 20;

/// Most entries of all lists of a footer: a column of a row group has about ten.
pub(super) const MAX_ENTRIES: usize = 4 << 20;

/// The deepest nesting of columns. Light curves have five levels.
const MAX_COLUMN_DEPTH: usize = 32;

/// Length and magic at the end of a file.
const TAIL_BYTES: u64 = 8;

/// Reads the footer of a file of `bytes` bytes, and checks it. The decoder may have it afterwards.
pub(crate) fn footer(file: &File, bytes: u64) -> Result<(), Defect> {
    let mut tail = [0; TAIL_BYTES as usize];
    let end = bytes
        .checked_sub(TAIL_BYTES)
        .ok_or_else(|| Defect::new(bytes, "it is too short for a Parquet file"))?;
    read(file, &mut tail, end)?;
    let [a, b, c, d, magic @ ..] = tail;
    if magic != *b"PAR1" {
        return Err(Defect::new(
            end + 4,
            "it does not end as a Parquet file does: it was cut short, or is none",
        ));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length > MAX_FOOTER_BYTES || length > end {
        return Err(Defect::new(end, format!("it claims a footer of {length} bytes in a file of {bytes}")));
    }
    let footer = stretch(file, end - length..end)?;
    file_metadata(&mut Cursor::new(&footer, end - length, MAX_ENTRIES))
}

/// `FileMetaData` of parquet.thrift: field 2 is the schema.
fn file_metadata(cursor: &mut Cursor<'_>) -> Result<(), Defect> {
    cursor.structure(0, |cursor, field, kind| match (field, kind) {
        (2, code::LIST) => schema(cursor).map(|()| true),
        _ => Ok(false),
    })
}

/// The columns as a tree in depth-first order; field 5 of an element is the number of its children.
fn schema(cursor: &mut Cursor<'_>) -> Result<(), Defect> {
    let (length, kind) = cursor.list()?;
    if kind != code::STRUCT {
        return Err(cursor.defect("its schema is no list of structures"));
    }
    // How many children are still to come, of every column that is open.
    let mut open: Vec<i64> = Vec::new();
    for _ in 0..length {
        let mut children = 0;
        cursor.structure(1, |cursor, field, kind| match (field, kind) {
            (5, code::I16..=code::I64) => cursor.integer().map(|count| {
                children = count;
                true
            }),
            _ => Ok(false),
        })?;
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > MAX_COLUMN_DEPTH {
            return Err(cursor.defect(format!("its columns nest more than {MAX_COLUMN_DEPTH} deep")));
        }
    }
    Ok(())
}

fn read(file: &File, into: &mut [u8], offset: u64) -> Result<(), Defect> {
    file.read_exact_at(into, offset).map_err(|error| Defect::new(offset, format!("cannot be read ({error})")))
}

/// Bytes of a file whose length was checked.
pub(super) fn stretch(file: &File, range: Range<u64>) -> Result<Vec<u8>, Defect> {
    let length =
        usize::try_from(range.end - range.start).map_err(|_| Defect::new(range.start, "it is too long"))?;
    let mut bytes = vec![0; length];
    read(file, &mut bytes, range.start)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn told(content: &[u8]) -> String {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(content).expect("written");
        footer(&file, content.len() as u64).expect_err("it is no footer").to_string()
    }

    fn with_footer(thrift: &[u8]) -> Vec<u8> {
        [b"PAR1", thrift, &(thrift.len() as u32).to_le_bytes(), b"PAR1"].concat()
    }

    #[test]
    fn what_is_no_parquet_file_is_told_where() {
        assert_eq!(told(b""), "it is too short for a Parquet file, at byte 0");
        assert_eq!(
            told(b"not parquet at all"),
            "it does not end as a Parquet file does: it was cut short, or is none, at byte 14"
        );
    }

    #[test]
    fn a_footer_longer_than_the_file_is_refused() {
        let told = told(b"PAR1\xff\xff\xff\x7fPAR1");
        assert_eq!(told, "it claims a footer of 2147483647 bytes in a file of 12, at byte 4");
    }

    #[test]
    fn columns_that_nest_without_end_are_refused() {
        // Field 2: a list of 1000 structures, each with one child (field 5) and nothing else.
        let nest = [0x29, 0xfc, 0xe8, 0x07].into_iter().chain([0x55, 2, 0].repeat(1000)).chain([0]);
        let told = told(&with_footer(&nest.collect::<Vec<u8>>()));
        assert!(told.starts_with("its columns nest more than 32 deep, at byte 1"), "{told}");
    }
}
