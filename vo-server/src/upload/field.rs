//! FIELD elements: the columns of an uploaded table (VOTable 1.4 section 4.1).

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::xml::attribute;
use crate::columns::DATATYPE;

/// A column as the document declares it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VoField {
    pub name: String,
    pub item: Item,
    pub count: Count,
    /// The text that stands for no value.
    pub null: Option<String>,
    /// Unit, UCD, utype, xtype and description.
    pub about: HashMap<String, String>,
}

/// The type of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Boolean,
    /// One bit, as astropy writes truth values.
    Bit,
    UnsignedByte,
    Short,
    Int,
    Long,
    Float,
    Double,
    Char,
    UnicodeChar,
}

/// How many items a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// One, which is no list.
    One,
    /// Always this many.
    Fixed(usize),
    /// A number that stands before each value.
    Variable,
}

impl VoField {
    pub(super) fn read(element: &BytesStart<'_>) -> Result<Self, String> {
        let name = attribute(element, "name")?.or(attribute(element, "ID")?);
        let name = name.ok_or("a FIELD has no name")?;
        let data_type = attribute(element, "datatype")?.unwrap_or_default();
        let item = Item::of(&data_type).ok_or_else(|| {
            format!("column {name} has the type '{data_type}', which tables here cannot have: leave it out")
        })?;
        let size = attribute(element, "arraysize")?;
        let count = Count::of(size.as_deref());
        let count = count.ok_or_else(|| format!("column {name} has an arraysize that cannot be read"))?;
        if item == Item::Bit && count != Count::One {
            return Err(format!(
                "column {name} has rows of bits, which tables here cannot have: leave it out"
            ));
        }
        let mut about = HashMap::new();
        if item == Item::UnicodeChar {
            about.insert(DATATYPE.to_owned(), data_type);
        }
        for key in ["unit", "ucd", "utype", "xtype"] {
            about.extend(attribute(element, key)?.map(|value| (key.to_owned(), value)));
        }
        Ok(Self { name, item, count, null: None, about })
    }

    /// Whether each value is one text.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.item, Item::Char | Item::UnicodeChar)
    }
}

impl Item {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "boolean" => Self::Boolean,
            "bit" => Self::Bit,
            "unsignedByte" => Self::UnsignedByte,
            "short" => Self::Short,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "char" => Self::Char,
            "unicodeChar" => Self::UnicodeChar,
            _ => return None,
        })
    }

    /// Bytes of one item in a stream.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Boolean | Self::Bit | Self::UnsignedByte | Self::Char => 1,
            Self::Short | Self::UnicodeChar => 2,
            Self::Int | Self::Float => 4,
            Self::Long | Self::Double => 8,
        }
    }
}

impl Count {
    /// `None` for one item, `8`, `2x3`, `*`, `10*`, `3x*`.
    fn of(size: Option<&str>) -> Option<Self> {
        let size = size.map(str::trim).unwrap_or_default();
        match size {
            "" => return Some(Self::One),
            "*" => return Some(Self::Variable),
            _ => {}
        }
        let numbers = size.strip_suffix('*').unwrap_or(size).trim_end_matches('x').split('x');
        let numbers = numbers.map(|number| number.trim().parse::<usize>().ok());
        let items = numbers.collect::<Option<Vec<_>>>()?;
        let items = items.into_iter().try_fold(1usize, usize::checked_mul)?;
        Some(if size.ends_with('*') { Self::Variable } else { Self::Fixed(items) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_arraysize_is_read() {
        let sizes =
            [None, Some("8"), Some("2x3"), Some("*"), Some("10*"), Some("3x*"), Some("x"), Some("-1")];
        let expected = [
            Some(Count::One),
            Some(Count::Fixed(8)),
            Some(Count::Fixed(6)),
            Some(Count::Variable),
            Some(Count::Variable),
            Some(Count::Variable),
            None,
            None,
        ];
        assert_eq!(sizes.map(Count::of), expected);
    }
}
