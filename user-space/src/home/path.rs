//! Paths in a home: names below one another. A name is any that Linux has, as bytes, so that there is no second way
//! to write one; what leads elsewhere (`.`, `..`, `/` and NUL) is no name.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::OURS;
use super::error::HomeError;

/// Bytes of a name, which is what file systems have.
const NAME_BYTES: usize = 255;
/// Names of a path.
const DEPTH: usize = 64;

/// A path in a home. Without names it is the home itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HomePath(Vec<OsString>);

impl HomePath {
    /// The path of these names.
    pub fn of(names: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, HomeError> {
        let names = names.into_iter().map(name).collect::<Result<Vec<_>, _>>()?;
        match names.as_slice() {
            [first, ..] if first == OURS => Err(HomeError::Missing),
            names if names.len() > DEPTH => Err(HomeError::Path { what: "it has more than 64 names" }),
            _ => Ok(Self(names)),
        }
    }

    /// Its names.
    pub fn names(&self) -> &[OsString] {
        &self.0
    }

    /// Whether it is the home itself.
    pub fn is_home(&self) -> bool {
        self.0.is_empty()
    }

    /// The names above the last one, and the last one; nothing for the home itself.
    pub fn split(&self) -> Option<(&[OsString], &OsStr)> {
        self.0.split_last().map(|(last, above)| (above, last.as_os_str()))
    }

    /// The path of a name in the container at this path.
    pub fn child(&self, name: &OsStr) -> Result<Self, HomeError> {
        Self::of(self.0.iter().map(|name| name.as_bytes().to_vec()).chain([name.as_bytes().to_vec()]))
    }

    /// Whether this is `other`, or in it.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The text of a symbolic link at this path that leads to `target`.
    pub(super) fn relative(&self, target: &Self) -> OsString {
        let above = self.0.split_last().map_or(&[][..], |(_, above)| above);
        let common = above.iter().zip(&target.0).take_while(|(one, other)| one == other).count();
        let up = std::iter::repeat_n(b"..".as_slice(), above.len() - common);
        let down = target.0[common..].iter().map(|name| name.as_bytes());
        let parts: Vec<&[u8]> = up.chain(down).collect();
        OsString::from_vec(if parts.is_empty() { b".".to_vec() } else { parts.join(&b'/') })
    }

    /// Where a symbolic link at this path leads to, if that is in this home.
    pub fn resolve(&self, link: &OsStr) -> Option<Self> {
        let link = link.as_bytes();
        if link.starts_with(b"/") {
            return None;
        }
        let mut names: Vec<Vec<u8>> = self.split()?.0.iter().map(|name| name.as_bytes().to_vec()).collect();
        for part in link.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => drop(names.pop()?),
                part => names.push(part.to_vec()),
            }
        }
        Self::of(names).ok()
    }
}

fn name(bytes: Vec<u8>) -> Result<OsString, HomeError> {
    let what = match bytes.as_slice() {
        b"" => "a name in it is empty",
        b"." | b".." => "the names . and .. lead elsewhere",
        bytes if bytes.contains(&0) || bytes.contains(&b'/') => "a name in it has a slash or a NUL",
        bytes if bytes.len() > NAME_BYTES => "a name in it has more than 255 bytes",
        _ => return Ok(OsString::from_vec(bytes)),
    };
    Err(HomeError::Path { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> HomePath {
        HomePath::of(text.split('/').map(|name| name.as_bytes().to_vec())).expect("a path")
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_names() {
        for names in [&["..", "x"][..], &["a", "."], &["a", ""], &["a/b"], &["a\0"], &["."], &[""]] {
            let bytes = names.iter().map(|name| name.as_bytes().to_vec());
            assert!(matches!(HomePath::of(bytes), Err(HomeError::Path { .. })), "{names:?}");
        }
        assert!(matches!(HomePath::of([b".nearside".to_vec()]), Err(HomeError::Missing)));
        let long = std::iter::repeat_n(b"a".to_vec(), DEPTH + 1);
        assert!(matches!(HomePath::of(long), Err(HomeError::Path { .. })));
    }

    #[test]
    fn any_other_name_of_linux_is_one_byte_for_byte() {
        for name in ["a b", "\u{ff0e}\u{ff0e}", "e\u{301}", "..a", "a..", "line\nbreak", "*?\"<>|\\"] {
            assert_eq!(path(name).names(), [OsStr::new(name)]);
        }
        let not_unicode = HomePath::of([vec![0xff, 0xfe]]).expect("bytes are a name");
        assert_eq!(not_unicode.names()[0].as_bytes(), [0xff, 0xfe]);
    }

    #[test]
    fn links_lead_back_to_where_they_were_made_for() {
        for (link, target) in [("a", "b"), ("a/b/c", "a/d"), ("a/b", "c/d/e"), ("a/b", "a")] {
            let (link, target) = (path(link), path(target));
            assert_eq!(link.resolve(&link.relative(&target)), Some(target));
        }
        for outside in ["/etc/passwd", "../x", "../../x", "b/../../../x"] {
            assert_eq!(path("a").resolve(OsStr::new(outside)), None, "{outside}");
        }
    }
}
