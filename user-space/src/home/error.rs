//! What can go wrong in a home, in the words of the person whose home it is.

use std::io;

use rustix::io::Errno;
use thiserror::Error;

/// Why something was not read, put or changed. Whatever was there before is there still.
#[derive(Debug, Error)]
pub enum HomeError {
    /// No path in a home.
    #[error("this is no path of a file: {what}")]
    Path {
        /// What is wrong with it.
        what: &'static str,
    },
    /// Nothing there.
    #[error("there is nothing of this name")]
    Missing,
    /// Nothing there where it would have to be, or something that contains nothing.
    #[error("the container that it would be in does not exist: make it first")]
    NoContainer,
    /// A link where a container, or a file to write, was asked for. Links are not followed.
    #[error("there is a link on the way, and links are not followed: ask for what it leads to")]
    Link,
    /// Something there where nothing should be.
    #[error("there is something of this name already")]
    Exists,
    /// Bytes of something that has none.
    #[error("this is no file: only files have bytes")]
    NotAFile,
    /// The contents of something that has none.
    #[error("this is no container: only containers have nodes in them")]
    NotAContainer,
    /// The home itself.
    #[error("the home itself stays where it is: name something in it")]
    Root,
    /// A container that would be in itself.
    #[error("a container cannot become part of itself: choose a place outside it")]
    IntoItself,
    /// Somebody is putting it.
    #[error("this file is being put by another request: wait until it is done")]
    Busy,
    /// More bytes than a home may have.
    #[error("your home would have more than {limit} bytes, its limit (home_bytes): remove files first")]
    Full {
        /// The limit.
        limit: u64,
    },
    /// More files than are copied at once.
    #[error("more than {limit} files and containers (copied_entries): copy them in parts, or in your lab")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// Deeper than a walk goes.
    #[error("containers are nested more than {limit} deep: do this in your lab")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More is said than may be.
    #[error("the properties of one node have at most {limit} bytes together (property_bytes): say less")]
    Properties {
        /// The limit.
        limit: usize,
    },
    /// The file system has no place for it.
    #[error("the disk of this home keeps no properties: tell the operator, who may move it to one that does")]
    NoProperties,
    /// Links have no properties.
    #[error("a link has no properties of its own here: set them where it leads to")]
    LinkNotes,
    /// What arrived is not what was sent.
    #[error("the file that arrived has not the checksum that was sent with it: send it again")]
    Checksum,
    /// Nobody waits for it any more.
    #[error("this was stopped")]
    Stopped,
    /// The lab has forbidden it.
    #[error("the permissions of this file or container forbid it: change them in your lab")]
    Denied,
    /// The disk failed, or is full.
    #[error("the disk could not do this: try again, and tell the operator")]
    Disk(#[source] io::Error),
}

impl From<io::Error> for HomeError {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT) => Self::Missing,
            Some(Errno::EXIST | Errno::NOTEMPTY) => Self::Exists,
            Some(Errno::LOOP) => Self::Link,
            Some(Errno::ACCESS | Errno::PERM) => Self::Denied,
            Some(Errno::NAMETOOLONG) => Self::Path { what: "a name in it is too long" },
            _ => Self::Disk(error),
        }
    }
}

impl From<Errno> for HomeError {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}
