//! Where to go after signing in: a path of ours, and nothing that a browser could read as another site.

use crate::error::Refusal;

/// Longest accepted path in bytes.
const MAX_BYTES: usize = 2048;

/// A path of this site, with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// The wish of a request; without one, the front page.
    pub fn of(wish: Option<&str>) -> Result<Self, Refusal> {
        wish.filter(|wish| !wish.is_empty()).map_or_else(|| Ok(Self("/".to_owned())), Self::parse)
    }

    /// Accepts `/path?query` of visible ASCII. Browsers drop control characters and read `\` as `/`, and
    /// `//host` or what normalises to it names another site: all that is refused rather than repaired.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let segments_are_plain = path.split('/').skip(1).all(|segment| !is_dots(segment));
        let good = text.len() <= MAX_BYTES
            && visible
            && path.starts_with('/')
            && !path.contains("//")
            && segments_are_plain
            && !has_encoded_separator(path);
        if good { Ok(Self(text.to_owned())) } else { Err(Refusal::UnsafeNext) }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as the value of a query parameter.
    pub fn encoded(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        self.0.bytes().fold(String::new(), |text, byte| {
            if plain(byte) {
                text + char::from(byte).encode_utf8(&mut [0; 4])
            } else {
                text + &format!("%{byte:02X}")
            }
        })
    }
}

fn is_dots(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    decoded == "." || decoded == ".."
}

/// An encoded `/` or `\` right at the start, which some software decodes before it looks for a host.
fn has_encoded_separator(path: &str) -> bool {
    let start = path.get(1..4).unwrap_or_default().to_ascii_lowercase();
    start == "%2f" || start == "%5c"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_ours_are_kept_as_they_are() {
        for path in
            ["/", "/lab", "/user/maria/lab/tree/a%20b.ipynb?reset", "/lab/tree/x.ipynb#cell-2", "/a/%2Fb"]
        {
            assert_eq!(Next::parse(path).expect(path).as_str(), path);
        }
        assert_eq!(Next::of(None).expect("the front page").as_str(), "/");
        assert_eq!(Next::of(Some("")).expect("the front page").as_str(), "/");
    }

    #[test]
    fn whatever_could_leave_this_site_is_refused() {
        let heads = [
            "//",
            "///",
            "/\\",
            "\\/",
            "\\\\",
            "/%2f",
            "/%2F/",
            "/%5c",
            "/./",
            "/../",
            "/%2e%2e//",
            "/a/..//",
        ];
        let mut corpus: Vec<String> = heads.iter().map(|head| format!("{head}evil.example")).collect();
        let schemes =
            ["http:", "https:", "HTTPS:", "javascript:", "data:text/html,", "ftp:", "blob:", "file:", "ws:"];
        for scheme in schemes {
            for slashes in ["", "/", "//", "///", "\\\\", "/\\"] {
                corpus.push(format!("{scheme}{slashes}evil.example"));
            }
        }
        for control in (0u8..=32).chain([127]).map(char::from) {
            corpus.extend([
                format!("{control}//evil.example"),
                format!("/{control}/evil.example"),
                format!("/lab{control}"),
                format!("{control}https://evil.example"),
            ]);
        }
        corpus.extend(
            ["evil.example", "@evil.example", "?//evil.example", "#", ".", "..", "a/b", "/é", "/\u{2215}e"]
                .map(String::from),
        );
        corpus.push(format!("/{}", "a".repeat(MAX_BYTES)));
        assert!(corpus.len() >= 200, "{} strings", corpus.len());
        for wish in corpus {
            assert!(matches!(Next::parse(&wish), Err(Refusal::UnsafeNext)), "{wish:?}");
        }
    }

    #[test]
    fn a_path_survives_its_trip_through_a_query() {
        let next = Next::parse("/lab/tree/x.ipynb?a=1&b=%20").expect("a path of ours");
        assert_eq!(next.encoded(), "/lab/tree/x.ipynb%3Fa%3D1%26b%3D%2520");
    }
}
