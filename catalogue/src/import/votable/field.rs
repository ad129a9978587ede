//! FIELD elements: the names, types and shapes of columns (VOTable 1.5 sections 2.1, 2.2 and 4.1).

use arrow::datatypes::DataType;
use quick_xml::events::BytesStart;

use super::super::file_error::FileError;
use super::super::sheet::About;
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
    pub item: Item,
    pub count: Count,
}

/// One item of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Boolean,
    Bit,
    UnsignedByte,
    Short,
    Int,
    Long,
    Char,
    UnicodeChar,
    Float,
    Double,
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
        let datatype = attribute(element, "datatype")?.unwrap_or_default();
        let item = Item::parse(&datatype)
            .ok_or_else(|| malformed(format!("FIELD `{name}` has the unknown datatype `{datatype}`")))?;
        let arraysize = attribute(element, "arraysize")?;
        let count = Count::parse(arraysize.as_deref())
            .ok_or_else(|| malformed(format!("FIELD `{name}` has an arraysize that cannot be read")))?;
        let about =
            About { unit: attribute(element, "unit")?, ucd: attribute(element, "ucd")?, description: None };
        Ok(Self { name, about, shape: Shape { item, count }, null: None })
    }
}

impl Shape {
    /// The Arrow type of the column, or nothing for what is left out.
    pub fn data_type(self) -> Option<DataType> {
        let scalar = self.count == Count::Fixed(1);
        match self.item {
            Item::Char | Item::UnicodeChar => Some(DataType::Utf8),
            Item::Boolean if scalar => Some(DataType::Boolean),
            Item::UnsignedByte | Item::Short if scalar => Some(DataType::Int16),
            Item::Int if scalar => Some(DataType::Int32),
            Item::Long if scalar => Some(DataType::Int64),
            Item::Float if scalar => Some(DataType::Float32),
            Item::Double if scalar => Some(DataType::Float64),
            _ => None,
        }
    }

    /// The bytes of this many items in a binary stream.
    pub fn bytes(self, items: usize) -> usize {
        match self.item {
            Item::Bit => items.div_ceil(8),
            Item::Boolean | Item::UnsignedByte | Item::Char => items,
            Item::Short | Item::UnicodeChar => items.saturating_mul(2),
            Item::Int | Item::Float => items.saturating_mul(4),
            Item::Long | Item::Double | Item::FloatComplex => items.saturating_mul(8),
            Item::DoubleComplex => items.saturating_mul(16),
        }
    }
}

impl Item {
    fn parse(datatype: &str) -> Option<Self> {
        Some(match datatype {
            "boolean" => Self::Boolean,
            "bit" => Self::Bit,
            "unsignedByte" => Self::UnsignedByte,
            "short" => Self::Short,
            "int" => Self::Int,
            "long" => Self::Long,
            "char" => Self::Char,
            "unicodeChar" => Self::UnicodeChar,
            "float" => Self::Float,
            "double" => Self::Double,
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
