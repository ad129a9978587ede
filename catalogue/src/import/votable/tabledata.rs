//! TABLEDATA (VOTable 1.5 section 5.1): cells as text; their types are parsed later, where rows can be named.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use quick_xml::events::Event;

use super::super::error::Place;
use super::super::file_error::FileError;
use super::super::frame::Framer;
use super::super::places::Places;
use super::super::sheet::{PIECE_BYTES, PIECE_ROWS, Piece};
use super::super::source::cut;
use super::field::VoField;
use super::xml::Xml;

/// Reads up to the end of TABLEDATA; gives the number of rows.
pub(super) fn read(xml: &mut Xml, fields: &[VoField], framer: &mut Framer<'_>) -> Result<u64, FileError> {
    let mut texts = Texts::new(fields);
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "TR" => read_row(xml, &mut texts)?,
            Event::End(end) if end.local_name().as_ref() == "TABLEDATA" => break,
            Event::Eof => return Err(cut()),
            _ => {}
        }
        if texts.bytes >= PIECE_BYTES || texts.rows - texts.before >= PIECE_ROWS as u64 {
            framer.rows(texts.take())?;
        }
    }
    let rows = texts.rows;
    framer.rows(texts.take())?;
    Ok(rows)
}

/// The cells of some rows.
struct Texts<'a> {
    fields: &'a [VoField],
    /// One builder for each field that is kept.
    columns: Vec<Option<StringBuilder>>,
    bytes: usize,
    rows: u64,
    before: u64,
}

impl<'a> Texts<'a> {
    fn new(fields: &'a [VoField]) -> Self {
        let columns = fields.iter().map(|field| field.shape.items().map(|_| StringBuilder::new())).collect();
        Self { fields, columns, bytes: 0, rows: 0, before: 0 }
    }

    fn push(&mut self, index: usize, cell: &str) {
        let (Some(field), Some(Some(column))) = (self.fields.get(index), self.columns.get_mut(index)) else {
            return;
        };
        self.bytes += cell.len();
        if field.null.as_deref() == Some(cell) {
            column.append_null();
        } else if field.shape.items().is_some_and(|(_, is_list)| is_list) {
            column.append_value(bracketed(cell));
        } else {
            column.append_value(cell);
        }
    }

    fn take(&mut self) -> Piece {
        let finished = self.columns.iter_mut().flatten().map(|column| Arc::new(column.finish()) as ArrayRef);
        let piece = Piece { values: finished.collect(), places: Places::After(self.before) };
        (self.before, self.bytes) = (self.rows, 0);
        piece
    }
}

/// Items separated by blanks in the form in which lists are parsed; no items are no value.
fn bracketed(cell: &str) -> String {
    let items: Vec<&str> = cell.split_whitespace().collect();
    if items.is_empty() { String::new() } else { format!("[{}]", items.join(",")) }
}

fn read_row(xml: &mut Xml, texts: &mut Texts<'_>) -> Result<(), FileError> {
    let mut found = 0;
    texts.rows += 1;
    loop {
        let is_open = match xml.next()? {
            Event::Start(element) if element.local_name().as_ref() == "TD" => true,
            Event::Empty(element) if element.local_name().as_ref() == "TD" => false,
            Event::End(end) if end.local_name().as_ref() == "TR" => break,
            Event::Eof => return Err(cut()),
            _ => continue,
        };
        let cell = if is_open { xml.text_until("TD")? } else { String::new() };
        texts.push(found, cell.trim());
        found += 1;
    }
    if found != texts.fields.len() {
        return Err(FileError::Ragged { place: Place::Row(texts.rows), expected: texts.fields.len(), found });
    }
    Ok(())
}
