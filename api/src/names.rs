//! Names that arrive from outside, parsed once at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest user name in bytes. It leaves room for the prefixes and suffixes of the objects named after a user.
pub const USERNAME_MAX_BYTES: usize = 64;

/// The name of a person who may sign in: lower-case letters, digits, `.`, `_` and `-`, not at the ends.
///
/// The characters are those that need no escaping in a URL path, a file name and a cookie path, so that
/// two different users can never meet in one directory or one route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// Why a text is no user name. The text itself is not repeated: it may be large or hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UsernameError {
    /// Zero bytes.
    #[error("a user name cannot be empty")]
    Empty,
    /// More than [`USERNAME_MAX_BYTES`].
    #[error("a user name has at most {USERNAME_MAX_BYTES} bytes")]
    TooLong,
    /// A character outside the allowed set, or a separator at either end.
    #[error(
        "a user name has lower-case letters, digits, '.', '_' and '-', and starts and ends with a letter or digit"
    )]
    Characters,
}

impl Username {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, UsernameError> {
        if text.is_empty() {
            return Err(UsernameError::Empty);
        }
        if text.len() > USERNAME_MAX_BYTES {
            return Err(UsernameError::TooLong);
        }
        let solid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let ends_are_solid = solid(bytes[0]) && solid(bytes[bytes.len() - 1]);
        let all_allowed = bytes.iter().all(|&b| solid(b) || matches!(b, b'.' | b'_' | b'-'));
        if !ends_are_solid || !all_allowed || text.contains("..") {
            return Err(UsernameError::Characters);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Username {
    type Error = UsernameError;

    fn try_from(text: String) -> Result<Self, UsernameError> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_kept_as_they_are() {
        for name in ["a", "maria", "maria.mitchell", "user_7", "7-of-9"] {
            assert_eq!(name.parse::<Username>().map(String::from), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_that_could_leave_their_directory_or_route_are_refused() {
        for name in ["..", "a/b", "a..b", ".ssh", "-rf", "a%2fb", "A", "é", "a b", "a\0"] {
            assert_eq!(name.parse::<Username>(), Err(UsernameError::Characters), "{name:?}");
        }
        assert_eq!("".parse::<Username>(), Err(UsernameError::Empty));
        assert_eq!("a".repeat(65).parse::<Username>(), Err(UsernameError::TooLong));
    }
}
