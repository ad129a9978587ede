//! What the header of a page may claim: sizes that its bytes can have.

use std::fs::File;
use std::ops::Range;

use super::footer::stretch;
use super::thrift::{Cursor, code};
use super::{Defect, gzip};

/// The most bytes of a page once it is decompressed. Writers make pages of one mebibyte, and longer ones only for a
/// single long value.
const MAX_PAGE_BYTES: i64 = 256 << 20;

/// The most values of a page: rows, and elements of their lists. Without values in them, they may take no bytes.
const MAX_PAGE_VALUES: i64 = 1 << 26;

/// Most entries of the lists of a page header, which has none that matter.
const MAX_ENTRIES: usize = 1 << 10;

/// Bytes that hold most headers, and any.
const HEADER_BYTES: u64 = 1 << 10;
const MAX_HEADER_BYTES: u64 = 1 << 20;

/// `PageType` of parquet.thrift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PageKind {
    /// Values, in the first version of such pages.
    #[default]
    Data,
    /// Values, in the second version: their levels are not compressed.
    DataV2,
    /// The values that others refer to.
    Dictionary,
    /// What readers skip.
    Other,
}

/// A page within bytes of its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Position of the header in the file.
    pub(crate) offset: u64,
    /// Bytes of the header.
    pub(crate) header: u64,
    /// Bytes behind the header.
    pub(crate) compressed: u64,
    /// What it claims to be without compression.
    pub(crate) uncompressed: u64,
    /// Bytes behind the header that are not compressed.
    pub(crate) levels: u64,
    /// What the page holds.
    pub(crate) kind: PageKind,
    /// Values in it, those that are missing counted too.
    pub(crate) values: u64,
    /// `Encoding` of parquet.thrift, of the values.
    pub(crate) encoding: i64,
    /// Whether it is compressed where its column is.
    pub(crate) is_compressed: bool,
}

impl Page {
    fn bytes(self) -> u64 {
        self.header + self.compressed
    }
}

/// `Encoding` of parquet.thrift: lengths of texts as deltas. Their decoder reserves as much memory as the compressed
/// bytes claim, which no header shows. Writers use them only when told to.
const FORBIDDEN: [i64; 2] = [6, 7];

/// What a header says.
#[derive(Default)]
struct Header {
    kind: PageKind,
    uncompressed: i64,
    compressed: i64,
    values: i64,
    encoding: i64,
    /// Bytes before the compressed ones, of a page in their second version.
    levels: i64,
    is_uncompressed: bool,
}

/// The page that `bytes` begin with, which lie at `offset` in their file. Whether it is a bomb of gzip is not looked at.
pub(crate) fn page_at(bytes: &[u8], offset: u64) -> Result<Page, Defect> {
    page(bytes, offset, bytes.len() as u64)
}

/// The pages in `bytes`, which lie at `start` in their file and begin with the header of a page.
pub(crate) fn pages(bytes: &[u8], start: u64) -> Result<Vec<Page>, Defect> {
    let mut pages = Vec::new();
    let mut rest = bytes;
    let mut offset = start;
    while !rest.is_empty() {
        let page = page(rest, offset, rest.len() as u64)?;
        gzip::check(&rest[page.header as usize..page.bytes() as usize], &page)?;
        rest = &rest[page.bytes() as usize..];
        offset += page.bytes();
        pages.push(page);
    }
    Ok(pages)
}

/// The pages in `range` of a file, which begins with the header of a page.
pub(crate) fn pages_of(file: &File, range: Range<u64>) -> Result<Vec<Page>, Defect> {
    let mut pages = Vec::new();
    let mut offset = range.start;
    while offset < range.end {
        let room = range.end - offset;
        let head = |bytes: u64| stretch(file, offset..offset + bytes.min(room));
        let page = match page(&head(HEADER_BYTES)?, offset, room) {
            Err(_) if room > HEADER_BYTES => page(&head(MAX_HEADER_BYTES)?, offset, room)?,
            page => page?,
        };
        gzip::check(&stretch(file, offset + page.header..offset + page.bytes())?, &page)?;
        offset += page.bytes();
        pages.push(page);
    }
    Ok(pages)
}

/// The page that begins with `head`, with `room` bytes from there to the end of its column chunk.
fn page(head: &[u8], offset: u64, room: u64) -> Result<Page, Defect> {
    let mut cursor = Cursor::new(head, offset, MAX_ENTRIES);
    let header = header(&mut cursor)?;
    let left = room - cursor.position() as u64;
    let compressed = u64::try_from(header.compressed).ok().filter(|length| *length <= left);
    let Some(compressed) = compressed else {
        let problem = format!("a page of {} bytes has only {left} left", header.compressed);
        return Err(Defect::new(offset, problem));
    };
    if !(0..=MAX_PAGE_BYTES).contains(&header.uncompressed) {
        let problem = format!("a page claims {} bytes, of {MAX_PAGE_BYTES} at most", header.uncompressed);
        return Err(Defect::new(offset, problem));
    }
    if header.values > MAX_PAGE_VALUES {
        let problem = format!("a page claims {} values, of {MAX_PAGE_VALUES} at most", header.values);
        return Err(Defect::new(offset, problem));
    }
    // Every value of a dictionary takes a byte or more; pages of data may repeat one value without end.
    if header.values < 0 || (header.kind == PageKind::Dictionary && header.values > header.uncompressed) {
        let problem = format!("a page claims {} values in {} bytes", header.values, header.uncompressed);
        return Err(Defect::new(offset, problem));
    }
    if FORBIDDEN.contains(&header.encoding) {
        let problem = "a page has the encoding DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY, which may claim any \
                       amount of memory: write the file anew with PLAIN or a dictionary";
        return Err(Defect::new(offset, problem));
    }
    let (uncompressed, levels) = (header.uncompressed.unsigned_abs(), header.levels.unsigned_abs());
    Ok(Page {
        offset,
        header: cursor.position() as u64,
        compressed,
        uncompressed,
        levels,
        kind: header.kind,
        values: header.values.unsigned_abs(),
        encoding: header.encoding,
        is_compressed: !header.is_uncompressed,
    })
}

/// `PageHeader` of parquet.thrift: the sizes, and the number of values of whichever kind of page it is.
fn header(cursor: &mut Cursor<'_>) -> Result<Header, Defect> {
    let mut header = Header::default();
    cursor.structure(0, |cursor, field, kind| {
        match (field, kind) {
            (1, code::I16..=code::I64) => header.kind = kind_of(cursor.integer()?),
            (2, code::I16..=code::I64) => header.uncompressed = cursor.integer()?,
            (3, code::I16..=code::I64) => header.compressed = cursor.integer()?,
            (5 | 7, code::STRUCT) => data(cursor, &mut header, 2)?,
            (8, code::STRUCT) => data(cursor, &mut header, 4)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(header)
}

/// `PageType` of parquet.thrift.
fn kind_of(number: i64) -> PageKind {
    match number {
        0 => PageKind::Data,
        2 => PageKind::Dictionary,
        3 => PageKind::DataV2,
        _ => PageKind::Other,
    }
}

/// The header of a page of data or of a dictionary, whose second field is the encoding, or of a page of data in
/// their second version, whose fourth field is, and whose fifth and sixth are the bytes of levels. The first field is
/// always the number of values.
fn data(cursor: &mut Cursor<'_>, header: &mut Header, encoding: i16) -> Result<(), Defect> {
    cursor.structure(1, |cursor, field, kind| {
        match (field, kind) {
            (1, code::I16..=code::I64) => header.values = cursor.integer()?,
            (number, code::I16..=code::I64) if number == encoding => header.encoding = cursor.integer()?,
            (5 | 6, code::I16..=code::I64) => header.levels = header.levels.saturating_add(cursor.integer()?),
            (7, code::FALSE) => header.is_uncompressed = true,
            _ => return Ok(false),
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with type, sizes and the number of values, all below 64.
    fn header(kind: u8, uncompressed: u8, compressed: u8, values: u8) -> Vec<u8> {
        let structure = if kind == 2 { 0x4c } else { 0x2c };
        vec![0x15, kind * 2, 0x15, uncompressed * 2, 0x15, compressed * 2, structure, 0x15, values * 2, 0, 0]
    }

    #[test]
    fn pages_follow_each_other() {
        let bytes = [header(2, 8, 3, 8), vec![0; 3], header(0, 9, 5, 50), vec![0; 5]].concat();
        let pages = pages(&bytes, 1000).expect("two pages");
        let first = Page {
            offset: 1000,
            header: 11,
            compressed: 3,
            uncompressed: 8,
            kind: PageKind::Dictionary,
            values: 8,
            is_compressed: true,
            ..Page::default()
        };
        let second = Page {
            offset: 1014,
            header: 11,
            compressed: 5,
            uncompressed: 9,
            kind: PageKind::Data,
            values: 50,
            is_compressed: true,
            ..Page::default()
        };
        assert_eq!(pages, [first, second]);
    }

    #[test]
    fn lies_about_sizes_are_refused_at_their_page() {
        let told = |bytes: &[u8]| pages(bytes, 1000).expect_err("a lie").to_string();
        assert_eq!(told(&header(0, 9, 5, 1)), "a page of 5 bytes has only 0 left, at byte 1000");
        assert_eq!(told(&header(2, 8, 0, 9)), "a page claims 9 values in 8 bytes, at byte 1000");
        let bomb = [0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0, 0];
        assert_eq!(told(&bomb), "a page claims 2147483647 bytes, of 268435456 at most, at byte 1000");
        assert_eq!(told(&[0x15]), "it ends too early, at byte 1001");
    }
}
