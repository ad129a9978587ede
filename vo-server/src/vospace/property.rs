//! Properties of nodes: those that the service says, by the identifiers of the standard (VOSpace 2.1 section 3.2.4),
//! and those that people say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use user_space::home::{Change, Notes};

use super::fault::Fault;

/// Where the identifiers of the standard properties are.
const CORE: &str = "ivo://ivoa.net/vospace/core#";

/// The media type of a file. Its owner may say another.
pub(super) const TYPE: &str = "ivo://ivoa.net/vospace/core#type";

/// Properties that the service sets, and nobody else.
pub(super) const OF_SERVICE: [&str; 7] =
    ["length", "MD5", "date", "mtime", "quota", "availableSpace", "creator"];

/// Properties of tables that the service sets, under identifiers of its own.
pub(super) const OF_TABLES: [&str; 3] = ["columns", "rows", "bytes"];

/// Standard properties that people may set; they mean nothing to the service. Others may be set too.
pub(super) const OF_PEOPLE: [&str; 12] = [
    "title",
    "subject",
    "description",
    "publisher",
    "contributor",
    "type",
    "format",
    "identifier",
    "source",
    "language",
    "relation",
    "rights",
];

/// A property of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// What it is.
    pub uri: String,
    /// Its value.
    pub value: String,
    /// Whether only the service sets it.
    pub read_only: bool,
}

impl Property {
    /// One that the service sets.
    pub(super) fn of_service(name: &str, value: impl ToString) -> Self {
        Self { uri: core(name), value: value.to_string(), read_only: true }
    }
}

/// The identifier of a standard property.
pub(super) fn core(name: &str) -> String {
    format!("{CORE}{name}")
}

/// A time as VOSpace writes it: ISO 8601 in UTC.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string()
}

/// What people said about a node, and the checksum.
pub(super) fn of_notes(notes: &Notes) -> Vec<Property> {
    let md5 = notes.md5.iter().map(|md5| Property::of_service("MD5", hex::encode(md5)));
    let said = notes.properties.iter().map(|(uri, value)| Property {
        uri: uri.clone(),
        value: value.clone(),
        read_only: false,
    });
    md5.chain(said).collect()
}

/// The changes that a client asks for. It may send back what the service says, if that is unchanged.
pub(super) fn changes(
    asked: Vec<(String, Option<String>)>,
    present: &[Property],
) -> Result<Vec<Change>, Fault> {
    let present: BTreeMap<_, _> = present.iter().map(|property| (&property.uri, property)).collect();
    let mut changes = Vec::new();
    for (property, value) in asked {
        let known = present.get(&property);
        if known.is_some_and(|known| Some(&known.value) == value.as_ref()) {
            continue;
        }
        let read_only = known.is_some_and(|known| known.read_only);
        if read_only || OF_SERVICE.iter().any(|name| core(name) == property) {
            return Err(Fault::ReadOnly { property });
        }
        changes.push(Change { property, value });
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_says_may_come_back_but_not_changed() {
        let length = Property::of_service("length", 5);
        let same =
            vec![(core("length"), Some("5".to_owned())), ("urn:mine".to_owned(), Some("x".to_owned()))];
        let mine = Change { property: "urn:mine".to_owned(), value: Some("x".to_owned()) };
        assert_eq!(changes(same, std::slice::from_ref(&length)).expect("good"), [mine]);
        let other = vec![(core("length"), Some("6".to_owned()))];
        assert!(matches!(changes(other, &[length]), Err(Fault::ReadOnly { .. })));
        assert!(matches!(changes(vec![(core("quota"), None)], &[]), Err(Fault::ReadOnly { .. })));
    }

    #[test]
    fn times_are_in_utc_to_the_millisecond() {
        let at = Timestamp::new(1_795_451_696, 7_900_000).expect("a time");
        assert_eq!(time(at), "2026-11-23T16:34:56.007");
    }
}
