//! The values of one column of one batch, ready to be written one by one.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    ListArray, StringArray, UInt8Array,
};
use arrow::buffer::NullBuffer;

use super::Kind;

/// The values of a column.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Boolean(BooleanArray),
    UnsignedByte(UInt8Array),
    Short(Int16Array),
    Int(Int32Array),
    Long(Int64Array),
    Float(Float32Array),
    Double(Float64Array),
    Text(StringArray),
    Unicode(StringArray),
    /// Lists of items, which are never lists or texts themselves.
    List {
        /// Where the items of each row are.
        lists: ListArray,
        /// All items, one row after the other.
        items: Box<Values>,
        /// How many each row has, where all have as many; one without a value has none here.
        each: Option<usize>,
    },
}

impl Values {
    /// `array` must have the type that belongs to `kind`.
    pub(super) fn new(kind: Kind, array: &ArrayRef) -> Self {
        match kind {
            Kind::Boolean => Self::Boolean(array.as_boolean().clone()),
            Kind::UnsignedByte => Self::UnsignedByte(array.as_primitive().clone()),
            Kind::Short => Self::Short(array.as_primitive().clone()),
            Kind::Int => Self::Int(array.as_primitive().clone()),
            Kind::Long => Self::Long(array.as_primitive().clone()),
            Kind::Float => Self::Float(array.as_primitive().clone()),
            Kind::Double => Self::Double(array.as_primitive().clone()),
            Kind::Text => Self::Text(array.as_string().clone()),
            Kind::Unicode => Self::Unicode(array.as_string().clone()),
        }
    }

    /// Whether a row has no value.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Which rows have no value; nothing where all have one.
    pub(crate) fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Self::Boolean(values) => values.nulls(),
            Self::UnsignedByte(values) => values.nulls(),
            Self::Short(values) => values.nulls(),
            Self::Int(values) => values.nulls(),
            Self::Long(values) => values.nulls(),
            Self::Float(values) => values.nulls(),
            Self::Double(values) => values.nulls(),
            Self::Text(values) | Self::Unicode(values) => values.nulls(),
            Self::List { lists, .. } => lists.nulls(),
        }
    }

    /// Appends a value as a person would write it: numbers in the shortest form that reads back as the same number.
    /// Lists and nulls are not values of this kind, and nothing is appended.
    pub(crate) fn print(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            return;
        }
        let mut integer = itoa::Buffer::new();
        let mut float = ryu::Buffer::new();
        let text = match self {
            Self::Boolean(values) => {
                if values.value(row) {
                    "true"
                } else {
                    "false"
                }
            }
            Self::UnsignedByte(values) => integer.format(values.value(row)),
            Self::Short(values) => integer.format(values.value(row)),
            Self::Int(values) => integer.format(values.value(row)),
            Self::Long(values) => integer.format(values.value(row)),
            Self::Float(values) => float.format(values.value(row)),
            Self::Double(values) => float.format(values.value(row)),
            Self::Text(values) | Self::Unicode(values) => values.value(row),
            Self::List { .. } => "",
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// The items of one row of a list.
pub(crate) fn items_of(lists: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = lists.value_offsets();
    let at = |row: usize| usize::try_from(offsets[row]).unwrap_or_default();
    at(row)..at(row + 1)
}
