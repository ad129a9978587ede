//! Where a node is: as a `vos:` identifier (VOSpace 2.1 section 2), and as the rest of a URL.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use api::names::Username;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use user_space::home::{HomeError, HomePath};
use user_space::{SpaceError, TableName};

use super::fault::Fault;

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of an identifier.
const IDENTIFIER_BYTES: usize = 8_192;

/// The name of the container of all homes.
const HOMES: &str = "home";
/// The name of the container of all tables.
const TABLES: &str = "tables";

/// The last part of a service's IVOA identifier, `ivo://<authority>/vospace`.
const RESOURCE: &str = "vospace";

/// Who gives names to nodes: the authority part of the IVOA identifiers of this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority(pub(crate) String);

/// What a path of the space stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The top.
    Root,
    /// The container of homes.
    Homes,
    /// Something in a home, or the home itself.
    InHome(Username, HomePath),
    /// The container of tables.
    Tables,
    /// The tables of one owner.
    TablesOf(Username),
    /// A table, by its owner and its name.
    Table(Username, TableName),
}

impl Authority {
    /// The identifier of a place.
    pub(super) fn identifier(&self, place: &Place) -> String {
        format!("vos://{}~{RESOURCE}{}", self.0, place.path())
    }

    /// The identifier of a view or a property that is our own.
    pub(super) fn own(&self, name: &str) -> String {
        format!("ivo://{}/{RESOURCE}#{name}", self.0)
    }

    /// The place that an identifier names. Either separator is good (section 2).
    pub(super) fn place(&self, identifier: &str) -> Result<Place, Fault> {
        let invalid = |what: &str| Fault::InvalidUri { uri: shortened(identifier), what: what.to_owned() };
        let rest =
            identifier.trim().strip_prefix("vos://").ok_or_else(|| invalid("it begins with vos://"))?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let authority = percent_decode_str(authority).decode_utf8_lossy().replace('!', "~");
        if !authority.eq_ignore_ascii_case(&format!("{}~{RESOURCE}", self.0)) {
            return Err(invalid(&format!("nodes of this service begin with vos://{}~{RESOURCE}/", self.0)));
        }
        Place::of_path(path)
    }
}

impl Place {
    /// The place of a path, with or without a slash at either end, encoded as in a URL.
    pub(super) fn of_path(path: &str) -> Result<Self, Fault> {
        let invalid = |what: &str| Fault::InvalidUri { uri: shortened(path), what: what.to_owned() };
        if path.len() > IDENTIFIER_BYTES {
            return Err(invalid("it is too long"));
        }
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut names = path.split('/').map(|name| percent_decode_str(name).collect::<Vec<u8>>());
        match names.next().as_deref() {
            None | Some(b"") => return Ok(Self::Root),
            Some(name) if name == HOMES.as_bytes() => {}
            Some(name) if name == TABLES.as_bytes() => return Self::of_tables(path, names),
            Some(_) => return Err(Fault::NodeNotFound { uri: shortened(path) }),
        }
        let Some(owner) = names.next() else { return Ok(Self::Homes) };
        // What cannot be an account is like an account that is not the caller's.
        let owner = account(owner).ok_or(Fault::NotYours)?;
        let names: Vec<Vec<u8>> = names.collect();
        if names.iter().any(|name| [b".auto".as_slice(), b".null"].contains(&name.as_slice())) {
            return Err(invalid("the reserved names .auto and .null stand for nothing here: choose a name"));
        }
        match HomePath::of(names) {
            Ok(path) => Ok(Self::InHome(owner, path)),
            Err(HomeError::Path { what }) => Err(invalid(what)),
            Err(_) => Err(Fault::NodeNotFound { uri: shortened(path) }),
        }
    }

    /// What the names below the container of tables stand for.
    fn of_tables(path: &str, mut names: impl Iterator<Item = Vec<u8>>) -> Result<Self, Fault> {
        let nowhere = || Fault::NodeNotFound { uri: shortened(path) };
        let Some(owner) = names.next() else { return Ok(Self::Tables) };
        let owner = account(owner).ok_or_else(nowhere)?;
        let Some(name) = names.next() else { return Ok(Self::TablesOf(owner)) };
        let name = String::from_utf8_lossy(&name).parse();
        let invalid = |error: SpaceError| Fault::InvalidUri { uri: shortened(path), what: error.to_string() };
        match names.next() {
            None => Ok(Self::Table(owner, name.map_err(invalid)?)),
            Some(_) => Err(nowhere()),
        }
    }

    /// Its path, encoded as in a URL, with a slash in front.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Root => "/".to_owned(),
            Self::Homes => format!("/{HOMES}"),
            Self::InHome(owner, path) => {
                let mut text = format!("/{HOMES}/{owner}");
                for name in path.names() {
                    let _ = write!(text, "/{}", encoded(name));
                }
                text
            }
            Self::Tables => format!("/{TABLES}"),
            Self::TablesOf(owner) => format!("/{TABLES}/{owner}"),
            Self::Table(owner, name) => format!("/{TABLES}/{owner}/{name}"),
        }
    }

    /// Its name, if this is in that container.
    pub(super) fn name_in(&self, container: &Self) -> Option<OsString> {
        match (self, container) {
            (Self::InHome(owner, path), Self::InHome(other, above)) if owner == other => {
                let (within, name) = path.split()?;
                (within == above.names()).then(|| name.to_owned())
            }
            (Self::TablesOf(owner), Self::Tables) => Some(owner.as_str().into()),
            (Self::Table(owner, name), Self::TablesOf(other)) if owner == other => Some(name.as_str().into()),
            _ => None,
        }
    }

    /// The path in the home of `caller`, if this is in it.
    pub(super) fn in_home_of(&self, caller: &Username) -> Result<&HomePath, Fault> {
        match self {
            Self::InHome(owner, path) if owner == caller => Ok(path),
            Self::InHome(..) => Err(Fault::NotYours),
            Self::Root | Self::Homes | Self::Tables | Self::TablesOf(_) => Err(Fault::Fixed),
            Self::Table(..) => Err(Fault::NoFile),
        }
    }
}

/// A name as a part of a path.
pub(super) fn encoded(name: &OsStr) -> String {
    percent_encode(name.as_bytes(), RESERVED).to_string()
}

/// A path of the system, such as the text of a link, with its slashes.
pub(super) fn encoded_path(path: &OsStr) -> String {
    let names = path.as_bytes().split(|byte| *byte == b'/');
    names.map(|name| encoded(OsStr::from_bytes(name))).collect::<Vec<_>>().join("/")
}

fn account(name: Vec<u8>) -> Option<Username> {
    String::from_utf8(name).ok()?.parse().ok()
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> Authority {
        Authority("nearside.test".to_owned())
    }

    fn in_home(names: &[&[u8]]) -> Place {
        let path = HomePath::of(names.iter().map(|name| name.to_vec())).expect("a path");
        Place::InHome("maria".parse().expect("a name"), path)
    }

    #[test]
    fn a_node_has_one_identifier_and_any_way_to_write_it_leads_there() {
        let place = in_home(&[b"a b", "\u{e9}".as_bytes(), &[0xff]]);
        let identifier = "vos://nearside.test~vospace/home/maria/a%20b/%C3%A9/%FF";
        assert_eq!(authority().identifier(&place), identifier);
        for same in [
            identifier.to_owned(),
            identifier.replace('~', "!"),
            identifier.replace('~', "%21"),
            identifier.replace("nearside", "NEARSIDE"),
            identifier.replace("%C3", "%c3"),
            format!("{identifier}/"),
            format!("{identifier}?view=data#part"),
        ] {
            assert_eq!(authority().place(&same).ok(), Some(place.clone()), "{same}");
        }
    }

    #[test]
    fn what_is_no_node_of_ours_is_refused_with_the_reason() {
        for (identifier, fault) in [
            ("ivo://nearside.test/vospace", "InvalidURI"),
            ("vos://elsewhere.test~vospace/home/maria", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria/../john", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria/%2e%2e/john", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria/a%2F..%2F..%2Fjohn", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria/a%00b", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria//a", "InvalidURI"),
            ("vos://nearside.test~vospace/home/maria/.auto", "InvalidURI"),
            ("vos://nearside.test~vospace/home/../../etc", "PermissionDenied"),
            ("vos://nearside.test~vospace/home/%FF/a", "PermissionDenied"),
            ("vos://nearside.test~vospace/home/maria/.nearside/incoming", "NodeNotFound"),
            ("vos://nearside.test~vospace/other", "NodeNotFound"),
            ("vos://nearside.test~vospace/tables/maria/a%20b", "InvalidURI"),
            ("vos://nearside.test~vospace/tables/maria/a/b", "NodeNotFound"),
            ("vos://nearside.test~vospace/tables/../maria", "NodeNotFound"),
        ] {
            let refused = authority().place(identifier).expect_err(identifier);
            assert_eq!(refused.name(), fault, "{identifier}");
        }
    }

    #[test]
    fn the_home_of_another_is_refused_whether_it_is_there_or_not() {
        let john = "john".parse().expect("a name");
        assert!(matches!(in_home(&[b"a"]).in_home_of(&john), Err(Fault::NotYours)));
    }
}
