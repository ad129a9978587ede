//! The media types of files, by the ends of their names; only those that astronomers' programs ask for.

use std::ffi::OsStr;
use std::path::Path;

/// What is said of a file of which nothing is known.
pub(super) const UNKNOWN: &str = "application/octet-stream";

const TYPES: [(&str, &str); 20] = [
    ("csv", "text/csv"),
    ("ecsv", "application/x-ecsv"),
    ("fit", "application/fits"),
    ("fits", "application/fits"),
    ("gz", "application/gzip"),
    ("h5", "application/x-hdf5"),
    ("html", "text/html"),
    ("ipynb", "application/x-ipynb+json"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("py", "text/x-python"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("vot", "application/x-votable+xml"),
    ("xml", "text/xml"),
    ("zip", "application/zip"),
];

/// The media type that a name promises.
pub(super) fn of_name(name: &OsStr) -> &'static str {
    let end = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| end.eq_ignore_ascii_case(known));
    known.map_or(UNKNOWN, |(_, media_type)| media_type)
}
