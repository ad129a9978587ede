//! Every function of ADQL as it is spoken here: those of the standard, the Gaia archive's, and a few of the IVOA's
//! catalogue of functions. The one list from which queries are checked and capabilities are written.

mod gaia;
mod standard;

use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name, in lower case.
    pub name: &'static str,
    /// Where it comes from.
    pub group: Group,
    /// Arguments and result, in the notation of TAPRegExt 1.0 (section 2.3).
    pub signature: &'static str,
    /// What it computes.
    pub about: &'static str,
    /// How many arguments it takes.
    pub(super) arguments: RangeInclusive<usize>,
}

/// Kinds of functions, as capabilities list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// COUNT and the like, which every ADQL has.
    Aggregate,
    /// Mathematics and trigonometry (section 2.3), which every ADQL has.
    Mathematics,
    /// Geometry (section 4.2).
    Geometry,
    /// LOWER and UPPER (section 4.4).
    Text,
    /// COALESCE (section 4.8).
    Condition,
    /// IN_UNIT (section 4.9).
    Unit,
    /// Functions that ADQL itself does not have (section 4.3).
    User,
    /// The same, of many rows.
    UserAggregate,
}

impl Group {
    /// The identifier of the language feature that announces such functions (TAPRegExt 1.1, section 2.3; ADQL 2.1,
    /// section 4); `None` for what every ADQL has.
    pub fn feature(self) -> Option<&'static str> {
        match self {
            Self::Aggregate | Self::Mathematics => None,
            Self::Geometry => Some("ivo://ivoa.net/std/TAPRegExt#features-adqlgeo"),
            Self::Text => Some("ivo://ivoa.net/std/TAPRegExt#features-adql-string"),
            Self::Condition => Some("ivo://ivoa.net/std/TAPRegExt#features-adql-conditional"),
            Self::Unit => Some("ivo://ivoa.net/std/TAPRegExt#features-adql-unit"),
            Self::User | Self::UserAggregate => Some("ivo://ivoa.net/std/TAPRegExt#features-udf"),
        }
    }

    /// Whether such functions compute one value of many rows.
    pub(super) fn is_aggregate(self) -> bool {
        matches!(self, Self::Aggregate | Self::UserAggregate)
    }
}

/// All functions, in the order in which they are documented.
pub fn functions() -> &'static [Function] {
    static FUNCTIONS: LazyLock<Vec<Function>> =
        LazyLock::new(|| standard::functions().into_iter().chain(gaia::functions()).collect());
    &FUNCTIONS
}

/// The function of a name, in any case.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    functions().iter().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// Names less alike than this are not suggested: 1 is equal, 0 has nothing in common.
const ALIKE: f64 = 0.6;

/// The name that `name` most likely meant.
pub(super) fn closest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let alike = |known: &str| strsim::normalized_damerau_levenshtein(&name, known);
    // The archive's functions are those of SQL with a prefix.
    let likeness = |known: &str| alike(known).max(known.strip_prefix("esdc_").map_or(0.0, alike));
    let rated = functions().iter().map(|function| (likeness(function.name), function.name));
    let best = rated.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_listed_twice_and_each_begins_its_signature() {
        let mut names: Vec<_> = functions().iter().map(|function| function.name).collect();
        for Function { name, signature, about, arguments, .. } in functions() {
            let begins = signature.to_ascii_lowercase().starts_with(&format!("{name}("));
            assert!(begins && signature.contains(") -> "), "{signature}");
            assert!(about.ends_with('.') && arguments.start() <= arguments.end(), "{name}");
        }
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_misspelt_function_suggests_the_right_one() {
        assert_eq!(closest("DISTNCE"), Some("distance"));
        assert_eq!(closest("substring"), Some("esdc_substring"));
        assert_eq!(closest("my_own_idea"), None);
    }
}
