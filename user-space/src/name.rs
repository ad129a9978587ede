//! Names of users' schemas and tables.

use std::fmt;
use std::str::FromStr;

use api::names::Username;

use crate::error::SpaceError;

/// Longest name of a table in bytes.
const MAX_BYTES: usize = 64;

/// What the schema of every user begins with.
const PREFIX: &str = "user_";

/// The schema of a user's own tables.
pub fn schema_of(owner: &Username) -> String {
    format!("{PREFIX}{owner}")
}

/// Whose schema this is; `None` where it is no user's.
pub fn owner_of_schema(schema: &str) -> Option<Username> {
    schema.strip_prefix(PREFIX)?.parse().ok()
}

/// The name of a table within its owner's schema: a letter, then letters, digits and `_`. Small letters, so that it
/// needs no quotes in any query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName(String);

impl TableName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TableName {
    type Err = SpaceError;

    fn from_str(text: &str) -> Result<Self, SpaceError> {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match starts && plain && text.len() <= MAX_BYTES {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(SpaceError::Name { name: excerpt(text), most: MAX_BYTES }),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of a text from outside, fit for a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_needs_no_quotes() {
        assert_eq!("My_Stars2".parse::<TableName>().expect("a good name").as_str(), "my_stars2");
        for name in ["", "2mass", "_t", "a b", "a.b", "é", "a\"b", "../t", &"a".repeat(65)] {
            assert!(name.parse::<TableName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_schema_tells_its_owner() {
        let maria: Username = "maria.m".parse().expect("a good name");
        assert_eq!(schema_of(&maria), "user_maria.m");
        assert_eq!(owner_of_schema("user_maria.m"), Some(maria));
        assert_eq!([owner_of_schema("gaiadr3"), owner_of_schema("user_")], [None, None]);
    }
}
