//! What there is in a home.

use std::ffi::OsString;

use jiff::Timestamp;

/// Something in a home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; empty for the home itself.
    pub name: OsString,
    /// What it is.
    pub kind: Kind,
    /// When its contents changed.
    pub modified: Timestamp,
}

/// What something is. Pipes, sockets and devices are nothing that a home shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Container,
    /// A file.
    File {
        /// Its length.
        bytes: u64,
    },
    /// A symbolic link.
    Link {
        /// Its text.
        target: OsString,
    },
}
