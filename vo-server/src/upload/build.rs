//! Grows the columns of an uploaded table, from texts or from bytes. A value that does not exist is null in every
//! type: an empty cell, NaN, the declared null, or a bit of the mask.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder,
    ListArray, StringBuilder, UInt8Builder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field};

use super::field::{Count, Item, VoField};

/// One column.
pub(super) struct Column {
    items: Items,
    /// The lengths of the lists, and whether each is there; nothing for a column of single values.
    lists: Option<(Vec<usize>, Vec<bool>)>,
}

enum Items {
    Boolean(BooleanBuilder),
    UnsignedByte(UInt8Builder),
    Short(Int16Builder),
    Int(Int32Builder),
    Long(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Text(StringBuilder),
}

impl Column {
    pub(super) fn new(field: &VoField) -> Self {
        let items = match field.item {
            Item::Boolean | Item::Bit => Items::Boolean(BooleanBuilder::new()),
            Item::UnsignedByte => Items::UnsignedByte(UInt8Builder::new()),
            Item::Short => Items::Short(Int16Builder::new()),
            Item::Int => Items::Int(Int32Builder::new()),
            Item::Long => Items::Long(Int64Builder::new()),
            Item::Float => Items::Float(Float32Builder::new()),
            Item::Double => Items::Double(Float64Builder::new()),
            Item::Char | Item::UnicodeChar => Items::Text(StringBuilder::new()),
        };
        let single = field.is_text() || field.count == Count::One;
        Self { items, lists: (!single).then(Default::default) }
    }

    /// Takes a cell of text; `None` when it is none of this type.
    pub(super) fn push_text(&mut self, cell: Option<&str>, null: Option<&str>) -> Option<()> {
        let Some((lengths, valid)) = &mut self.lists else { return self.items.push_text(cell, null) };
        let items: Vec<&str> = cell.unwrap_or_default().split_whitespace().collect();
        lengths.push(items.len());
        valid.push(cell.is_some());
        items.into_iter().try_for_each(|item| self.items.push_text(Some(item), null))
    }

    /// Takes the bytes of a cell, or nothing where the mask says that there is no value.
    pub(super) fn push_bytes(&mut self, cell: Option<&[u8]>, field: &VoField) {
        let (null, item) = (field.null.as_deref(), field.item);
        let Some((lengths, valid)) = &mut self.lists else { return self.items.push_bytes(cell, item, null) };
        let items = cell.unwrap_or_default().chunks_exact(item.bytes());
        lengths.push(items.len());
        valid.push(cell.is_some());
        items.for_each(|bytes| self.items.push_bytes(Some(bytes), item, null));
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let items = self.items.finish();
        let Some((lengths, valid)) = self.lists else { return Ok(items) };
        let item = Arc::new(Field::new_list_field(items.data_type().clone(), true));
        let (offsets, nulls) = (OffsetBuffer::from_lengths(lengths), NullBuffer::from(valid));
        Ok(Arc::new(ListArray::try_new(item, offsets, items, Some(nulls))?))
    }
}

impl Items {
    fn push_text(&mut self, cell: Option<&str>, null: Option<&str>) -> Option<()> {
        let is_text = matches!(self, Self::Text(_));
        let cell = cell.filter(|cell| Some(*cell) != null && (is_text || !cell.is_empty()));
        let Some(cell) = cell else {
            self.push_null();
            return Some(());
        };
        match self {
            Self::Boolean(b) => b.append_option(boolean(cell)?),
            Self::UnsignedByte(b) => b.append_value(u8::try_from(integer(cell)?).ok()?),
            Self::Short(b) => b.append_value(i16::try_from(integer(cell)?).ok()?),
            Self::Int(b) => b.append_value(i32::try_from(integer(cell)?).ok()?),
            Self::Long(b) => b.append_value(integer(cell)?),
            Self::Float(b) => b.append_option(Some(cell.parse().ok()?).filter(|x: &f32| !x.is_nan())),
            Self::Double(b) => b.append_option(Some(cell.parse().ok()?).filter(|x: &f64| !x.is_nan())),
            Self::Text(b) => b.append_value(cell),
        }
        Some(())
    }

    fn push_bytes(&mut self, cell: Option<&[u8]>, item: Item, null: Option<&str>) {
        let Some(cell) = cell else { return self.push_null() };
        let is_null = |value: i64| null.is_some_and(|null| null.trim().parse() == Ok(value));
        match self {
            // The standard has it in the highest bit of the byte, astropy in another one.
            Self::Boolean(b) if item == Item::Bit => b.append_value(cell.iter().any(|&byte| byte != 0)),
            Self::Boolean(b) => b.append_option(match cell.first() {
                Some(b'T' | b't' | b'1') => Some(true),
                Some(b'F' | b'f' | b'0') => Some(false),
                _ => None,
            }),
            Self::UnsignedByte(b) => b.append_option(cell.first().copied().filter(|&v| !is_null(v.into()))),
            Self::Short(b) => {
                b.append_option(Some(i16::from_be_bytes(fixed(cell))).filter(|&v| !is_null(v.into())));
            }
            Self::Int(b) => {
                b.append_option(Some(i32::from_be_bytes(fixed(cell))).filter(|&v| !is_null(v.into())));
            }
            Self::Long(b) => b.append_option(Some(i64::from_be_bytes(fixed(cell))).filter(|&v| !is_null(v))),
            Self::Float(b) => b.append_option(Some(f32::from_be_bytes(fixed(cell))).filter(|x| !x.is_nan())),
            Self::Double(b) => b.append_option(Some(f64::from_be_bytes(fixed(cell))).filter(|x| !x.is_nan())),
            Self::Text(b) => {
                let text = if item == Item::UnicodeChar { utf16(cell) } else { latin(cell) };
                b.append_value(text);
            }
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Boolean(b) => b.append_null(),
            Self::UnsignedByte(b) => b.append_null(),
            Self::Short(b) => b.append_null(),
            Self::Int(b) => b.append_null(),
            Self::Long(b) => b.append_null(),
            Self::Float(b) => b.append_null(),
            Self::Double(b) => b.append_null(),
            Self::Text(b) => b.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Boolean(mut b) => Arc::new(b.finish()),
            Self::UnsignedByte(mut b) => Arc::new(b.finish()),
            Self::Short(mut b) => Arc::new(b.finish()),
            Self::Int(mut b) => Arc::new(b.finish()),
            Self::Long(mut b) => Arc::new(b.finish()),
            Self::Float(mut b) => Arc::new(b.finish()),
            Self::Double(mut b) => Arc::new(b.finish()),
            Self::Text(mut b) => Arc::new(b.finish()),
        }
    }
}

/// A truth value, or `?` for none.
fn boolean(cell: &str) -> Option<Option<bool>> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(Some(true)),
        "false" | "f" | "0" => Some(Some(false)),
        "?" => Some(None),
        _ => None,
    }
}

fn integer(cell: &str) -> Option<i64> {
    match cell.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => cell.strip_prefix('+').unwrap_or(cell).parse().ok(),
    }
}

/// The bytes of a number; the reader gives as many as its type has.
fn fixed<const N: usize>(cell: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&cell[..N]);
    bytes
}

/// Text up to the first NUL, without the blanks that fill a fixed width.
fn latin(cell: &[u8]) -> String {
    let end = cell.iter().position(|&byte| byte == 0).unwrap_or(cell.len());
    String::from_utf8_lossy(cell[..end].trim_ascii_end()).into_owned()
}

fn utf16(cell: &[u8]) -> String {
    let units = cell.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let text = char::decode_utf16(units.take_while(|&unit| unit != 0));
    let text: String = text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_end().to_owned()
}
