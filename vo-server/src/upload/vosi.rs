//! Columns of a table as VOSI describes them (VOSI 1.1 section 4, VODataService 1.2 section 3.4), read as a VOTable without
//! rows: names, types of VOTable or of TAP, units, UCDs, utypes and descriptions.

use quick_xml::escape::escape;
use quick_xml::events::Event;
use quick_xml::{Reader, events::BytesStart};

use super::xml::{attribute, next, text_until};

/// What is said about a column: its parts by their elements, and the size of its values.
#[derive(Default)]
struct Column {
    parts: Vec<(&'static str, String)>,
    size: Option<String>,
}

/// The elements of a column that count.
const PARTS: [&str; 6] = ["name", "description", "unit", "ucd", "utype", "dataType"];

/// The types of TAP in those of VOTable, with the size of a value (TAP 1.1 section 2.5).
const TYPES: [(&str, &str, Option<&str>); 12] = [
    ("BOOLEAN", "boolean", None),
    ("SMALLINT", "short", None),
    ("INTEGER", "int", None),
    ("BIGINT", "long", None),
    ("REAL", "float", None),
    ("DOUBLE", "double", None),
    ("CHAR", "char", Some("*")),
    ("VARCHAR", "char", Some("*")),
    ("adql:INTEGER", "int", None),
    ("adql:BIGINT", "long", None),
    ("adql:DOUBLE", "double", None),
    ("adql:VARCHAR", "char", Some("*")),
];

/// The description as a VOTable without rows.
pub(super) fn as_votable(text: &str) -> Result<String, String> {
    let columns = read(text)?;
    if columns.is_empty() {
        return Err("it describes no columns: send a vosi:table with column elements".to_owned());
    }
    let fields: String = columns.iter().map(Column::field).collect();
    Ok(format!(
        "<VOTABLE><RESOURCE><TABLE>{fields}<DATA><TABLEDATA></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ))
}

fn read(text: &str) -> Result<Vec<Column>, String> {
    let mut xml = Reader::from_str(text);
    let (mut columns, mut open): (Vec<Column>, Option<Column>) = (Vec::new(), None);
    loop {
        match next(&mut xml)? {
            Event::Start(start) if start.local_name().as_ref() == "column" => open = Some(Column::default()),
            Event::Start(start) => {
                let part = PARTS.into_iter().find(|part| start.local_name().as_ref() == *part);
                if let (Some(column), Some(part)) = (&mut open, part) {
                    column.read(part, &start, &mut xml)?;
                }
            }
            Event::End(end) if end.local_name().as_ref() == "column" => columns.extend(open.take()),
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(columns)
}

impl Column {
    fn read(
        &mut self,
        part: &'static str,
        start: &BytesStart<'_>,
        xml: &mut Reader<&[u8]>,
    ) -> Result<(), String> {
        if part == "dataType" {
            self.size = attribute(start, "arraysize")?;
        }
        let mut text = String::new();
        text_until(xml, part, &mut text)?;
        self.parts.push((part, text.trim().to_owned()));
        Ok(())
    }

    fn said(&self, part: &str) -> &str {
        self.parts.iter().find(|(known, _)| *known == part).map_or("", |(_, text)| text)
    }

    fn field(&self) -> String {
        let said = self.said("dataType");
        let of_tap = TYPES.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(said));
        let said_size = self.size.as_deref();
        let (data_type, size) =
            of_tap.map_or((said, said_size), |(_, name, size)| (name, said_size.or(size)));
        let attributes = [
            ("name", self.said("name")),
            ("datatype", data_type),
            ("arraysize", size.unwrap_or_default()),
            ("unit", self.said("unit")),
            ("ucd", self.said("ucd")),
            ("utype", self.said("utype")),
        ];
        let told = attributes.into_iter().filter(|(_, value)| !value.is_empty());
        let told: String = told.map(|(name, value)| format!(" {name}=\"{}\"", escape(value))).collect();
        format!("<FIELD{told}><DESCRIPTION>{}</DESCRIPTION></FIELD>", escape(self.said("description")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_vosi_are_fields_of_a_votable() {
        let text = "<vosi:table xmlns:vosi='v'><name>s.t</name><column><name>a&amp;b</name><unit>deg</unit>\
                    <dataType xsi:type='vs:VOTableType' arraysize='30*'>char</dataType></column>\
                    <column><name>n</name><description>how many</description><dataType>BIGINT</dataType></column>\
                    </vosi:table>";
        let votable = as_votable(text).expect("columns");
        assert!(
            votable.contains("<FIELD name=\"a&amp;b\" datatype=\"char\" arraysize=\"30*\" unit=\"deg\">"),
            "{votable}"
        );
        assert!(
            votable.contains("<FIELD name=\"n\" datatype=\"long\"><DESCRIPTION>how many</DESCRIPTION>"),
            "{votable}"
        );
        let rows = super::super::votable::read(&votable).expect("a VOTable");
        assert_eq!((rows.num_columns(), rows.num_rows()), (2, 0));
        assert!(as_votable("<table/>").is_err());
    }
}
