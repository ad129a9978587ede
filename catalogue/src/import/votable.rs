//! VOTable (IVOA 1.1 to 1.5): the only TABLE with rows of a document, in TABLEDATA, BINARY or BINARY2.
//!
//! Read by hand over an XML reader, row by row, because a row has to be named when its values are wrong. Columns of
//! bits and complex numbers are left out with a note; FITS streams and streams elsewhere are refused.

mod binary;
mod field;
mod tabledata;
mod xml;

use quick_xml::events::{BytesStart, Event};

use super::file_error::FileError;
use super::frame::Framer;
use super::source::{Source, cut};
use super::summary::Remark;
use field::VoField;
use xml::{Xml, attribute, malformed};

/// Reads a VOTable document.
pub(super) fn read(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let mut document =
        Document { xml: Xml::new(source.open()?), framer, table: None, in_field: false, asked_top: None };
    document.walk()?;
    match document.table {
        None => Err(malformed("there is no TABLE in it".to_owned())),
        Some(_) => Ok(()),
    }
}

/// What has been read of a document so far.
struct Document<'a, 'b> {
    xml: Xml,
    framer: &'a mut Framer<'b>,
    table: Option<Table>,
    in_field: bool,
    /// The number after TOP in the query that gave the table.
    asked_top: Option<u64>,
}

/// What has been read of its first table that has columns.
#[derive(Default)]
struct Table {
    fields: Vec<VoField>,
    has_rows: bool,
    stated_rows: Option<u64>,
}

impl Document<'_, '_> {
    fn walk(&mut self) -> Result<(), FileError> {
        let mut depth = 0usize;
        loop {
            let (element, has_content) = match self.xml.next()? {
                Event::Start(element) => (element.into_owned(), true),
                Event::Empty(element) => (element.into_owned(), false),
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    self.in_field &= end.local_name().as_ref() != "FIELD";
                    continue;
                }
                Event::Eof if depth > 0 => return Err(cut()),
                Event::Eof => return Ok(()),
                _ => continue,
            };
            let has_end = self.element(&element, has_content)?;
            depth += usize::from(has_end);
        }
    }

    /// Reads what an element says; answers whether its end is still to come.
    fn element(&mut self, element: &BytesStart<'_>, has_content: bool) -> Result<bool, FileError> {
        match element.local_name().as_ref() {
            "INFO" => return self.info(element, has_content),
            "TABLE" => self.table(element)?,
            "FIELD" => self.field(element, has_content)?,
            "VALUES" => self.null_value(element)?,
            "DESCRIPTION" if has_content && self.in_field => {
                self.description()?;
                return Ok(false);
            }
            "TABLEDATA" if has_content => {
                self.rows(tabledata::read)?;
                return Ok(false);
            }
            "BINARY" if has_content => {
                self.rows(|xml, fields, framer| binary::read(xml, fields, binary::Nulls::InValues, framer))?;
                self.pass_ends()?;
                return Ok(false);
            }
            "BINARY2" if has_content => {
                self.rows(|xml, fields, framer| binary::read(xml, fields, binary::Nulls::InMask, framer))?;
                self.pass_ends()?;
                return Ok(false);
            }
            "FITS" => return Err(malformed("its rows are FITS: write that to a file of its own".to_owned())),
            _ => {}
        }
        Ok(has_content)
    }

    /// Passes the end tags of STREAM and of the element around it.
    fn pass_ends(&mut self) -> Result<(), FileError> {
        let mut ends = 0;
        while ends < 2 {
            match self.xml.next()? {
                Event::End(_) => ends += 1,
                Event::Eof => return Err(cut()),
                _ => {}
            }
        }
        Ok(())
    }

    /// DALI 1.1 section 4.4: a service says here that it cut the result, or that it failed.
    fn info(&mut self, element: &BytesStart<'_>, has_content: bool) -> Result<bool, FileError> {
        let value = attribute(element, "value")?.unwrap_or_default();
        match attribute(element, "name")?.unwrap_or_default().as_str() {
            "QUERY_STATUS" if value.eq_ignore_ascii_case("OVERFLOW") => {
                self.framer.remark(Remark::Overflow)?;
            }
            "QUERY_STATUS" if value.eq_ignore_ascii_case("ERROR") => {
                let why = if has_content { self.xml.text_until("INFO")? } else { String::new() };
                return Err(malformed(format!("it is the error message of a service: {}", why.trim())));
            }
            "QUERY" => self.asked_top = top(&value),
            _ => {}
        }
        Ok(has_content)
    }

    fn table(&mut self, element: &BytesStart<'_>) -> Result<(), FileError> {
        if self.table.as_ref().is_some_and(|table| table.has_rows) {
            let what = "it has several tables: write the one to import into a file of its own";
            return Err(malformed(what.to_owned()));
        }
        let stated_rows = attribute(element, "nrows")?.and_then(|rows| rows.trim().parse().ok());
        self.table = Some(Table { stated_rows, ..Table::default() });
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
        let words = self.xml.text_until("DESCRIPTION")?;
        if let Some(field) = self.open_table()?.fields.last_mut() {
            field.about.description = Some(words);
        }
        Ok(())
    }

    fn rows(
        &mut self,
        read: impl FnOnce(&mut Xml, &[VoField], &mut Framer<'_>) -> Result<u64, FileError>,
    ) -> Result<(), FileError> {
        let fields = std::mem::take(&mut self.open_table()?.fields);
        for field in fields.iter().filter(|field| field.shape.items().is_none()) {
            self.framer.remark(Remark::ColumnLeftOut(field.name.clone()))?;
        }
        self.framer.begin(fields.iter().filter_map(VoField::column).collect())?;
        let rows = read(&mut self.xml, &fields, self.framer)?;
        let table = self.open_table()?;
        table.has_rows = true;
        if table.stated_rows.is_some_and(|stated| stated != rows) {
            return Err(cut());
        }
        if self.asked_top == Some(rows) {
            self.framer.remark(Remark::ExactlyTop(rows))?;
        }
        Ok(())
    }

    fn open_table(&mut self) -> Result<&mut Table, FileError> {
        self.table.as_mut().ok_or_else(|| malformed("it has columns or rows outside of a TABLE".to_owned()))
    }
}

/// The number after the word TOP in an ADQL query.
fn top(query: &str) -> Option<u64> {
    let mut words = query.split_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("top"))?;
    words.next()?.parse().ok()
}
