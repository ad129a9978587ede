//! Documents that clients send, as a small tree of elements. What is large, deep or defines entities is refused.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::fault::Fault;
use crate::upload::xml;

/// Elements in one another.
const DEPTH: usize = 16;
/// Elements of a document.
const ELEMENTS: usize = 5_000;

/// An element, without the prefixes of its names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The root of a document.
    pub(super) fn read(document: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(document).map_err(|_| invalid("it is not UTF-8"))?;
        read(text).map_err(|what| invalid(&what))
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// An attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn invalid(what: &str) -> Fault {
    Fault::InvalidArgument { what: format!("the document cannot be read: {what}") }
}

fn read(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_reader(text.as_bytes());
    // The elements that are open, below one that stands for the document.
    let mut open = vec![Element::default()];
    let mut elements = 0;
    loop {
        let event = xml::next(&mut reader)?;
        let Some(last) = open.last_mut() else { return Err("it has an end without a beginning".to_owned()) };
        match event {
            Event::Start(start) => open.push(element(&start, &mut elements)?),
            Event::Empty(start) => last.children.push(element(&start, &mut elements)?),
            Event::Text(part) => last.text.push_str(&part.xml10_content()),
            Event::CData(part) => last.text.push_str(&part.xml10_content()),
            Event::GeneralRef(entity) => last.text.push_str(&xml::resolve(&entity)?),
            Event::End(_) => close(&mut open)?,
            Event::Eof => break,
            _ => {}
        }
        if open.len() > DEPTH {
            return Err(format!("more than {DEPTH} elements are in one another"));
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(document), true) => {
            document.children.into_iter().next().ok_or_else(|| "it is empty".to_owned())
        }
        _ => Err("it ends in the middle: it was cut on the way".to_owned()),
    }
}

fn close(open: &mut Vec<Element>) -> Result<(), String> {
    let done = open.pop();
    let (Some(done), Some(parent)) = (done, open.last_mut()) else {
        return Err("it has an end without a beginning".to_owned());
    };
    parent.children.push(done);
    Ok(())
}

fn element(start: &BytesStart<'_>, elements: &mut usize) -> Result<Element, String> {
    *elements += 1;
    if *elements > ELEMENTS {
        return Err(format!("it has more than {ELEMENTS} elements"));
    }
    let name = start.local_name().as_ref().to_owned();
    Ok(Element { name, attributes: xml::attributes(start)?, ..Element::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_prefixes_and_texts_with_entities() {
        let read =
            Element::read(b"<v:a xmlns:v='x' v:k='&lt;1'><b> x&#33;<c/></b><b>2</b></v:a>").expect("read");
        assert_eq!((read.name.as_str(), read.attribute("k")), ("a", Some("<1")));
        assert_eq!(read.all("b").map(|b| b.text.trim()).collect::<Vec<_>>(), ["x!", "2"]);
        assert_eq!(read.text_of("b"), Some("x!"));
    }

    #[test]
    fn documents_that_are_no_trees_or_bombs_are_refused() {
        let deep = "<a>".repeat(100_000);
        let wide = format!("<a>{}</a>", "<b/>".repeat(100_000));
        let entity = "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>";
        for document in ["", "<a>", "</a>", "<a></b>", "text", "<a>&x;</a>", entity, &deep, &wide] {
            let refused = Element::read(document.as_bytes()).expect_err("refused");
            assert_eq!(refused.name(), "InvalidArgument");
        }
    }
}
