//! Where a request comes from: the entrance it took and the program that sent it, which it says in `User-Agent`
//! (RFC 9110 section 10.1.5; for the Virtual Observatory the IVOA note on software identification).

use http::{HeaderMap, Method, header};

use super::Complexity;

/// Longest version that is kept, in characters.
const VERSION_CHARS: usize = 16;

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Entrance {
    /// TAP, answered at once.
    TapSync,
    /// TAP, as a job.
    TapAsync,
    /// Cone search.
    Cone,
    /// Light curves and spectra.
    Data,
    /// Links to them.
    DataLink,
    /// Files and tables of VOSpace, and its jobs.
    VoSpace,
    /// Arrow Flight.
    Flight,
}

impl Entrance {
    /// The entrance of an address; none for what is no query.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match path {
            "/tap-server/tap/sync" => Some(Self::TapSync),
            "/tap-server/tap/async" if *method == Method::POST => Some(Self::TapAsync),
            "/data-server/data" => Some(Self::Data),
            "/data-server/datalink/links" => Some(Self::DataLink),
            "/vospace/transfers" if *method == Method::POST => Some(Self::VoSpace),
            _ => of_tree(path),
        }
    }

    /// How complex a request is that is no query in ADQL.
    pub(super) fn complexity(self) -> Complexity {
        match self {
            Self::TapSync | Self::TapAsync | Self::Flight => Complexity::Simple,
            Self::Cone => Complexity::Region,
            Self::Data | Self::DataLink => Complexity::Products,
            Self::VoSpace => Complexity::Transfer,
        }
    }

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TapSync => "tap-sync",
            Self::TapAsync => "tap-async",
            Self::Cone => "cone",
            Self::Data => "data",
            Self::DataLink => "datalink",
            Self::VoSpace => "vospace",
            Self::Flight => "flight",
        }
    }
}

/// The entrance of addresses that have names in them.
fn of_tree(path: &str) -> Option<Entrance> {
    const TREES: [(&str, Entrance); 3] = [
        ("/cone/", Entrance::Cone),
        ("/vospace/files/", Entrance::VoSpace),
        ("/vospace/endpoints/", Entrance::VoSpace),
    ];
    TREES.into_iter().find(|(tree, _)| path.starts_with(tree)).map(|(_, entrance)| entrance)
}

/// The program that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Client {
    /// The page of this server.
    Page,
    /// A page of another site, such as ESASky.
    OtherPage,
    Astroquery,
    PyVo,
    Topcat,
    Stilts,
    /// The package of the notebooks, in a lab.
    Kernel,
    /// The same package elsewhere.
    Nearside,
    /// Another program that says its name, or none.
    Other,
}

/// The first part of a name in `User-Agent`, in lower case. The first that is found counts, so that a
/// library that is used by another comes after it.
const NAMES: [(&str, Client); 7] = [
    ("nearside-kernel", Client::Kernel),
    ("nearside", Client::Nearside),
    ("astroquery", Client::Astroquery),
    ("pyvo", Client::PyVo),
    ("topcat", Client::Topcat),
    ("stilts", Client::Stilts),
    ("mozilla", Client::Page),
];

impl Client {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::OtherPage => "other-page",
            Self::Astroquery => "astroquery",
            Self::PyVo => "pyvo",
            Self::Topcat => "topcat",
            Self::Stilts => "stilts",
            Self::Kernel => "kernel",
            Self::Nearside => "nearside",
            Self::Other => "other",
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub entrance: Entrance,
    pub client: Client,
    /// Digits and dots, or nothing.
    pub version: String,
}

impl Origin {
    /// The origin that the head of a request tells.
    pub(super) fn of(entrance: Entrance, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match Self::of_program(entrance, agent) {
            Self { client: Client::Page, .. } => {
                Self { entrance, client: page(headers), version: String::new() }
            }
            told => told,
        }
    }

    /// The origin that a program tells of itself.
    pub(super) fn of_program(entrance: Entrance, agent: &str) -> Self {
        let products: Vec<&str> = agent.split_ascii_whitespace().collect();
        let find = |(name, client): &(&str, Client)| {
            let product = products.iter().find(|product| product.to_ascii_lowercase().starts_with(name))?;
            Some((*client, product.split_once('/').map_or("", |(_, version)| version)))
        };
        match NAMES.iter().find_map(find) {
            // Browsers have many versions, of which none is ours.
            Some((Client::Page, _)) => Self { entrance, client: Client::Page, version: String::new() },
            Some((client, version)) => Self { entrance, client, version: plain(version) },
            None => Self { entrance, client: Client::Other, version: String::new() },
        }
    }
}

/// Browsers say whether the page that asks is of the same site (Fetch Metadata); where they do not, its origin does.
fn page(headers: &HeaderMap) -> Client {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let elsewhere = origin.is_some_and(|origin| origin != "null" && !origin.ends_with(&format!("//{host}")));
    match site {
        Some(b"same-origin" | b"none") => Client::Page,
        Some(_) => Client::OtherPage,
        None if elsewhere => Client::OtherPage,
        None => Client::Page,
    }
}

fn plain(version: &str) -> String {
    let version: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    if version.len() <= VERSION_CHARS { version.trim_end_matches('.').to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(agent: &str) -> (Client, String) {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, agent.parse().expect("a header"));
        let origin = Origin::of(Entrance::TapSync, &headers);
        (origin.client, origin.version)
    }

    #[test]
    fn programs_are_known_by_the_names_that_they_send() {
        let cases = [
            ("astroquery/0.4.11 Python/3.11.2 (Linux)", Client::Astroquery, "0.4.11"),
            ("pyVO/1.9.1 Python/3.11.2 (Linux) (IVOA-science)", Client::PyVo, "1.9.1"),
            ("astroquery/0.4.12.dev10 pyVO/1.9.1 Python/3.11.2 (Linux)", Client::Astroquery, "0.4.12"),
            ("TOPCAT/4.8-7 Java/17.0.9", Client::Topcat, "4.8"),
            ("STILTS/3.4-7 (IVOA-test) Java/17.0.9", Client::Stilts, "3.4"),
            ("python-requests/2.32.5", Client::Other, ""),
            ("pyvo/99999999999999999999", Client::PyVo, ""),
            ("Mozilla/5.0 (X11; Linux x86_64)", Client::Page, ""),
            ("", Client::Other, ""),
        ];
        for (agent, client, version) in cases {
            assert_eq!(told(agent), (client, version.to_owned()), "{agent}");
        }
    }

    #[test]
    fn a_page_of_another_site_is_not_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, "Mozilla/5.0".parse().expect("a header"));
        headers.insert(header::HOST, "127.0.0.1:8644".parse().expect("a header"));
        headers.insert(header::ORIGIN, "https://sky.esa.int".parse().expect("a header"));
        assert_eq!(Origin::of(Entrance::Cone, &headers).client, Client::OtherPage);
        headers.insert(header::ORIGIN, "http://127.0.0.1:8644".parse().expect("a header"));
        assert_eq!(Origin::of(Entrance::Cone, &headers).client, Client::Page);
        headers.insert("sec-fetch-site", "cross-site".parse().expect("a header"));
        assert_eq!(Origin::of(Entrance::Cone, &headers).client, Client::OtherPage);
    }
}
