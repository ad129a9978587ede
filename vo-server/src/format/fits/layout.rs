//! Where the values of a row are, and how they are written (FITS 4.0 sections 7.3.3 and 7.3.5).

use crate::columns::{Column, Kind, Values, items_of};

/// The columns of a table, and what its head must say of its rows.
#[derive(Default)]
pub(super) struct Layout {
    fields: Vec<Field>,
    rows: u64,
    heap: u64,
    /// Bytes of the heap that rows which are written already refer to.
    used: u64,
}

/// A column and the longest value of it.
pub(super) struct Field {
    pub(super) column: Column,
    longest: usize,
}

impl Field {
    fn is_text(&self) -> bool {
        matches!(self.column.kind, Kind::Text | Kind::Unicode)
    }

    fn code(&self) -> char {
        match self.column.kind {
            Kind::Boolean => 'L',
            Kind::UnsignedByte => 'B',
            Kind::Short => 'I',
            Kind::Int => 'J',
            Kind::Long => 'K',
            Kind::Float => 'E',
            Kind::Double => 'D',
            Kind::Text | Kind::Unicode => 'A',
        }
    }

    /// TFORM: the type, with the width of a text, or with the longest list.
    pub(super) fn form(&self) -> String {
        match (self.column.list, self.is_text()) {
            (true, _) => format!("1Q{}({})", self.code(), self.longest),
            (false, true) => format!("{}A", self.longest.max(1)),
            (false, false) => self.code().to_string(),
        }
    }

    /// TNULL: the number that stands for no value.
    pub(super) fn null(&self) -> Option<i64> {
        match self.column.kind {
            _ if self.column.list => None,
            Kind::UnsignedByte => Some(u8::MAX.into()),
            Kind::Short => Some(i16::MIN.into()),
            Kind::Int => Some(i32::MIN.into()),
            Kind::Long => Some(i64::MIN),
            Kind::Boolean | Kind::Float | Kind::Double | Kind::Text | Kind::Unicode => None,
        }
    }

    fn bytes(&self) -> u64 {
        match (self.column.list, self.is_text()) {
            (true, _) => 16,
            (false, true) => self.longest.max(1) as u64,
            (false, false) => item_bytes(self.column.kind),
        }
    }
}

fn item_bytes(kind: Kind) -> u64 {
    match kind {
        Kind::Boolean | Kind::UnsignedByte | Kind::Text | Kind::Unicode => 1,
        Kind::Short => 2,
        Kind::Int | Kind::Float => 4,
        Kind::Long | Kind::Double => 8,
    }
}

impl Layout {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        let fields = columns.into_iter().map(|column| Field { column, longest: 0 }).collect();
        Self { fields, ..Self::default() }
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    pub(super) fn row_count(&self) -> u64 {
        self.rows
    }

    pub(super) fn row_bytes(&self) -> u64 {
        self.fields.iter().map(Field::bytes).sum()
    }

    pub(super) fn heap_bytes(&self) -> u64 {
        self.heap
    }

    /// Takes account of rows that will be written later.
    pub(super) fn measure(&mut self, columns: &[Values], rows: usize) {
        self.rows += rows as u64;
        for (field, values) in self.fields.iter_mut().zip(columns) {
            for row in (0..rows).filter(|&row| !values.is_null(row)) {
                let length = match values {
                    Values::Text(texts) | Values::Unicode(texts) => texts.value(row).len(),
                    Values::List { lists, .. } => items_of(lists, row).len(),
                    _ => continue,
                };
                field.longest = field.longest.max(length);
                if field.column.list {
                    self.heap += length as u64 * item_bytes(field.column.kind);
                }
            }
        }
    }

    /// Appends rows; a list is where its items are in the heap, in the order of rows.
    pub(super) fn rows(&mut self, columns: &[Values], rows: usize, out: &mut Vec<u8>) {
        for row in 0..rows {
            for (field, values) in self.fields.iter().zip(columns) {
                match values {
                    Values::Text(texts) | Values::Unicode(texts) => {
                        let text = if values.is_null(row) { "" } else { texts.value(row) };
                        let end = out.len() + field.longest.max(1);
                        out.extend_from_slice(text.as_bytes());
                        out.resize(end, 0);
                    }
                    Values::List { lists, .. } => {
                        let items = if values.is_null(row) { 0 } else { items_of(lists, row).len() as u64 };
                        out.extend(items.to_be_bytes());
                        out.extend(self.used.to_be_bytes());
                        self.used += items * item_bytes(field.column.kind);
                    }
                    other => item(other, row, out),
                }
            }
        }
    }

    /// Appends the items of all lists of these rows.
    pub(super) fn heap(columns: &[Values], rows: usize, out: &mut Vec<u8>) {
        for row in 0..rows {
            for values in columns.iter().filter(|values| !values.is_null(row)) {
                if let Values::List { lists, items, .. } = values {
                    items_of(lists, row).for_each(|index| item(items, index, out));
                }
            }
        }
    }
}

fn item(values: &Values, row: usize, out: &mut Vec<u8>) {
    let null = values.is_null(row);
    match values {
        Values::Boolean(values) => out.push(match (null, !null && values.value(row)) {
            (true, _) => 0,
            (false, true) => b'T',
            (false, false) => b'F',
        }),
        Values::UnsignedByte(values) => out.push(if null { u8::MAX } else { values.value(row) }),
        Values::Short(values) => out.extend(if null { i16::MIN } else { values.value(row) }.to_be_bytes()),
        Values::Int(values) => out.extend(if null { i32::MIN } else { values.value(row) }.to_be_bytes()),
        Values::Long(values) => out.extend(if null { i64::MIN } else { values.value(row) }.to_be_bytes()),
        Values::Float(values) => out.extend(if null { f32::NAN } else { values.value(row) }.to_be_bytes()),
        Values::Double(values) => out.extend(if null { f64::NAN } else { values.value(row) }.to_be_bytes()),
        // These are written by the row itself.
        Values::Text(_) | Values::Unicode(_) | Values::List { .. } => {}
    }
}
