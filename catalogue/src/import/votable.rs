//! VOTable (IVOA 1.1 to 1.5): the first TABLE of a document, in TABLEDATA, BINARY or BINARY2.
//!
//! Read by hand over an XML reader, because a row has to be named when its values are wrong. Columns of arrays,
//! bits and complex numbers are left out with a note; FITS streams and streams elsewhere are refused.

mod binary;
mod field;
mod tabledata;
mod xml;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::file_error::FileError;
use super::sheet::{Column, Places, Sheet};
use super::summary::Remark;
use field::VoField;
use xml::{attribute, malformed, text_until};

/// Reads a VOTable document.
pub(super) fn read(text: &str) -> Result<Sheet, FileError> {
    let mut document =
        Document { xml: Reader::from_str(text), table: None, in_field: false, remarks: Vec::new() };
    document.walk()?;
    document.finish()
}

/// What has been read of a document so far.
struct Document<'a> {
    xml: Reader<&'a [u8]>,
    table: Option<Table>,
    in_field: bool,
    remarks: Vec<Remark>,
}

/// What has been read of its first table that has columns.
#[derive(Default)]
struct Table {
    fields: Vec<VoField>,
    columns: Option<Vec<Column>>,
    stated_rows: Option<usize>,
    asked_top: Option<usize>,
}

impl Document<'_> {
    fn walk(&mut self) -> Result<(), FileError> {
        let mut depth = 0usize;
        let mut asked_top = None;
        loop {
            let event = self.xml.read_event()?;
            let (element, has_content) = match event {
                Event::Start(element) => (element, true),
                Event::Empty(element) => (element, false),
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    self.in_field &= end.local_name().as_ref() != "FIELD";
                    continue;
                }
                Event::Eof if depth > 0 => return Err(FileError::Truncated),
                Event::Eof => return Ok(()),
                _ => continue,
            };
            depth += usize::from(has_content);
            match element.local_name().as_ref() {
                "INFO" => self.info(&element, &mut asked_top)?,
                "TABLE" => self.table(&element, asked_top)?,
                "FIELD" => self.field(&element, has_content)?,
                "VALUES" => self.null_value(&element)?,
                "DESCRIPTION" if has_content && self.in_field => {
                    self.description()?;
                    depth -= 1;
                }
                "TABLEDATA" if has_content => {
                    self.table_data()?;
                    depth -= 1;
                }
                "BINARY" if has_content => self.stream(binary::Nulls::InValues)?,
                "BINARY2" if has_content => self.stream(binary::Nulls::InMask)?,
                "FITS" => return Err(FileError::Fits),
                _ => {}
            }
        }
    }

    /// DALI 1.1 section 4.4: a service says here that it cut the result.
    fn info(&mut self, element: &BytesStart<'_>, asked_top: &mut Option<usize>) -> Result<(), FileError> {
        let value = attribute(element, "value")?.unwrap_or_default();
        match attribute(element, "name")?.unwrap_or_default().as_str() {
            "QUERY_STATUS" if value.eq_ignore_ascii_case("OVERFLOW") => self.remarks.push(Remark::Overflow),
            "QUERY_STATUS" if value.eq_ignore_ascii_case("ERROR") => {
                return Err(malformed(
                    "it is the error message of a service: open it to read why".to_owned(),
                ));
            }
            "QUERY" => *asked_top = top(&value),
            _ => {}
        }
        Ok(())
    }

    fn table(&mut self, element: &BytesStart<'_>, asked_top: Option<usize>) -> Result<(), FileError> {
        if self.table.as_ref().is_some_and(|table| table.columns.is_some()) {
            let what = "it has several tables: write the one to import into a file of its own";
            return Err(malformed(what.to_owned()));
        }
        let stated_rows = attribute(element, "nrows")?.and_then(|rows| rows.trim().parse().ok());
        self.table = Some(Table { stated_rows, asked_top, ..Table::default() });
        Ok(())
    }

    fn field(&mut self, element: &BytesStart<'_>, has_content: bool) -> Result<(), FileError> {
        self.in_field = has_content;
        let field = VoField::parse(element)?;
        self.open_table()?.fields.push(field);
        Ok(())
    }

    fn null_value(&mut self, element: &BytesStart<'_>) -> Result<(), FileError> {
        if self.in_field
            && let Some(null) = attribute(element, "null")?
            && let Some(field) = self.open_table()?.fields.last_mut()
        {
            field.null = Some(null);
        }
        Ok(())
    }

    fn description(&mut self) -> Result<(), FileError> {
        let words = text_until(&mut self.xml, "DESCRIPTION")?;
        if let Some(field) = self.open_table()?.fields.last_mut() {
            field.about.description = Some(words);
        }
        Ok(())
    }

    fn table_data(&mut self) -> Result<(), FileError> {
        let fields = std::mem::take(&mut self.open_table()?.fields);
        let columns = tabledata::read(&mut self.xml, &fields)?;
        self.keep(fields, columns)
    }

    fn stream(&mut self, nulls: binary::Nulls) -> Result<(), FileError> {
        let fields = std::mem::take(&mut self.open_table()?.fields);
        let bytes = binary::stream(&mut self.xml)?;
        let columns = binary::decode(&fields, &bytes, nulls)?;
        self.keep(fields, columns)
    }

    fn keep(&mut self, fields: Vec<VoField>, columns: Vec<Column>) -> Result<(), FileError> {
        let left_out = fields.iter().filter(|field| field.shape.data_type().is_none());
        self.remarks.extend(left_out.map(|field| Remark::ColumnLeftOut(field.name.clone())));
        let rows = columns.first().map_or(0, |column| column.values.len());
        let table = self.open_table()?;
        if table.stated_rows.is_some_and(|stated| stated != rows) {
            return Err(FileError::Truncated);
        }
        let cut = table.asked_top.filter(|&top| top == rows);
        table.columns = Some(columns);
        self.remarks.extend(cut.map(|_| Remark::ExactlyTop(rows as u64)));
        Ok(())
    }

    fn open_table(&mut self) -> Result<&mut Table, FileError> {
        self.table.as_mut().ok_or_else(|| malformed("it has columns or rows outside of a TABLE".to_owned()))
    }

    fn finish(self) -> Result<Sheet, FileError> {
        let table = self.table.ok_or_else(|| malformed("there is no TABLE in it".to_owned()))?;
        let columns = table.columns.ok_or(FileError::NoRows)?;
        Ok(Sheet { columns, places: Places::Rows, remarks: self.remarks })
    }
}

/// The number after the word TOP in an ADQL query.
fn top(query: &str) -> Option<usize> {
    let mut words = query.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("top"))?;
    words.next()?.parse().ok()
}
