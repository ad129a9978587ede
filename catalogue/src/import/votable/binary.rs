//! BINARY and BINARY2 (VOTable 1.5 sections 5.3 and 5.4): big-endian cells in base64, row after row.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder,
    StringBuilder,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::file_error::FileError;
use super::super::sheet::Column;
use super::field::{Count, Item, Shape, VoField};
use super::xml::{attribute, malformed, text_until};

/// How a stream says that a cell has no value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// By the null value of the column (BINARY).
    InValues,
    /// By bits before each row, the highest bit of the first byte first (BINARY2).
    InMask,
}

/// The bytes of the STREAM inside the element that was just opened.
pub(super) fn stream(xml: &mut Reader<&[u8]>) -> Result<Vec<u8>, FileError> {
    loop {
        match xml.read_event()? {
            Event::Start(element) if element.local_name().as_ref() == "STREAM" => {
                let encoding = attribute(&element, "encoding")?;
                if attribute(&element, "href")?.is_some() || encoding.as_deref() != Some("base64") {
                    return Err(malformed("its stream is not base64 inside the file".to_owned()));
                }
                let text = text_until(xml, "STREAM")?;
                let letters: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
                return STANDARD.decode(letters).map_err(|_| FileError::Truncated);
            }
            Event::Eof => return Err(FileError::Truncated),
            _ => {}
        }
    }
}

/// The columns of a stream.
pub(super) fn decode(fields: &[VoField], bytes: &[u8], nulls: Nulls) -> Result<Vec<Column>, FileError> {
    let mut builders: Vec<Builder> = fields.iter().map(|field| Builder::new(field.shape)).collect();
    let mut rest = bytes;
    while !rest.is_empty() {
        let left = rest.len();
        let mask: &[u8] = match nulls {
            Nulls::InMask => take(&mut rest, fields.len().div_ceil(8))?,
            Nulls::InValues => &[],
        };
        for (index, (field, builder)) in fields.iter().zip(&mut builders).enumerate() {
            let cell = cell(&mut rest, field.shape)?;
            let masked = mask.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
            builder.push(Some(cell).filter(|_| !masked), field.null.as_deref());
        }
        if rest.len() == left {
            return Err(malformed("its rows have no bytes, but its stream has".to_owned()));
        }
    }
    let columns = fields.iter().zip(builders).filter_map(|(field, builder)| {
        let values = builder.finish()?;
        let data_type = Some(values.data_type().clone());
        Some(Column { name: field.name.clone(), about: field.about.clone(), data_type, values })
    });
    Ok(columns.collect())
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], FileError> {
    let (taken, left) = rest.split_at_checked(count).ok_or(FileError::Truncated)?;
    *rest = left;
    Ok(taken)
}

fn cell<'a>(rest: &mut &'a [u8], shape: Shape) -> Result<&'a [u8], FileError> {
    let items = match shape.count {
        Count::Fixed(items) => items,
        Count::Variable => u32::from_be_bytes(fixed(take(rest, 4)?)) as usize,
    };
    take(rest, shape.bytes(items))
}

/// The first bytes of a cell as a number's bytes; the shape of the column made it long enough.
fn fixed<const N: usize>(cell: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&cell[..N]);
    bytes
}

/// Grows one column.
enum Builder {
    Boolean(BooleanBuilder),
    UnsignedByte(Int16Builder),
    Short(Int16Builder),
    Int(Int32Builder),
    Long(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Char(StringBuilder),
    UnicodeChar(StringBuilder),
    LeftOut,
}

impl Builder {
    fn new(shape: Shape) -> Self {
        if shape.data_type().is_none() {
            return Self::LeftOut;
        }
        match shape.item {
            Item::Boolean => Self::Boolean(BooleanBuilder::new()),
            Item::UnsignedByte => Self::UnsignedByte(Int16Builder::new()),
            Item::Short => Self::Short(Int16Builder::new()),
            Item::Int => Self::Int(Int32Builder::new()),
            Item::Long => Self::Long(Int64Builder::new()),
            Item::Float => Self::Float(Float32Builder::new()),
            Item::Double => Self::Double(Float64Builder::new()),
            Item::Char => Self::Char(StringBuilder::new()),
            Item::UnicodeChar => Self::UnicodeChar(StringBuilder::new()),
            Item::Bit | Item::FloatComplex | Item::DoubleComplex => Self::LeftOut,
        }
    }

    /// Takes the bytes of a cell; nothing, or the null value of an integer column, is no value.
    fn push(&mut self, cell: Option<&[u8]>, null: Option<&str>) {
        fn unless_null<T: ToString>(value: T, null: Option<&str>) -> Option<T> {
            let is_null = null.is_some_and(|null| null == value.to_string());
            (!is_null).then_some(value)
        }
        match self {
            Self::Boolean(b) => b.append_option(cell.and_then(boolean)),
            Self::UnsignedByte(b) => b.append_option(cell.and_then(|c| unless_null(i16::from(c[0]), null))),
            Self::Short(b) => {
                b.append_option(cell.and_then(|c| unless_null(i16::from_be_bytes(fixed(c)), null)))
            }
            Self::Int(b) => {
                b.append_option(cell.and_then(|c| unless_null(i32::from_be_bytes(fixed(c)), null)))
            }
            Self::Long(b) => {
                b.append_option(cell.and_then(|c| unless_null(i64::from_be_bytes(fixed(c)), null)))
            }
            Self::Float(b) => b.append_option(cell.map(|c| f32::from_be_bytes(fixed(c)))),
            Self::Double(b) => b.append_option(cell.map(|c| f64::from_be_bytes(fixed(c)))),
            Self::Char(b) => b.append_option(cell.map(|c| String::from_utf8_lossy(trimmed(c)))),
            Self::UnicodeChar(b) => b.append_option(cell.map(utf16)),
            Self::LeftOut => {}
        }
    }

    fn finish(self) -> Option<ArrayRef> {
        Some(match self {
            Self::Boolean(mut b) => Arc::new(b.finish()),
            Self::UnsignedByte(mut b) | Self::Short(mut b) => Arc::new(b.finish()),
            Self::Int(mut b) => Arc::new(b.finish()),
            Self::Long(mut b) => Arc::new(b.finish()),
            Self::Float(mut b) => Arc::new(b.finish()),
            Self::Double(mut b) => Arc::new(b.finish()),
            Self::Char(mut b) | Self::UnicodeChar(mut b) => Arc::new(b.finish()),
            Self::LeftOut => return None,
        })
    }
}

fn boolean(cell: &[u8]) -> Option<bool> {
    match cell.first() {
        Some(b'T' | b't' | b'1') => Some(true),
        Some(b'F' | b'f' | b'0') => Some(false),
        _ => None,
    }
}

/// Text up to the first NUL, without the blanks that fill a fixed width.
fn trimmed(cell: &[u8]) -> &[u8] {
    let end = cell.iter().position(|&b| b == 0).unwrap_or(cell.len());
    cell[..end].trim_ascii_end()
}

fn utf16(cell: &[u8]) -> String {
    let units =
        cell.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).take_while(|&u| u != 0);
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_end().to_owned()
}
