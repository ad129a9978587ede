//! What is said about files and containers: properties by their names, and the checksum of what was put. It is kept
//! with the file (extended attributes of Linux), so that it goes along when the lab moves the file, and away with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use rustix::io::Errno;

use super::error::HomeError;
use super::limits::HomeLimits;

/// Where properties are: one JSON object, so that they change together.
const PROPERTIES: &str = "user.nearside.properties";
/// Where the checksum is, with the state of the file for which it holds.
const CHECKSUM: &str = "user.nearside.md5";
/// The most that the kernel gives (`XATTR_SIZE_MAX`); no limit of ours.
const READ_BYTES: usize = 64 << 10;

/// What is said about a file or container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Properties and their values.
    pub properties: BTreeMap<String, String>,
    /// The MD5 of the bytes, if they were put from outside and have not been changed since.
    pub md5: Option<[u8; 16]>,
}

/// A property to set, or without a value to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub property: String,
    /// What it is to be.
    pub value: Option<String>,
}

/// Reads what is said.
pub(super) fn read(file: &File) -> Result<Notes, HomeError> {
    let properties = attribute(file, PROPERTIES)?;
    // What a lab may have written there in another form says nothing.
    let properties = properties.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    Ok(Notes { properties, md5: checksum(file) })
}

/// Changes what is said.
pub(super) fn write(file: &File, changes: &[Change], limits: &HomeLimits) -> Result<(), HomeError> {
    let mut properties = read(file)?.properties;
    for Change { property, value } in changes.iter().cloned() {
        match value {
            Some(value) => drop(properties.insert(property, value)),
            None => drop(properties.remove(&property)),
        }
    }
    let bytes = serde_json::to_vec(&properties).map_err(|error| HomeError::Disk(error.into()))?;
    if bytes.len() > limits.property_bytes {
        return Err(HomeError::Properties { limit: limits.property_bytes });
    }
    match fsetxattr(file, PROPERTIES, &bytes, XattrFlags::empty()) {
        Ok(()) => Ok(file.sync_all()?),
        Err(Errno::OPNOTSUPP) => Err(HomeError::NoProperties),
        Err(Errno::NOSPC | Errno::RANGE | Errno::TOOBIG) => {
            Err(HomeError::Properties { limit: limits.property_bytes })
        }
        Err(error) => Err(error.into()),
    }
}

/// Remembers the checksum of a file that was just written. A disk that keeps no attributes has no checksums.
pub(super) fn stamp(file: &File, md5: [u8; 16]) {
    if let Some(state) = state(file) {
        let text = format!("{} {state}", hex::encode(md5));
        let _ = fsetxattr(file, CHECKSUM, text.as_bytes(), XattrFlags::empty());
    }
}

fn checksum(file: &File) -> Option<[u8; 16]> {
    let text = String::from_utf8(attribute(file, CHECKSUM).ok()??).ok()?;
    let (md5, of) = text.split_once(' ')?;
    let md5 = hex::decode(md5).ok()?.try_into().ok()?;
    (state(file)? == of).then_some(md5)
}

/// What changes when the bytes do.
fn state(file: &File) -> Option<String> {
    let metadata = file.metadata().ok()?;
    Some(format!("{} {}.{:09}", metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

fn attribute(file: &File, name: &str) -> Result<Option<Vec<u8>>, HomeError> {
    let mut bytes = vec![0; READ_BYTES];
    match fgetxattr(file, name, bytes.as_mut_slice()) {
        Ok(length) => {
            bytes.truncate(length);
            Ok(Some(bytes))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
