//! New nodes of a home: what a document asks for, made whole or not at all.

use api::names::Username;
use user_space::home::{Change, Home, HomeError, HomePath};

use super::address::Authority;
use super::fault::Fault;
use super::property::TYPE;
use super::tree::Element;

/// What a new node is to be.
pub(super) enum New {
    Container,
    Data,
    Link { target: HomePath },
}

impl New {
    /// What a document asks for.
    pub(super) fn of(asked: &Element, authority: &Authority, person: &Username) -> Result<Self, Fault> {
        let kind = asked.attribute("type").unwrap_or("vos:Node");
        match kind.rsplit(':').next().unwrap_or_default() {
            "Node" | "DataNode" | "UnstructuredDataNode" => Ok(Self::Data),
            "ContainerNode" => Ok(Self::Container),
            "LinkNode" => {
                let what = "a LinkNode has a target, the identifier of a node of your home".to_owned();
                let target = asked.text_of("target").ok_or(Fault::InvalidArgument { what })?;
                let target = authority.place(target)?.in_home_of(person)?.clone();
                Ok(Self::Link { target })
            }
            _ => Err(Fault::TypeNotSupported { kind: kind.chars().take(80).collect() }),
        }
    }

    /// Makes it with what is said about it, or nothing.
    pub(super) fn make(self, home: &Home, path: &HomePath, said: &[Change]) -> Result<(), HomeError> {
        match self {
            Self::Data if home.entry(path).is_ok() => Err(HomeError::Exists),
            Self::Data => home.put(path)?.finish(said, None).map(|_| ()),
            Self::Container => {
                home.make_container(path)?;
                // Nobody has put anything into it yet.
                home.note(path, said).inspect_err(|_| drop(home.remove(path)))
            }
            // Clients say the type of every node that they make, and that of a link is nobody's.
            Self::Link { .. } if said.iter().any(|change| change.property != TYPE) => {
                Err(HomeError::LinkNotes)
            }
            Self::Link { target } => home.make_link(path, &target),
        }
    }
}
