//! FIELD elements: the names, types and shapes of columns (VOTable 1.5 sections 2.1, 2.2 and 4.1).

use arrow::datatypes::DataType;
use quick_xml::events::BytesStart;

use super::super::big_endian::{self, Item};
use super::super::file_error::FileError;
use super::super::sheet::{About, Column, Values};
use super::xml::{attribute, malformed};

/// One column as its FIELD declares it.
pub(super) struct VoField {
    pub name: String,
    pub about: About,
    pub shape: Shape,
    /// The text that stands for no value.
    pub null: Option<String>,
}

/// What one cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub datatype: Datatype,
    pub count: Count,
}

/// The `datatype` of a FIELD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datatype {
    Known(Item),
    Bit,
    FloatComplex,
    DoubleComplex,
}

/// How many items a cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Fixed(usize),
    Variable,
}

impl VoField {
    pub fn parse(element: &BytesStart<'_>) -> Result<Self, FileError> {
        let name = attribute(element, "name")?.or(attribute(element, "ID")?);
        let name = name.ok_or_else(|| malformed("a FIELD has no name".to_owned()))?;
        let stated = attribute(element, "datatype")?.unwrap_or_default();
        let datatype = Datatype::parse(&stated)
            .ok_or_else(|| malformed(format!("FIELD `{name}` has the unknown datatype `{stated}`")))?;
        let arraysize = attribute(element, "arraysize")?;
        let count = Count::parse(arraysize.as_deref())
            .ok_or_else(|| malformed(format!("FIELD `{name}` has an arraysize that cannot be read")))?;
        let about =
            About { unit: attribute(element, "unit")?, ucd: attribute(element, "ucd")?, description: None };
        Ok(Self { name, about, shape: Shape { datatype, count }, null: None })
    }

    /// The column of the sheet, or nothing for what is left out.
    pub fn column(&self) -> Option<Column> {
        let values = Values::Declared(self.shape.data_type()?);
        Some(Column { name: self.name.clone(), about: self.about.clone(), values })
    }
}

impl Shape {
    /// What the cells are made of and whether they are lists of it, or nothing for what is left out.
    pub fn items(self) -> Option<(Item, bool)> {
        match self.datatype {
            Datatype::Known(item @ (Item::Text | Item::Utf16)) => Some((item, false)),
            Datatype::Known(item) => Some((item, self.count != Count::Fixed(1))),
            Datatype::Bit | Datatype::FloatComplex | Datatype::DoubleComplex => None,
        }
    }

    /// The Arrow type of the column, or nothing for what is left out.
    pub fn data_type(self) -> Option<DataType> {
        let (item, is_list) = self.items()?;
        Some(if is_list { big_endian::list_of(item.data_type()) } else { item.data_type() })
    }

    /// The bytes of this many items in a binary stream.
    pub fn bytes(self, items: usize) -> usize {
        match self.datatype {
            Datatype::Known(item) => items.saturating_mul(item.size()),
            Datatype::Bit => items.div_ceil(8),
            Datatype::FloatComplex => items.saturating_mul(8),
            Datatype::DoubleComplex => items.saturating_mul(16),
        }
    }
}

impl Datatype {
    fn parse(stated: &str) -> Option<Self> {
        Some(match stated {
            "boolean" => Self::Known(Item::Boolean),
            "unsignedByte" => Self::Known(Item::UnsignedByte),
            "short" => Self::Known(Item::Short),
            "int" => Self::Known(Item::Int),
            "long" => Self::Known(Item::Long),
            "char" => Self::Known(Item::Text),
            "unicodeChar" => Self::Known(Item::Utf16),
            "float" => Self::Known(Item::Float),
            "double" => Self::Known(Item::Double),
            "bit" => Self::Bit,
            "floatComplex" => Self::FloatComplex,
            "doubleComplex" => Self::DoubleComplex,
            _ => return None,
        })
    }
}

impl Count {
    fn parse(arraysize: Option<&str>) -> Option<Self> {
        match arraysize.map(str::trim) {
            None | Some("") => Some(Self::Fixed(1)),
            Some(size) if size.ends_with('*') => Some(Self::Variable),
            Some(size) => {
                let sizes = size.split('x').map(|n| n.trim().parse::<usize>());
                let items = sizes.collect::<Result<Vec<_>, _>>().ok()?;
                items.into_iter().try_fold(1usize, usize::checked_mul).map(Self::Fixed)
            }
        }
    }
}
