//! Attributes and texts of XML, with the five entities that XML itself has. Documents that define others are
//! refused: an entity can stand for more than fits into memory.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Attributes of one element.
const ATTRIBUTES: usize = 64;

/// The next event that has a meaning for tables.
pub(crate) fn next<'a>(xml: &mut Reader<&'a [u8]>) -> Result<Event<'a>, String> {
    let place = xml.buffer_position();
    match xml.read_event() {
        Ok(Event::DocType(_)) => Err("it has a DOCTYPE, which is not accepted: remove it".to_owned()),
        Ok(event) => Ok(event),
        Err(error) => Err(format!("it is not well-formed XML at byte {place}: {error}")),
    }
}

/// The value of an attribute.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for (index, attribute) in element.attributes().enumerate() {
        if index == ATTRIBUTES {
            return Err(format!("an element has more than {ATTRIBUTES} attributes"));
        }
        let attribute = attribute.map_err(|error| format!("an attribute cannot be read: {error}"))?;
        if attribute.key.as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| format!("an attribute cannot be read: {error}"))?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// All attributes, by their names without prefixes.
pub(crate) fn attributes(element: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for attribute in element.attributes() {
        if all.len() == ATTRIBUTES {
            return Err(format!("an element has more than {ATTRIBUTES} attributes"));
        }
        let attribute = attribute.map_err(|error| format!("an attribute cannot be read: {error}"))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| format!("an attribute cannot be read: {error}"))?;
        all.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(all)
}

/// The text up to the end of the element that was just opened, added to `text`. Elements within are passed over.
pub(super) fn text_until(xml: &mut Reader<&[u8]>, element: &str, text: &mut String) -> Result<(), String> {
    loop {
        match next(xml)? {
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::CData(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(entity) => text.push_str(&resolve(&entity)?),
            Event::End(end) if end.local_name().as_ref() == element => return Ok(()),
            Event::Eof => return Err("it ends in the middle: it was cut on the way".to_owned()),
            _ => {}
        }
    }
}

/// What an entity of XML itself stands for.
pub(crate) fn resolve(entity: &BytesRef<'_>) -> Result<String, String> {
    let unknown = || format!("&{}; is no entity of XML", &**entity);
    match entity.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => resolve_xml_entity(entity).map(str::to_owned).ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}
