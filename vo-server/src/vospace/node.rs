//! What a node is, and how it is read from a home.

use std::ffi::OsString;

use api::names::Username;
use user_space::home::{Entry, Home, HomePath, Kind};

use super::address::{Authority, Place};
use super::fault::Fault;
use super::media;
use super::property::{Property, TYPE, of_notes, time};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Its identifier.
    pub uri: String,
    /// What it is.
    pub kind: NodeKind,
    /// What is said about it.
    pub properties: Vec<Property>,
}

/// The type of a node (VOSpace 2.1 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// A directory, with what is in it as far as that was asked for.
    Container(Vec<Node>),
    /// A file.
    Data {
        /// Whether it is being put at this moment.
        busy: bool,
    },
    /// A symbolic link.
    Link {
        /// The identifier of what it leads to.
        target: String,
    },
    /// A table, with the views that are good for it.
    Table {
        /// Those of which it can be made.
        accepts: Vec<String>,
        /// Those in which it is given.
        provides: Vec<String>,
    },
}

/// Which of the nodes in a container are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The name with which it begins, or that would be there.
    pub from: Option<OsString>,
    /// Their number.
    pub nodes: usize,
}

/// Reads nodes of one home.
pub(super) struct Reader<'a> {
    pub authority: &'a Authority,
    pub owner: &'a Username,
    pub home: &'a Home,
}

impl Reader<'_> {
    /// The node at a path, with a page of what is in it.
    pub(super) fn node(&self, path: &HomePath, page: &Page) -> Result<Node, Fault> {
        let entry = self.home.entry(path)?;
        let mut node = self.of_entry(path, &entry);
        node.properties.extend(of_notes(&self.home.notes(path)?));
        let said = node.properties.iter().rposition(|property| property.uri == TYPE);
        // What is said about the type counts, and not what the name promises.
        node.properties = node
            .properties
            .into_iter()
            .enumerate()
            .filter(|(at, property)| property.uri != TYPE || Some(*at) == said)
            .map(|(_, property)| property)
            .collect();
        if path.is_home() {
            node.properties.extend(self.room()?);
        }
        if let NodeKind::Container(children) = &mut node.kind {
            *children = self.children(path, page)?;
        }
        Ok(node)
    }

    fn children(&self, path: &HomePath, page: &Page) -> Result<Vec<Node>, Fault> {
        let names = self.home.names(path)?;
        let from = page.from.as_ref().map_or(0, |from| names.partition_point(|name| name < from));
        let mut nodes = Vec::new();
        // What cannot be shown takes no place on the page.
        for names in names[from..].chunks(page.nodes.max(1)) {
            for entry in self.home.entries(path, names)? {
                if nodes.len() == page.nodes {
                    return Ok(nodes);
                }
                let Ok(path) = path.child(&entry.name) else { continue };
                nodes.push(self.of_entry(&path, &entry));
            }
        }
        Ok(nodes)
    }

    /// What a look at the directory tells.
    fn of_entry(&self, path: &HomePath, entry: &Entry) -> Node {
        let place = Place::InHome(self.owner.clone(), path.clone());
        let uri = self.authority.identifier(&place);
        let mut properties = vec![
            Property::of_service("creator", self.owner),
            Property::of_service("date", time(entry.modified)),
            Property::of_service("mtime", time(entry.modified)),
        ];
        let kind = match &entry.kind {
            Kind::Container => NodeKind::Container(Vec::new()),
            Kind::File { bytes } => {
                properties.push(Property::of_service("length", bytes));
                let media_type = media::of_name(&entry.name).to_owned();
                properties.push(Property { uri: TYPE.to_owned(), value: media_type, read_only: false });
                NodeKind::Data { busy: self.home.is_busy(path) }
            }
            Kind::Link { target } => {
                let inside = path.resolve(target).map(|path| Place::InHome(self.owner.clone(), path));
                // Where a lab's link leads out of the home, only its text can be told.
                let text = || format!("file:{}", super::address::encoded_path(target));
                NodeKind::Link { target: inside.map_or_else(text, |place| self.authority.identifier(&place)) }
            }
        };
        Node { uri, kind, properties }
    }

    fn room(&self) -> Result<[Property; 2], Fault> {
        let limit = self.home.limits().home_bytes;
        let left = limit.saturating_sub(self.home.used_bytes()?);
        Ok([Property::of_service("quota", limit), Property::of_service("availableSpace", left)])
    }
}

/// A container that the space itself has.
pub(super) fn fixed(authority: &Authority, place: &Place, within: &[Place]) -> Node {
    let of = |place: &Place, children| Node {
        uri: authority.identifier(place),
        kind: NodeKind::Container(children),
        properties: Vec::new(),
    };
    of(place, within.iter().map(|place| of(place, Vec::new())).collect())
}
