//! BINARY and BINARY2 (VOTable 1.5 sections 5.3 and 5.4): big-endian cells in base64, row after row.

use std::io::{self, BufRead, BufReader, Read};

use arrow::array::ArrayRef;
use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;
use quick_xml::events::Event;

use super::super::big_endian::{Growing, fixed};
use super::super::file_error::FileError;
use super::super::frame::Framer;
use super::super::places::Places;
use super::super::sheet::{PIECE_BYTES, PIECE_ROWS, Piece};
use super::super::source::cut;
use super::field::{Count, VoField};
use super::xml::{Xml, attribute, malformed};

/// How a stream says that a cell has no value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// By the null value of the column (BINARY).
    InValues,
    /// By bits before each row, the highest bit of the first byte first (BINARY2).
    InMask,
}

/// Reads the STREAM inside the element that was just opened; gives the number of rows.
pub(super) fn read(
    xml: &mut Xml,
    fields: &[VoField],
    nulls: Nulls,
    framer: &mut Framer<'_>,
) -> Result<u64, FileError> {
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "STREAM" => {
                let encoding = attribute(&element, "encoding")?;
                if attribute(&element, "href")?.is_some() || encoding.as_deref() != Some("base64") {
                    return Err(malformed("its stream is not base64 inside the file".to_owned()));
                }
                break;
            }
            Event::Eof => return Err(cut()),
            _ => {}
        }
    }
    let mut stream = BufReader::new(DecoderReader::new(Letters(xml.bytes()), &STANDARD));
    rows(&mut stream, fields, nulls, framer).map_err(|error| match error {
        FileError::Read(error) if error.kind() == io::ErrorKind::InvalidData => {
            malformed("its stream is no base64".to_owned())
        }
        other => other,
    })
}

fn rows(
    stream: &mut impl BufRead,
    fields: &[VoField],
    nulls: Nulls,
    framer: &mut Framer<'_>,
) -> Result<u64, FileError> {
    let mut columns: Vec<Option<Growing>> = fields.iter().map(growing).collect();
    let (mut cell, mut mask) = (Vec::new(), Vec::new());
    let (mut rows, mut before, mut bytes) = (0u64, 0u64, 0usize);
    while !stream.fill_buf()?.is_empty() {
        let bytes_before = bytes;
        if nulls == Nulls::InMask {
            take(stream, fields.len().div_ceil(8), &mut mask)?;
            bytes += mask.len();
        }
        for (index, (field, column)) in fields.iter().zip(&mut columns).enumerate() {
            bytes += read_cell(stream, field, &mut cell)?;
            let masked = mask.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
            if let Some(column) = column {
                column.push(Some(cell.as_slice()).filter(|_| !masked));
            }
        }
        if bytes == bytes_before {
            return Err(malformed("its rows have no bytes, but its stream has".to_owned()));
        }
        rows += 1;
        if bytes >= PIECE_BYTES || rows - before >= PIECE_ROWS as u64 {
            framer.rows(piece(&mut columns, before)?)?;
            (before, bytes) = (rows, 0);
        }
    }
    framer.rows(piece(&mut columns, before)?)?;
    Ok(rows)
}

fn growing(field: &VoField) -> Option<Growing> {
    let null = field.null.as_ref().and_then(|null| null.trim().parse().ok());
    field.shape.items().map(|(item, is_list)| Growing::new(item, is_list, null))
}

fn piece(columns: &mut [Option<Growing>], before: u64) -> Result<Piece, FileError> {
    let values = columns.iter_mut().flatten().map(Growing::take).collect::<Result<Vec<ArrayRef>, _>>()?;
    Ok(Piece { values, places: Places::After(before) })
}

/// Reads one cell and gives how many bytes it took.
fn read_cell(stream: &mut impl Read, field: &VoField, cell: &mut Vec<u8>) -> Result<usize, FileError> {
    let (items, prefix) = match field.shape.count {
        Count::Fixed(items) => (items, 0),
        Count::Variable => {
            take(stream, 4, cell)?;
            (u32::from_be_bytes(fixed(cell)) as usize, 4)
        }
    };
    take(stream, field.shape.bytes(items), cell)?;
    Ok(prefix + cell.len())
}

/// Reads so many bytes. Memory grows with the bytes that are there, not with those that are announced.
fn take(stream: &mut impl Read, count: usize, bytes: &mut Vec<u8>) -> Result<(), FileError> {
    bytes.clear();
    let read = stream.take(count as u64).read_to_end(bytes)?;
    if read == count { Ok(()) } else { Err(cut()) }
}

/// The letters of base64 up to the next tag.
struct Letters<R>(R);

impl<R: BufRead> Read for Letters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let bytes = self.0.fill_buf()?;
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if bytes[0] == b'<' {
                return Ok(0);
            }
            let (mut taken, mut wrote) = (0, 0);
            while taken < bytes.len() && wrote < buffer.len() && bytes[taken] != b'<' {
                if !bytes[taken].is_ascii_whitespace() {
                    buffer[wrote] = bytes[taken];
                    wrote += 1;
                }
                taken += 1;
            }
            self.0.consume(taken);
            if wrote > 0 || buffer.is_empty() {
                return Ok(wrote);
            }
        }
    }
}
