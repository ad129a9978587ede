//! The columns of an answer in the types that VO formats know, and their values row by row.
//!
//! An Arrow column becomes a boolean, a number of five widths, a text, or a list of these. Fields of a struct become
//! columns of their own. Nothing here knows how a format writes a value.

mod convert;
mod values;

use arrow_schema::{DataType, Field, Schema};

pub(crate) use convert::columns_of;
pub(crate) use values::{Values, items_of};

/// One column of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its name.
    pub name: String,
    /// The type of a value, or of an item of a list.
    pub kind: Kind,
    /// Whether each value is a list.
    pub list: bool,
    /// The items of each list, where all have as many: two for a point, three for a circle.
    pub items: Option<usize>,
    /// The unit (VOUnit); empty for a number without dimension.
    pub unit: String,
    /// The UCD.
    pub ucd: String,
    /// The utype.
    pub utype: String,
    /// What it is, in words.
    pub description: String,
    /// What its owner says it is for, in the words of TAP+; empty where nobody says.
    pub flag: String,
    /// More about the type, such as `timestamp` (DALI 1.1 section 3.3).
    pub xtype: String,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    UnsignedByte,
    Short,
    Int,
    Long,
    Float,
    Double,
    Text,
    /// Text of more than ASCII, where an uploaded table said so.
    Unicode,
}

impl Kind {
    /// The name in VOTable (section 2.1).
    pub(crate) fn votable(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::UnsignedByte => "unsignedByte",
            Self::Short => "short",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Text => "char",
            Self::Unicode => "unicodeChar",
        }
    }

    /// The type that Arrow values are converted to.
    fn arrow(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::UnsignedByte => DataType::UInt8,
            Self::Short => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Text | Self::Unicode => DataType::Utf8,
        }
    }
}

impl Column {
    /// How many items a value has, as VOTable says it: nothing for one.
    pub(crate) fn arraysize(&self) -> Option<String> {
        if let Some(items) = self.items {
            return Some(items.to_string());
        }
        (self.list || matches!(self.kind, Kind::Text | Kind::Unicode)).then(|| "*".to_owned())
    }

    fn new(name: String, field: &Field) -> Self {
        let (kind, list) = shape(field);
        let items = items(field.data_type()).filter(|_| list);
        let about = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
        let xtype = match field.data_type() {
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => "timestamp".to_owned(),
            // DALI 1.1 section 3.3.5: two numbers or three, and no others.
            _ => Some(about("xtype"))
                .filter(|xtype| items.is_some() || !FIXED.contains(&&**xtype))
                .unwrap_or_default(),
        };
        let (unit, ucd, utype) = (about("unit"), about("ucd"), about("utype"));
        let (description, flag) = (about("description"), about("flag"));
        Self { name, kind, list, items, unit, ucd, utype, description, flag, xtype }
    }
}

/// Types whose values have as many items each.
const FIXED: [&str; 2] = ["point", "circle"];

/// The columns of a schema, with the fields of structs in place of these.
pub(crate) fn of_schema(schema: &Schema) -> Vec<Column> {
    let mut columns = Vec::new();
    for field in schema.fields() {
        flatten(field, &mut columns);
    }
    columns
}

fn flatten(field: &Field, columns: &mut Vec<Column>) {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|field| flatten(field, columns)),
        _ => columns.push(Column::new(unused(field.name(), columns), field)),
    }
}

/// The name, with a number where another column has it already.
fn unused(name: &str, columns: &[Column]) -> String {
    let taken = |name: &str| columns.iter().any(|column| column.name == name);
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

/// The key under which a field says that its texts are of more than ASCII.
pub(crate) const DATATYPE: &str = "datatype";

fn shape(field: &Field) -> (Kind, bool) {
    let unicode = field.metadata().get(DATATYPE).is_some_and(|name| name == Kind::Unicode.votable());
    match shape_of(field.data_type()) {
        (Kind::Text, false) if unicode => (Kind::Unicode, false),
        other => other,
    }
}

fn shape_of(data_type: &DataType) -> (Kind, bool) {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            match kind(item.data_type()) {
                // Lists of texts have no place in VOTable; they are written as one text.
                Some(Kind::Text) | None => (Kind::Text, false),
                Some(kind) => (kind, true),
            }
        }
        other => (kind(other).unwrap_or(Kind::Text), false),
    }
}

/// The items of each list of a type, where all have as many.
fn items(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::FixedSizeList(_, items) => usize::try_from(*items).ok(),
        _ => None,
    }
}

/// The kind of a type without parts.
fn kind(data_type: &DataType) -> Option<Kind> {
    Some(match data_type {
        DataType::Boolean => Kind::Boolean,
        DataType::UInt8 => Kind::UnsignedByte,
        DataType::Int8 | DataType::Int16 => Kind::Short,
        DataType::UInt16 | DataType::Int32 => Kind::Int,
        DataType::UInt32 | DataType::Int64 | DataType::UInt64 => Kind::Long,
        DataType::Float16 | DataType::Float32 => Kind::Float,
        DataType::Float64 | DataType::Decimal32(..) | DataType::Decimal64(..) => Kind::Double,
        DataType::Decimal128(..) | DataType::Decimal256(..) => Kind::Double,
        DataType::Dictionary(_, value) => return kind(value),
        nested if nested.is_nested() => return None,
        _ => Kind::Text,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_struct_becomes_columns_and_no_two_have_one_name() {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)));
        let inner = vec![Field::new("a", list, true), Field::new("b", DataType::UInt64, true)];
        let fields = vec![
            Field::new("a", DataType::Utf8View, true),
            Field::new("s", DataType::Struct(inner.into()), true),
        ];
        let columns = of_schema(&Schema::new(fields));
        let found: Vec<_> = columns.iter().map(|c| (c.name.as_str(), c.kind, c.list)).collect();
        let expected = [("a", Kind::Text, false), ("a_2", Kind::Double, true), ("b", Kind::Long, false)];
        assert_eq!(found, expected);
    }
}
