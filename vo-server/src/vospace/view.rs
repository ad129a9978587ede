//! Views: the forms in which bytes of a node come and go (VOSpace 2.1 section 3.4). Files have their own bytes only; tables
//! have the formats of TAP, under identifiers of this service.

use super::address::Authority;
use super::fault::Fault;
use crate::format::{OFFERS, Offer};

/// Any bytes are good for a file.
pub(super) const ANY: &str = "ivo://ivoa.net/vospace/core#anyview";
/// The bytes as they were put.
pub(super) const BINARY: &str = "ivo://ivoa.net/vospace/core#binaryview";
/// What the service thinks best: the bytes as they were put, and of tables a VOTable.
pub(super) const DEFAULT: &str = "ivo://ivoa.net/vospace/core#defaultview";

/// The formats of which a table is made.
const TAKEN: [&str; 2] = ["votable", "csv"];

/// The views that make a table.
pub(super) fn taken(authority: &Authority) -> Vec<String> {
    std::iter::once(ANY.to_owned()).chain(TAKEN.map(|name| authority.own(name))).collect()
}

/// The views of a table.
pub(super) fn given(authority: &Authority) -> Vec<String> {
    let formats = OFFERS.iter().filter_map(|offer| offer.aliases.first());
    std::iter::once(DEFAULT.to_owned()).chain(formats.map(|name| authority.own(name))).collect()
}

/// The format of a view of a table: by its identifier, or by any name of the format.
pub(super) fn offer(authority: &Authority, view: Option<&str>) -> Result<&'static Offer, Fault> {
    let Some(view) = view.filter(|view| *view != DEFAULT) else { return Ok(&OFFERS[0]) };
    let name = view.strip_prefix(&authority.own("")).unwrap_or(view);
    let unknown = |_| Fault::ViewNotSupported { view: view.chars().take(200).collect() };
    Offer::named(Some(name)).map_err(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_that_is_listed_leads_to_its_format() {
        let authority = Authority("nearside.test".to_owned());
        let given = given(&authority);
        assert_eq!(given[0], DEFAULT);
        for (view, expected) in given.iter().skip(1).zip(OFFERS) {
            assert_eq!(offer(&authority, Some(view)).expect("listed").format, expected.format, "{view}");
        }
        assert_eq!(given[5], "ivo://nearside.test/vospace#csv");
        for (view, extension) in [(None, "vot"), (Some(DEFAULT), "vot"), (Some("text/csv"), "csv")] {
            assert_eq!(offer(&authority, view).expect("a view").extension, extension);
        }
        assert!(matches!(offer(&authority, Some(BINARY)), Err(Fault::ViewNotSupported { .. })));
    }
}
