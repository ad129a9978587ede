//! Service descriptors (DataLink 1.1 section 4): services that take values of the answer's columns, so that
//! TOPCAT and pyvo find light curves and spectra of the sources in it.

use arrow_schema::ArrowError;
use quick_xml::Writer;
use quick_xml::events::BytesText;

/// A service and where its inputs come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Descriptor {
    /// What it is, for people.
    pub description: String,
    /// The identifier of its standard; empty where it follows none.
    pub standard_id: &'static str,
    /// Where it is.
    pub access_url: String,
    /// The parameters it takes.
    pub inputs: Vec<Input>,
}

/// A parameter of a service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    /// The parameter.
    pub name: &'static str,
    /// The column whose value it takes; empty for the value below.
    pub column: String,
    /// The value, where it is always the same.
    pub value: String,
}

impl Descriptor {
    /// Whether an input is a value of this column.
    pub(super) fn refers_to(&self, column: &str) -> bool {
        self.inputs.iter().any(|input| input.column == column)
    }

    /// Appends the resource that describes it.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut xml = Writer::new(out);
        let resource = xml.create_element("RESOURCE");
        let resource = resource.with_attributes([("type", "meta"), ("utype", "adhoc:service")]);
        resource.write_inner_content(|xml| {
            xml.create_element("DESCRIPTION").write_text_content(BytesText::new(&self.description))?;
            if !self.standard_id.is_empty() {
                param(xml, "standardID", "", self.standard_id)?;
            }
            param(xml, "accessURL", "", &self.access_url)?;
            xml.create_element("GROUP").with_attribute(("name", "inputParams")).write_inner_content(
                |xml| {
                    self.inputs
                        .iter()
                        .try_for_each(|input| param(xml, input.name, &input.column, &input.value))
                },
            )?;
            Ok(())
        })?;
        Ok(())
    }
}

fn param(xml: &mut Writer<&mut Vec<u8>>, name: &str, column: &str, value: &str) -> std::io::Result<()> {
    let mut element = xml.create_element("PARAM");
    element = element.with_attributes([("name", name), ("datatype", "char"), ("arraysize", "*")]);
    if !column.is_empty() {
        element = element.with_attribute(("ref", column));
    }
    element.with_attribute(("value", value)).write_empty()?;
    Ok(())
}
