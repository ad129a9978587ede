//! TABLEDATA (VOTable 1.5 section 5.1): cells as text; their types are parsed later, where rows can be named.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::super::error::Place;
use super::super::file_error::FileError;
use super::super::sheet::Column;
use super::field::VoField;
use super::xml::text_until;

/// Reads up to the end of TABLEDATA.
pub(super) fn read(xml: &mut Reader<&[u8]>, fields: &[VoField]) -> Result<Vec<Column>, FileError> {
    let mut columns: Vec<StringBuilder> = fields.iter().map(|_| StringBuilder::new()).collect();
    let mut row = 0;
    loop {
        match xml.read_event()? {
            Event::Start(element) if element.local_name().as_ref() == "TR" => {
                row += 1;
                read_row(xml, fields, &mut columns, Place::Row(row))?;
            }
            Event::End(end) if end.local_name().as_ref() == "TABLEDATA" => break,
            Event::Eof => return Err(FileError::Truncated),
            _ => {}
        }
    }
    let columns = fields.iter().zip(columns).filter_map(|(field, mut cells)| {
        let values: ArrayRef = Arc::new(cells.finish());
        let data_type = Some(field.shape.data_type()?);
        Some(Column { name: field.name.clone(), about: field.about.clone(), data_type, values })
    });
    Ok(columns.collect())
}

fn read_row(
    xml: &mut Reader<&[u8]>,
    fields: &[VoField],
    columns: &mut [StringBuilder],
    place: Place,
) -> Result<(), FileError> {
    let mut found = 0;
    loop {
        let cell = match xml.read_event()? {
            Event::Start(element) if element.local_name().as_ref() == "TD" => text_until(xml, "TD")?,
            Event::Empty(element) if element.local_name().as_ref() == "TD" => String::new(),
            Event::End(end) if end.local_name().as_ref() == "TR" => break,
            Event::Eof => return Err(FileError::Truncated),
            _ => continue,
        };
        if let (Some(field), Some(column)) = (fields.get(found), columns.get_mut(found)) {
            let cell = cell.trim();
            column.append_option(Some(cell).filter(|cell| field.null.as_deref() != Some(cell)));
        }
        found += 1;
    }
    if found != fields.len() {
        return Err(FileError::Ragged { place, expected: fields.len(), found });
    }
    Ok(())
}
