//! Attributes and text of XML elements, with entities resolved.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::super::file_error::FileError;
use super::super::source::{Bytes, cut};

/// A document that is read event by event; nothing of it is kept.
pub(super) struct Xml {
    reader: Reader<Bytes>,
    buffer: Vec<u8>,
}

impl Xml {
    pub fn new(bytes: Bytes) -> Self {
        Self { reader: Reader::from_reader(bytes), buffer: Vec::new() }
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Event<'_>, FileError> {
        self.buffer.clear();
        Ok(self.reader.read_event_into(&mut self.buffer)?)
    }

    /// The bytes after the element that was just opened, as they are.
    pub fn bytes(&mut self) -> quick_xml::reader::BinaryStream<'_, Bytes> {
        self.reader.stream()
    }

    /// The text up to the end of the element that was just opened.
    pub fn text_until(&mut self, element: &str) -> Result<String, FileError> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::CData(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(entity) => text.push_str(&resolve(&entity)?),
                Event::End(end) if end.local_name().as_ref() == element => return Ok(text),
                Event::Eof => return Err(cut()),
                _ => {}
            }
        }
    }
}

/// The value of an attribute, with its entities resolved.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, FileError> {
    let found = element.try_get_attribute(name).map_err(quick_xml::Error::from)?;
    let value = found.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
    Ok(value.transpose()?.map(|value| value.into_owned()))
}

fn resolve(entity: &BytesRef<'_>) -> Result<String, FileError> {
    if let Some(character) = entity.resolve_char_ref()? {
        return Ok(character.to_string());
    }
    let known = resolve_xml_entity(entity);
    known.map(str::to_owned).ok_or_else(|| malformed(format!("&{}; is no known entity", &**entity)))
}

/// A document that breaks the rules of VOTable.
pub(super) fn malformed(what: String) -> FileError {
    FileError::Malformed { format: "VOTable", what }
}
