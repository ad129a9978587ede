//! Big-endian cells, as VOTable's binary streams and FITS tables have them, become Arrow arrays.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder,
    ListArray, StringBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;

/// One item of a cell. A text is one item, however long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Boolean,
    UnsignedByte,
    Short,
    Int,
    Long,
    Float,
    Double,
    /// UTF-8 or ASCII, up to the first NUL.
    Text,
    /// UTF-16, up to the first NUL.
    Utf16,
}

impl Item {
    /// Bytes of a number; of one character of a text.
    pub fn size(self) -> usize {
        match self {
            Self::Boolean | Self::UnsignedByte | Self::Text => 1,
            Self::Short | Self::Utf16 => 2,
            Self::Int | Self::Float => 4,
            Self::Long | Self::Double => 8,
        }
    }

    /// The Arrow type of one item.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::UnsignedByte | Self::Short => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Text | Self::Utf16 => DataType::Utf8,
        }
    }
}

/// The type of a list of such items.
pub(super) fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// A column that grows cell by cell.
pub(super) struct Growing {
    item: Item,
    values: Builder,
    /// The integer that stands for no value.
    null: Option<i64>,
    lists: Option<Lists>,
}

#[derive(Default)]
struct Lists {
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Growing {
    /// No cells yet.
    pub fn new(item: Item, is_list: bool, null: Option<i64>) -> Self {
        Self { item, values: Builder::new(item), null, lists: is_list.then(Lists::default) }
    }

    /// Takes the bytes of a cell, a whole number of items; nothing is no value.
    pub fn push(&mut self, cell: Option<&[u8]>) {
        let Some(lists) = &mut self.lists else { return self.values.push(cell, self.null) };
        lists.valid.push(cell.is_some());
        let items = cell.unwrap_or_default().chunks_exact(self.item.size());
        lists.lengths.push(items.len());
        items.for_each(|item| self.values.push(Some(item), self.null));
    }

    /// The cells so far; begins anew.
    pub fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        let values = self.values.finish();
        let Some(lists) = self.lists.as_mut().map(std::mem::take) else { return Ok(values) };
        let item = Arc::new(Field::new_list_field(self.item.data_type(), true));
        let nulls = NullBuffer::from(lists.valid);
        let list = ListArray::try_new(item, OffsetBuffer::from_lengths(lists.lengths), values, Some(nulls))?;
        Ok(Arc::new(list))
    }
}

enum Builder {
    Boolean(BooleanBuilder),
    UnsignedByte(Int16Builder),
    Short(Int16Builder),
    Int(Int32Builder),
    Long(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    Utf16(StringBuilder),
}

impl Builder {
    fn new(item: Item) -> Self {
        match item {
            Item::Boolean => Self::Boolean(BooleanBuilder::new()),
            Item::UnsignedByte => Self::UnsignedByte(Int16Builder::new()),
            Item::Short => Self::Short(Int16Builder::new()),
            Item::Int => Self::Int(Int32Builder::new()),
            Item::Long => Self::Long(Int64Builder::new()),
            Item::Float => Self::Float(Float32Builder::new()),
            Item::Double => Self::Double(Float64Builder::new()),
            Item::Text => Self::Text(StringBuilder::new()),
            Item::Utf16 => Self::Utf16(StringBuilder::new()),
        }
    }

    fn push(&mut self, cell: Option<&[u8]>, null: Option<i64>) {
        fn unless<T: Into<i64> + Copy>(value: T, null: Option<i64>) -> Option<T> {
            (null != Some(value.into())).then_some(value)
        }
        match self {
            Self::Boolean(b) => b.append_option(cell.and_then(boolean)),
            Self::UnsignedByte(b) => b.append_option(cell.and_then(|c| unless(i16::from(c[0]), null))),
            Self::Short(b) => b.append_option(cell.and_then(|c| unless(i16::from_be_bytes(fixed(c)), null))),
            Self::Int(b) => b.append_option(cell.and_then(|c| unless(i32::from_be_bytes(fixed(c)), null))),
            Self::Long(b) => b.append_option(cell.and_then(|c| unless(i64::from_be_bytes(fixed(c)), null))),
            Self::Float(b) => b.append_option(cell.map(|c| f32::from_be_bytes(fixed(c)))),
            Self::Double(b) => b.append_option(cell.map(|c| f64::from_be_bytes(fixed(c)))),
            Self::Text(b) => b.append_option(cell.map(|c| String::from_utf8_lossy(trimmed(c)))),
            Self::Utf16(b) => b.append_option(cell.map(utf16)),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(b) => Arc::new(b.finish()),
            Self::UnsignedByte(b) | Self::Short(b) => Arc::new(b.finish()),
            Self::Int(b) => Arc::new(b.finish()),
            Self::Long(b) => Arc::new(b.finish()),
            Self::Float(b) => Arc::new(b.finish()),
            Self::Double(b) => Arc::new(b.finish()),
            Self::Text(b) | Self::Utf16(b) => Arc::new(b.finish()),
        }
    }
}

/// The first bytes of a cell as a number's bytes; the shape of the column made it long enough.
pub(super) fn fixed<const N: usize>(cell: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&cell[..N]);
    bytes
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
