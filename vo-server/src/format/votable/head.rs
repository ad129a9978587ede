//! What comes before and after the rows of a VOTable: what the answer is, its columns, and how it ended.

use std::borrow::Cow;

use arrow_schema::ArrowError;
use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::super::{About, Ending};
use super::Serialization;
use super::binary::{NULL_BYTE, NULL_INT, NULL_LONG, NULL_SHORT};
use crate::columns::{Column, Kind};
use crate::dali::printable;

/// Everything up to the rows.
pub(super) fn write(
    columns: &[Column],
    about: &About,
    serialization: Serialization,
    out: &mut Vec<u8>,
) -> Result<(), ArrowError> {
    let mut xml = Writer::new(&mut *out);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    out.extend_from_slice(
        b"\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
          <RESOURCE type=\"results\">\n<INFO name=\"QUERY_STATUS\" value=\"OK\"/>\n",
    );
    let mut xml = Writer::new(&mut *out);
    for (name, value) in &about.infos {
        let value = printable(value);
        let attributes = [("name", *name), ("value", value.as_str())];
        xml.create_element("INFO").with_attributes(attributes).write_empty()?;
    }
    out.extend_from_slice(b"\n<TABLE>\n");
    for column in columns {
        field(column, about, serialization, out)?;
    }
    Ok(())
}

fn field(
    column: &Column,
    about: &About,
    serialization: Serialization,
    out: &mut Vec<u8>,
) -> Result<(), ArrowError> {
    let referenced = about.descriptors.iter().any(|descriptor| descriptor.refers_to(&column.name));
    let optional = [
        ("ID", if referenced { column.name.as_str() } else { "" }),
        ("arraysize", &column.arraysize().unwrap_or_default()),
        ("xtype", &column.xtype),
        ("unit", &column.unit),
        ("ucd", &column.ucd),
        ("utype", &column.utype),
    ];
    let mut xml = Writer::new(&mut *out);
    let name = printable(&column.name);
    let mut element = xml.create_element("FIELD").with_attribute(("name", name.as_str()));
    element = element.with_attribute(("datatype", column.kind.votable()));
    for attribute in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
        element = element.with_attribute(attribute);
    }
    let null = null(column).filter(|_| serialization == Serialization::Binary);
    element.write_inner_content(|xml| {
        if !column.description.is_empty() {
            let text = printable(&column.description);
            xml.create_element("DESCRIPTION").write_text_content(BytesText::new(&text))?;
        }
        if let Some(null) = &null {
            xml.create_element("VALUES").with_attribute(("null", null.as_ref())).write_empty()?;
        }
        Ok(())
    })?;
    out.push(b'\n');
    Ok(())
}

/// The number that stands for no value where rows have no mask.
fn null(column: &Column) -> Option<Cow<'static, str>> {
    if column.list {
        return None;
    }
    Some(match column.kind {
        Kind::UnsignedByte => NULL_BYTE.to_string().into(),
        Kind::Short => NULL_SHORT.to_string().into(),
        Kind::Int => NULL_INT.to_string().into(),
        Kind::Long => NULL_LONG.to_string().into(),
        Kind::Boolean | Kind::Float | Kind::Double | Kind::Text | Kind::Unicode => return None,
    })
}

/// How the answer ended, where that was not with its last row (DALI 1.1 section 4.4).
pub(super) fn ending(ending: &Ending, out: &mut Vec<u8>) {
    match ending {
        Ending::Complete => {}
        Ending::Overflow => out.extend_from_slice(b"<INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>\n"),
        Ending::Failed(reason) => {
            let reason = escape(printable(reason)).into_owned();
            let info = format!("<INFO name=\"QUERY_STATUS\" value=\"ERROR\">{reason}</INFO>\n");
            out.extend_from_slice(info.as_bytes());
        }
    }
}
