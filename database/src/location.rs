//! The one option that says where tables are kept. It may hold a password, which is never shown.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

/// Where tables are kept.
#[derive(Clone)]
pub enum Location {
    /// SQLite files in this directory, one for each part: `sqlite:DIRECTORY`.
    Directory(PathBuf),
    /// A PostgreSQL database, with a schema for each part: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. With
    /// `?sslrootcert=FILE` the connection is encrypted, and the server's certificate has to be of this authority and for
    /// this host; `sslmode` says otherwise, in the words of libpq (PostgreSQL documentation, section 34.19).
    Server(SecretString),
}

/// A text that is no place for tables.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("this is no place for a database: it is sqlite:DIRECTORY or postgres://USER:PASSWORD@HOST/DATABASE")]
pub struct LocationError;

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        if let Some(directory) = text.strip_prefix("sqlite:").filter(|directory| !directory.is_empty()) {
            return Ok(Self::Directory(directory.into()));
        }
        let url: Url = text.parse().map_err(|_| LocationError)?;
        match url.scheme() {
            "postgres" | "postgresql" => Ok(Self::Server(verified(url).into())),
            _ => Err(LocationError),
        }
    }
}

/// Whoever names an authority wants to know who answers, unless they say how much of that they want.
fn verified(mut url: Url) -> String {
    let says =
        |url: &Url, names: [&str; 2]| url.query_pairs().any(|(name, _)| names.contains(&name.as_ref()));
    if says(&url, ["sslrootcert", "ssl-root-cert"]) && !says(&url, ["sslmode", "ssl-mode"]) {
        url.query_pairs_mut().append_pair("sslmode", "verify-full");
    }
    url.into()
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => write!(f, "sqlite:{}", directory.display()),
            Self::Server(url) => {
                let url = Url::parse(url.expose_secret()).map_err(|_| fmt::Error)?;
                write!(f, "PostgreSQL at {}{}", url.host_str().unwrap_or("a local socket"), url.path())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_sqlite_or_postgresql_and_nothing_else() {
        let shown = |text: &str| text.parse::<Location>().map(|location| location.to_string());
        assert_eq!(shown("sqlite:/var/lib/nearside"), Ok("sqlite:/var/lib/nearside".to_owned()));
        for wrong in ["", "sqlite:", "mysql://host/db", "/var/lib/nearside", "postgres"] {
            assert_eq!(shown(wrong), Err(LocationError), "{wrong}");
        }
    }

    #[test]
    fn whoever_names_an_authority_wants_its_certificate_verified() {
        let used = |text: &str| match text.parse().expect("a place") {
            Location::Server(url) => url.expose_secret().to_owned(),
            Location::Directory(_) => String::new(),
        };
        for (text, url) in [
            ("postgres://u@h/d", "postgres://u@h/d"),
            (
                "postgres://u@h/d?sslrootcert=/ca.pem",
                "postgres://u@h/d?sslrootcert=/ca.pem&sslmode=verify-full",
            ),
            ("postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=require"),
            (
                "postgres://u@h/d?sslrootcert=c&sslmode=verify-ca",
                "postgres://u@h/d?sslrootcert=c&sslmode=verify-ca",
            ),
        ] {
            assert_eq!(used(text), url);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let location: Location = "postgres://vo:hunter2@db.example:5432/nearside".parse().expect("a place");
        assert_eq!(format!("{location:?} {location}"), ["PostgreSQL at db.example/nearside"; 2].join(" "));
    }
}
