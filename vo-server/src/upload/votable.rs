//! The first table of a VOTable document, in TABLEDATA, BINARY or BINARY2, as one batch.
//!
//! Nothing is fetched from elsewhere, no size that the document states is believed, and what is broken is refused
//! with the row or column at fault.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::build::Column;
use super::field::{Count, VoField};
use super::xml::{attribute, next, text_until};

/// Columns of one table.
const COLUMNS: usize = 4_096;

/// Reads a document; the error says what is wrong with it.
pub(super) fn read(text: &str) -> Result<RecordBatch, String> {
    let mut document =
        Document { xml: Reader::from_str(text), fields: Vec::new(), columns: Vec::new(), rows: 0 };
    document.walk()?;
    document.finish()
}

struct Document<'a> {
    xml: Reader<&'a [u8]>,
    fields: Vec<VoField>,
    columns: Vec<Column>,
    rows: usize,
}

impl Document<'_> {
    /// Up to the end of the first table.
    fn walk(&mut self) -> Result<(), String> {
        let mut any = false;
        loop {
            match next(&mut self.xml)? {
                Event::Start(element) => {
                    any = true;
                    self.open(&element, true)?;
                }
                Event::Empty(element) => self.open(&element, false)?,
                Event::End(end) if end.local_name().as_ref() == "TABLE" => return Ok(()),
                Event::Eof if any => {
                    return Err("it ends before its table does: it was cut on the way".to_owned());
                }
                Event::Eof => return Err("it is empty: send a VOTable".to_owned()),
                _ => {}
            }
        }
    }

    fn open(&mut self, element: &BytesStart<'_>, has_content: bool) -> Result<(), String> {
        match element.local_name().as_ref() {
            "FIELD" => {
                let mut field = VoField::read(element)?;
                if has_content {
                    self.about(&mut field)?;
                }
                self.add(field)
            }
            "TABLEDATA" if has_content => self.table_data(),
            "BINARY" if has_content => self.stream(false),
            "BINARY2" if has_content => self.stream(true),
            "FITS" => {
                Err("its rows are FITS, which is not read here: write it as TABLEDATA or BINARY2".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, field: VoField) -> Result<(), String> {
        if self.fields.len() == COLUMNS {
            return Err(format!("it has more than {COLUMNS} columns"));
        }
        if self.fields.iter().any(|other| other.name.eq_ignore_ascii_case(&field.name)) {
            return Err(format!("two columns are called {}", field.name));
        }
        self.columns.push(Column::new(&field));
        self.fields.push(field);
        Ok(())
    }

    /// DESCRIPTION and VALUES within a FIELD.
    fn about(&mut self, field: &mut VoField) -> Result<(), String> {
        loop {
            match next(&mut self.xml)? {
                Event::Start(element) if element.local_name().as_ref() == "DESCRIPTION" => {
                    let mut text = String::new();
                    text_until(&mut self.xml, "DESCRIPTION", &mut text)?;
                    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    field.about.insert("description".to_owned(), text);
                }
                Event::Start(element) | Event::Empty(element)
                    if element.local_name().as_ref() == "VALUES" =>
                {
                    field.null = attribute(&element, "null")?.or(field.null.take());
                }
                Event::End(end) if end.local_name().as_ref() == "FIELD" => return Ok(()),
                Event::Eof => return Err("it ends within a FIELD: it was cut on the way".to_owned()),
                _ => {}
            }
        }
    }

    fn table_data(&mut self) -> Result<(), String> {
        let mut cell = String::new();
        loop {
            match next(&mut self.xml)? {
                Event::Start(element) if element.local_name().as_ref() == "TR" => self.row(&mut cell)?,
                Event::Empty(element) if element.local_name().as_ref() == "TR" => self.whole_row(0)?,
                Event::End(end) if end.local_name().as_ref() == "TABLEDATA" => return Ok(()),
                Event::Eof => return Err("it ends within its rows: it was cut on the way".to_owned()),
                _ => {}
            }
        }
    }

    fn row(&mut self, cell: &mut String) -> Result<(), String> {
        let mut found = 0;
        loop {
            cell.clear();
            match next(&mut self.xml)? {
                Event::Start(element) if element.local_name().as_ref() == "TD" => {
                    text_until(&mut self.xml, "TD", cell)?;
                }
                Event::Empty(element) if element.local_name().as_ref() == "TD" => {}
                Event::End(end) if end.local_name().as_ref() == "TR" => return self.whole_row(found),
                Event::Eof => return Err("it ends within its rows: it was cut on the way".to_owned()),
                _ => continue,
            }
            self.cell(found, cell)?;
            found += 1;
        }
    }

    fn cell(&mut self, index: usize, cell: &str) -> Result<(), String> {
        // Too many cells are found at the end of the row.
        let (Some(field), Some(column)) = (self.fields.get(index), self.columns.get_mut(index)) else {
            return Ok(());
        };
        let trimmed = if field.is_text() { cell } else { cell.trim() };
        let value = Some(trimmed).filter(|cell| !cell.is_empty());
        column.push_text(value, field.null.as_deref()).ok_or_else(|| {
            let cell: String = cell.chars().take(40).collect();
            format!("row {}: '{cell}' is no value for column {}", self.rows + 1, field.name)
        })
    }

    fn whole_row(&mut self, found: usize) -> Result<(), String> {
        self.rows += 1;
        let expected = self.fields.len();
        if found == expected {
            return Ok(());
        }
        Err(format!("row {} has {found} cells, and there are {expected} columns", self.rows))
    }

    fn stream(&mut self, masked: bool) -> Result<(), String> {
        loop {
            match next(&mut self.xml)? {
                Event::Start(element) | Event::Empty(element)
                    if element.local_name().as_ref() == "STREAM" =>
                {
                    if attribute(&element, "href")?.is_some() {
                        return Err(
                            "its rows are elsewhere, and nothing is fetched: write them into it".to_owned()
                        );
                    }
                    if attribute(&element, "encoding")?.as_deref() != Some("base64") {
                        return Err("its STREAM is not in base64".to_owned());
                    }
                    let mut text = String::new();
                    text_until(&mut self.xml, "STREAM", &mut text)?;
                    text.retain(|c| !c.is_ascii_whitespace());
                    let bytes = STANDARD.decode(&text);
                    return self.bytes(&bytes.map_err(|_| "its base64 is broken: it was cut")?, masked);
                }
                Event::End(_) => return Ok(()),
                Event::Eof => return Err("it ends within its rows: it was cut on the way".to_owned()),
                _ => {}
            }
        }
    }

    fn bytes(&mut self, mut rest: &[u8], masked: bool) -> Result<(), String> {
        while !rest.is_empty() {
            let left = rest.len();
            let mask = if masked { take(&mut rest, self.fields.len().div_ceil(8))? } else { &[] };
            for (index, (field, column)) in self.fields.iter().zip(&mut self.columns).enumerate() {
                let cell = cell_of(&mut rest, field)?;
                let null = mask.get(index / 8).is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0);
                column.push_bytes(Some(cell).filter(|_| !null), field);
            }
            let (cells, bytes) = (self.fields.len(), left - rest.len());
            // Cells of arraysize 0 would cost the sender nothing, and memory here.
            if bytes == 0 || bytes < cells {
                return Err(format!(
                    "a row has {cells} cells in {bytes} bytes: leave out columns of arraysize 0"
                ));
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<RecordBatch, String> {
        if self.fields.is_empty() {
            return Err("it has no table with columns: send a VOTable".to_owned());
        }
        let wrong = |error: arrow_schema::ArrowError| format!("its columns do not fit together: {error}");
        let arrays =
            self.columns.into_iter().map(Column::finish).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let fields = self.fields.into_iter().zip(&arrays).map(|(field, array)| {
            Field::new(field.name, array.data_type().clone(), true).with_metadata(field.about)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        RecordBatch::try_new_with_options(schema, arrays, &options).map_err(wrong)
    }
}

fn cell_of<'a>(rest: &mut &'a [u8], field: &VoField) -> Result<&'a [u8], String> {
    let items = match field.count {
        Count::One => 1,
        Count::Fixed(items) => items,
        Count::Variable => {
            let mut length = [0; 4];
            length.copy_from_slice(take(rest, 4)?);
            u32::from_be_bytes(length) as usize
        }
    };
    take(rest, items.saturating_mul(field.item.bytes()))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    let (taken, left) = rest.split_at_checked(count).ok_or("its stream ends within a row: it was cut")?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::votable::VoTable;
    use crate::format::votable::tests::{sample, written};
    use crate::format::{About, Ending, Serialization};

    #[test]
    fn what_we_write_reads_back_with_nulls_in_every_type() {
        for serialization in [Serialization::TableData, Serialization::Binary2] {
            let mut writer = VoTable::new(serialization, About::default());
            let document = written(&mut writer, &sample(), &Ending::Complete);
            let read = read(&String::from_utf8(document).expect("UTF-8")).expect("our own document");
            assert_eq!(read, sample(), "{serialization:?}");
        }
    }

    #[test]
    fn broken_documents_are_refused_with_what_is_wrong() {
        let field = "<VOTABLE><RESOURCE><TABLE><FIELD name='a' datatype='int'/><DATA>";
        for (document, what) in [
            (String::new(), "it is empty: send a VOTable"),
            (
                "<!DOCTYPE x [<!ENTITY a 'b'>]><VOTABLE/>".to_owned(),
                "it has a DOCTYPE, which is not accepted: remove it",
            ),
            ("<VOTABLE><TABLE></TABLE>".to_owned(), "it has no table with columns: send a VOTable"),
            (format!("{field}<TABLEDATA><TR><TD>x</TD></TR>"), "row 1: 'x' is no value for column a"),
            (format!("{field}<TABLEDATA><TR></TR>"), "row 1 has 0 cells, and there are 1 columns"),
            (format!("{field}<TABLEDATA><TR><TD>1</TD>"), "it ends within its rows: it was cut on the way"),
            (format!("{field}<TABLEDATA><TR><TD>&a;</TD>"), "&a; is no entity of XML"),
            (
                format!("{field}<BINARY2><STREAM encoding='base64'>AAAB</STREAM>"),
                "its stream ends within a row: it was cut",
            ),
            (
                format!("{field}<BINARY><STREAM href='http://127.0.0.1/'/>"),
                "its rows are elsewhere, and nothing is fetched: write them into it",
            ),
        ] {
            assert_eq!(read(&document).expect_err("broken"), what, "{document}");
        }
    }

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let document = "<VOTABLE><TABLE><FIELD name='a' datatype='double' arraysize='*'/><DATA><BINARY>\
                        <STREAM encoding='base64'>/////w==</STREAM></BINARY></DATA></TABLE></VOTABLE>";
        assert_eq!(read(document).expect_err("4 GiB of numbers"), "its stream ends within a row: it was cut");
    }

    #[test]
    fn cells_without_bytes_cost_no_memory() {
        let empty: String = (0..4_000)
            .map(|number| format!("<FIELD name='c{number}' datatype='double' arraysize='0'/>"))
            .collect();
        let rows = "A".repeat(1 << 20);
        let document = format!(
            "<VOTABLE><TABLE><FIELD name='a' datatype='boolean'/>{empty}<DATA><BINARY>\
             <STREAM encoding='base64'>{rows}</STREAM></BINARY></DATA></TABLE></VOTABLE>"
        );
        let expected = "a row has 4001 cells in 1 bytes: leave out columns of arraysize 0";
        assert_eq!(read(&document).expect_err("786,432 rows of 4,001 cells"), expected);
    }
}
