//! Nodes as documents (VOSpace 2.1 appendix A). The namespace is that of version 2.0, as the standard wants it.

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::node::{Node, NodeKind};
use super::property::Property;
use super::view;
use crate::dali::printable;
use crate::refusal::Refusal;

/// The names that every document of the space uses.
pub(super) const NAMESPACES: [(&str, &str); 3] = [
    ("xmlns:vos", "http://www.ivoa.net/xml/VOSpace/v2.0"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("version", "2.1"),
];

/// How much of a node is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Its type.
    Min,
    /// Its type and properties.
    Properties,
    /// All.
    Max,
}

pub(super) type Xml = Writer<Vec<u8>>;
pub(super) type Io = std::io::Result<()>;

/// A node.
pub(super) fn node(node: &Node, detail: Detail) -> Result<Vec<u8>, Refusal> {
    written(|xml| write_node(xml, node, detail, &NAMESPACES))
}

/// A whole document.
pub(super) fn written(write: impl FnOnce(&mut Xml) -> Io) -> Result<Vec<u8>, Refusal> {
    let mut xml = Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 1);
    write(&mut xml).map_err(Refusal::from_io)?;
    Ok(xml.into_inner())
}

fn write_node(xml: &mut Xml, node: &Node, detail: Detail, namespaces: &[(&str, &str)]) -> Io {
    let kind = match &node.kind {
        NodeKind::Container(_) => "vos:ContainerNode",
        NodeKind::Data { .. } => "vos:DataNode",
        NodeKind::Link { .. } => "vos:LinkNode",
        NodeKind::Table { .. } => "vos:StructuredDataNode",
    };
    let mut root = xml.create_element("vos:node").with_attributes(namespaces.iter().copied());
    root = root.with_attributes([("uri", node.uri.as_str()), ("xsi:type", kind)]);
    let busy = match node.kind {
        NodeKind::Data { busy } => Some(busy),
        // A table changes at once.
        NodeKind::Table { .. } => Some(false),
        NodeKind::Container(_) | NodeKind::Link { .. } => None,
    };
    if let (Some(busy), Detail::Max) = (busy, detail) {
        root = root.with_attribute(("busy", if busy { "true" } else { "false" }));
    }
    let inner = |xml: &mut Xml| {
        if detail != Detail::Min {
            write_properties(xml, &node.properties)?;
        }
        write_rest(xml, &node.kind, detail)
    };
    root.write_inner_content(inner).map(|_| ())
}

/// What a type has beyond properties.
fn write_rest(xml: &mut Xml, kind: &NodeKind, detail: Detail) -> Io {
    match kind {
        NodeKind::Container(children) => {
            if detail == Detail::Max {
                views::<&str>(xml, "vos:accepts", &[])?;
                views::<&str>(xml, "vos:provides", &[])?;
                xml.create_element("vos:capabilities").write_empty()?;
            }
            let nodes = xml.create_element("vos:nodes");
            let each = |xml: &mut Xml| {
                children.iter().try_for_each(|child| write_node(xml, child, detail.of_children(), &[]))
            };
            nodes.write_inner_content(each).map(|_| ())
        }
        NodeKind::Data { .. } if detail == Detail::Max => {
            views(xml, "vos:accepts", &[view::ANY])?;
            views(xml, "vos:provides", &[view::DEFAULT, view::BINARY])?;
            xml.create_element("vos:capabilities").write_empty().map(|_| ())
        }
        NodeKind::Table { accepts, provides } if detail == Detail::Max => {
            views(xml, "vos:accepts", accepts)?;
            views(xml, "vos:provides", provides)?;
            xml.create_element("vos:capabilities").write_empty().map(|_| ())
        }
        NodeKind::Data { .. } | NodeKind::Table { .. } => Ok(()),
        NodeKind::Link { target } => text(xml, "vos:target", target),
    }
}

impl Detail {
    /// Containers in a container are told without what is in them, so all of the rest costs nothing to tell.
    fn of_children(self) -> Self {
        match self {
            Self::Min => Self::Min,
            Self::Properties | Self::Max => Self::Properties,
        }
    }
}

fn write_properties(xml: &mut Xml, properties: &[Property]) -> Io {
    let each = |xml: &mut Xml| {
        properties.iter().try_for_each(|Property { uri, value, read_only }| {
            let read_only = if *read_only { "true" } else { "false" };
            let property = xml.create_element("vos:property");
            let uri = printable(uri);
            let property = property.with_attributes([("uri", uri.as_str()), ("readOnly", read_only)]);
            property.write_text_content(BytesText::new(&printable(value))).map(|_| ())
        })
    };
    xml.create_element("vos:properties").write_inner_content(each).map(|_| ())
}

/// A list of views.
pub(super) fn views<T: AsRef<str>>(xml: &mut Xml, element: &str, views: &[T]) -> Io {
    references(xml, element, "vos:view", views)
}

/// A list of elements that say nothing but an identifier.
pub(super) fn references<T: AsRef<str>>(xml: &mut Xml, element: &str, item: &str, uris: &[T]) -> Io {
    let each = |xml: &mut Xml| {
        uris.iter().try_for_each(|uri| {
            xml.create_element(item).with_attribute(("uri", uri.as_ref())).write_empty().map(|_| ())
        })
    };
    xml.create_element(element).write_inner_content(each).map(|_| ())
}

/// An element with a text.
pub(super) fn text(xml: &mut Xml, element: &str, text: &str) -> Io {
    xml.create_element(element).write_text_content(BytesText::new(&printable(text))).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(detail: Detail) -> String {
        let file = Node {
            uri: "vos://t~vospace/home/m/a%20b".to_owned(),
            kind: NodeKind::Data { busy: false },
            properties: vec![Property::of_service("length", 5)],
        };
        let container = Node {
            uri: "vos://t~vospace/home/m".to_owned(),
            kind: NodeKind::Container(vec![file]),
            properties: vec![Property { uri: "urn:x".into(), value: "<\u{1}&".into(), read_only: false }],
        };
        let text = String::from_utf8(node(&container, detail).expect("written")).expect("text");
        text.lines().skip(2).map(str::trim).collect()
    }

    #[test]
    fn details_are_told_as_far_as_they_are_asked_for() {
        assert_eq!(
            told(Detail::Min),
            "<vos:nodes><vos:node uri=\"vos://t~vospace/home/m/a%20b\" xsi:type=\"vos:DataNode\"></vos:node>\
             </vos:nodes></vos:node>"
        );
        let max = told(Detail::Max);
        let said = "<vos:property uri=\"urn:x\" readOnly=\"false\">&lt;\u{fffd}&amp;</vos:property>";
        assert!(max.contains(said), "{max}");
        assert!(max.contains("<vos:accepts>"), "{max}");
    }
}
