//! Transfers as documents and as parameters (VOSpace 2.1 section 3.6).

use super::document::{Io, NAMESPACES, Xml, text, written};
use super::fault::Fault;
use super::tree::Element;
use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// Bytes, or a node, on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    /// The identifier of the node.
    pub target: String,
    /// Where to or from.
    pub direction: Direction,
    /// The view that is asked for.
    pub view: Option<String>,
    /// The protocols that are asked for, or offered.
    pub protocols: Vec<Protocol>,
    /// Whether the original stays, within the space.
    pub keep_bytes: bool,
}

/// Which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// The client will send bytes.
    PushTo,
    /// The client will read bytes.
    PullFrom,
    /// The service is to read bytes elsewhere.
    PullTo,
    /// The service is to send bytes elsewhere.
    PushFrom,
    /// To another place of the space, with its identifier.
    Within(String),
}

/// A way to transfer bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Protocol {
    /// Its identifier.
    pub uri: String,
    /// The URL, once there is one.
    pub endpoint: Option<String>,
    /// The ways to sign in that a client has, or needs; none where the endpoint is enough.
    pub security: Vec<String>,
}

impl Direction {
    const NAMES: [(Self, &str); 4] = [
        (Self::PushTo, "pushToVoSpace"),
        (Self::PullFrom, "pullFromVoSpace"),
        (Self::PullTo, "pullToVoSpace"),
        (Self::PushFrom, "pushFromVoSpace"),
    ];

    fn read(text: &str) -> Result<Self, Fault> {
        let known = Self::NAMES.into_iter().find(|(_, name)| *name == text).map(|(direction, _)| direction);
        let within = || text.starts_with("vos://").then(|| Self::Within(text.to_owned()));
        known.or_else(within).ok_or_else(|| Fault::InvalidArgument {
            what: "the direction is pushToVoSpace, pullFromVoSpace, pullToVoSpace, pushFromVoSpace, or the \
                   identifier of a node"
                .to_owned(),
        })
    }

    fn text(&self) -> &str {
        match self {
            Self::Within(destination) => destination,
            known => {
                Self::NAMES.iter().find(|(direction, _)| direction == known).map_or("", |(_, name)| *name)
            }
        }
    }
}

impl Transfer {
    /// The transfer of a document.
    pub(super) fn of_document(document: &Element) -> Result<Self, Fault> {
        let missing = |what: &str| Fault::InvalidArgument { what: format!("the vos:transfer lacks {what}") };
        if document.name != "transfer" {
            return Err(missing("its root: the document is a vos:transfer"));
        }
        let uri = |element: &Element| element.attribute("uri").map(str::to_owned);
        let protocol = |element: &Element| {
            Some(Protocol {
                uri: uri(element)?,
                endpoint: element.text_of("endpoint").map(str::to_owned),
                security: element.all("securityMethod").filter_map(uri).collect(),
            })
        };
        let keeps = |text: &str| matches!(text, "true" | "1");
        Ok(Self {
            target: document.text_of("target").ok_or_else(|| missing("a target"))?.to_owned(),
            direction: Direction::read(document.text_of("direction").ok_or_else(|| missing("a direction"))?)?,
            view: document.child("view").and_then(uri),
            protocols: document.all("protocol").filter_map(protocol).collect(),
            keep_bytes: document.text_of("keepBytes").is_some_and(keeps),
        })
    }

    /// The transfer of parameters, of which only the two directions have any in which the client acts.
    pub(super) fn of_parameters(parameters: &Parameters) -> Result<Self, Fault> {
        let direction = Direction::read(parameters.required("DIRECTION")?)?;
        if !matches!(direction, Direction::PushTo | Direction::PullFrom) {
            let what = "with parameters the DIRECTION is pushToVoSpace or pullFromVoSpace: send a document"
                .to_owned();
            return Err(Fault::InvalidArgument { what });
        }
        let protocol = Protocol {
            uri: parameters.required("PROTOCOL")?.to_owned(),
            endpoint: None,
            security: parameters.all("SECURITYMETHOD").map(str::to_owned).collect(),
        };
        Ok(Self {
            target: parameters.required("TARGET")?.to_owned(),
            direction,
            view: parameters.get("VIEW").map(str::to_owned),
            protocols: vec![protocol],
            keep_bytes: false,
        })
    }

    /// The document.
    pub(super) fn document(&self) -> Result<Vec<u8>, Refusal> {
        written(|xml| {
            let (namespace, version) = (NAMESPACES[0], NAMESPACES[2]);
            let root = xml.create_element("vos:transfer").with_attributes([namespace, version]);
            root.write_inner_content(|xml| self.write(xml)).map(|_| ())
        })
    }

    fn write(&self, xml: &mut Xml) -> Io {
        text(xml, "vos:target", &self.target)?;
        text(xml, "vos:direction", self.direction.text())?;
        if let Some(view) = &self.view {
            xml.create_element("vos:view").with_attribute(("uri", view.as_str())).write_empty()?;
        }
        self.protocols.iter().try_for_each(|protocol| protocol.write(xml))?;
        match &self.direction {
            Direction::Within(_) => {
                text(xml, "vos:keepBytes", if self.keep_bytes { "true" } else { "false" })
            }
            _ => Ok(()),
        }
    }
}

impl Protocol {
    fn write(&self, xml: &mut Xml) -> Io {
        let element = xml.create_element("vos:protocol").with_attribute(("uri", self.uri.as_str()));
        let inner = |xml: &mut Xml| {
            if let Some(endpoint) = &self.endpoint {
                text(xml, "vos:endpoint", endpoint)?;
            }
            self.security.iter().try_for_each(|method| {
                let element = xml.create_element("vos:securityMethod");
                element.with_attribute(("uri", method.as_str())).write_empty().map(|_| ())
            })
        };
        element.write_inner_content(inner).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was_read() {
        for document in [
            "<vos:transfer xmlns:vos='v'><vos:target>vos://t/a?b&amp;c</vos:target><vos:direction>pullToVoSpace\
             </vos:direction><vos:view uri='v&lt;'/><vos:protocol uri='p'><vos:endpoint>http://h/</vos:endpoint>\
             <vos:securityMethod uri='s'/></vos:protocol><vos:protocol uri='q'/></vos:transfer>",
            "<transfer><target>vos://t/a</target><direction>vos://t/b</direction><keepBytes>true</keepBytes></transfer>",
        ] {
            let read =
                |text: &[u8]| Transfer::of_document(&Element::read(text).expect("XML")).expect("a transfer");
            let transfer = read(document.as_bytes());
            assert_eq!(read(&transfer.document().expect("written")), transfer);
        }
    }

    #[test]
    fn a_transfer_without_a_meaning_is_refused() {
        for document in [
            "<node/>",
            "<transfer/>",
            "<transfer><target>vos://t/a</target></transfer>",
            "<transfer><target>vos://t/a</target><direction>sideways</direction></transfer>",
        ] {
            let read = Transfer::of_document(&Element::read(document.as_bytes()).expect("XML"));
            assert_eq!(read.expect_err(document).name(), "InvalidArgument");
        }
    }
}
