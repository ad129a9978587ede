//! The columns of a binary table: TFORM and what else its header says about them (FITS Standard 4.0, section 7.3.2).

use arrow::datatypes::DataType;

use super::super::big_endian::{self, Growing, Item};
use super::super::file_error::FileError;
use super::super::sheet::{About, Column, Values};
use super::header::Header;
use super::malformed;
use super::scale::Scale;

/// One column.
pub(super) struct FitsColumn {
    pub name: String,
    pub about: About,
    pub cell: Cell,
    pub scale: Scale,
    /// The stored integer that stands for no value.
    pub null: Option<i64>,
}

/// What a row holds for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// So many items; a text is one item of so many bytes.
    Items { item: Item, count: usize },
    /// The length and place of an array in the heap, as two 32-bit or 64-bit integers.
    Pointer { item: Item, bytes: usize },
    /// So many bytes that are left out.
    LeftOut { bytes: usize },
}

/// All columns of a table.
pub(super) fn columns(header: &Header) -> Result<Vec<FitsColumn>, FileError> {
    if header.text("ZTABLE") == Some("T") {
        return Err(malformed("it is a compressed table: unpack it, for example with funpack"));
    }
    let count = header.number("TFIELDS")?.min(999) as usize;
    (1..=count).map(|number| FitsColumn::new(header, number)).collect()
}

/// What a header says about one column of either kind of table.
pub(super) fn about(header: &Header, number: usize) -> About {
    let text = |keyword| header.of_column(keyword, number).map(str::to_owned);
    About { unit: text("TUNIT"), ucd: text("TUCD"), description: text("TCOMM") }
}

/// The name of a column of either kind of table.
pub(super) fn name(header: &Header, number: usize) -> String {
    header.of_column("TTYPE", number).map_or_else(|| format!("col{number}"), str::to_owned)
}

impl FitsColumn {
    fn new(header: &Header, number: usize) -> Result<Self, FileError> {
        let name = name(header, number);
        let form = header.of_column("TFORM", number).unwrap_or_default();
        let cell = Cell::parse(form)
            .ok_or_else(|| malformed(format!("column `{name}` has the unknown TFORM `{form}`")))?;
        let factor = |keyword, default: f64| {
            let stated =
                header.of_column(keyword, number).map_or(Ok(default), |text| text.replace('D', "E").parse());
            stated.map_err(|_| malformed(format!("column `{name}` has a {keyword} that is no number")))
        };
        let (factor, zero) = (factor("TSCAL", 1.0)?, factor("TZERO", 0.0)?);
        let scale = cell.item().map_or(Scale::None, |item| Scale::new(item, factor, zero));
        // A null value on a column that is no integer means nothing (section 7.3.2); NaN does.
        let null = header.of_column("TNULL", number).and_then(|null| null.parse().ok());
        Ok(Self { about: about(header, number), cell, scale, null, name })
    }

    /// A column of the sheet, or nothing for what is left out.
    pub fn declared(&self) -> Option<Column> {
        let item = self.scale.data_type(self.cell.item()?);
        let data_type = if self.cell.is_list() { big_endian::list_of(item) } else { item };
        Some(Column {
            name: self.name.clone(),
            about: self.about.clone(),
            values: Values::Declared(data_type),
        })
    }

    /// A column of values to be filled, or nothing for what is left out.
    pub fn growing(&self) -> Option<Growing> {
        Some(Growing::new(self.cell.item()?, self.cell.is_list(), self.null))
    }

    /// Whether the column holds text, of which the empty one is no value.
    pub fn is_text(&self) -> bool {
        self.cell.item().is_some_and(|item| item.data_type() == DataType::Utf8)
    }
}

impl Cell {
    /// `rTa`: a repeat count, a letter, and for arrays in the heap the letter of their items.
    fn parse(form: &str) -> Option<Self> {
        let digits = form.find(|c: char| !c.is_ascii_digit())?;
        let count: usize = if digits == 0 { 1 } else { form[..digits].parse().ok()? };
        let mut letters = form[digits..].chars();
        let letter = letters.next()?;
        let left_out = |bits: usize| Some(Self::LeftOut { bytes: count.checked_mul(bits)?.div_ceil(8) });
        match letter {
            'X' => left_out(1),
            'C' => left_out(64),
            'M' => left_out(128),
            'P' | 'Q' if count > 1 => None,
            'P' | 'Q' => {
                let bytes = count * if letter == 'P' { 8 } else { 16 };
                let item = letters.next()?;
                let known = Self::item_of(item).filter(|_| count == 1);
                Some(known.map_or(Self::LeftOut { bytes }, |item| Self::Pointer { item, bytes }))
            }
            _ if count == 0 => Self::item_of(letter).map(|_| Self::LeftOut { bytes: 0 }),
            _ => Self::item_of(letter).map(|item| Self::Items { item, count }),
        }
    }

    fn item_of(letter: char) -> Option<Item> {
        Some(match letter {
            'L' => Item::Boolean,
            'B' => Item::UnsignedByte,
            'I' => Item::Short,
            'J' => Item::Int,
            'K' => Item::Long,
            'E' => Item::Float,
            'D' => Item::Double,
            'A' => Item::Text,
            _ => return None,
        })
    }

    fn item(self) -> Option<Item> {
        match self {
            Self::Items { item, .. } | Self::Pointer { item, .. } => Some(item),
            Self::LeftOut { .. } => None,
        }
    }

    fn is_list(self) -> bool {
        match self {
            Self::Items { item: Item::Text, .. } | Self::Pointer { item: Item::Text, .. } => false,
            Self::Items { count, .. } => count != 1,
            Self::Pointer { .. } => true,
            Self::LeftOut { .. } => false,
        }
    }

    /// Bytes in a row; nothing where that is more than there can be.
    pub fn bytes(self) -> Option<usize> {
        match self {
            Self::Items { item, count } => count.checked_mul(item.size()),
            Self::Pointer { bytes, .. } | Self::LeftOut { bytes } => Some(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_standard_is_known() {
        for (form, expected) in [
            ("K", Some(Cell::Items { item: Item::Long, count: 1 })),
            ("28A", Some(Cell::Items { item: Item::Text, count: 28 })),
            ("3E", Some(Cell::Items { item: Item::Float, count: 3 })),
            ("0D", Some(Cell::LeftOut { bytes: 0 })),
            ("11X", Some(Cell::LeftOut { bytes: 2 })),
            ("2C", Some(Cell::LeftOut { bytes: 16 })),
            ("1PE(343)", Some(Cell::Pointer { item: Item::Float, bytes: 8 })),
            ("QD", Some(Cell::Pointer { item: Item::Double, bytes: 16 })),
            ("1PC(2)", Some(Cell::LeftOut { bytes: 8 })),
            ("Z", None),
            ("", None),
            ("99999999999999999999D", None),
        ] {
            assert_eq!(Cell::parse(form), expected, "{form:?}");
        }
    }
}
