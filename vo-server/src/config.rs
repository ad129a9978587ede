//! Everything a VO server can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use api::names::Username;
use api::token::KeySet;
use database::Location;
use listener::ConnectionLimits;
use user_space::home::HomeLimits;

use crate::adql;

/// The authority of installations that nobody has registered.
const AUTHORITY: &str = "nearside.local";

/// Who publishes where nobody has said it.
const PUBLISHER: &str = "Nearside, an installation without a name";

/// The settings of one server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The server's certificate; without it the connection is in the clear, which is for loopback only.
    pub tls: Option<Tls>,
    /// The issuer that tokens must name.
    pub issuer: String,
    /// The public keys that tokens may be signed with.
    pub keys: KeySet,
    /// Where jobs, their results and logins are kept; created where it is missing.
    pub state_dir: PathBuf,
    /// Where the tables of jobs and logins are, unless in `state_dir`. Servers that share a database share `state_dir`.
    pub database: Option<Location>,
    /// Where the audit log is kept, if it is; of this server alone.
    pub audit_dir: Option<PathBuf>,
    /// How large its files become.
    pub audit: audit::Limits,
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// Limits of a query's text.
    pub adql: adql::Limits,
    /// Limits of what they carry.
    pub traffic: TrafficLimits,
    /// Limits of asynchronous jobs.
    pub jobs: JobLimits,
    /// Limits of the statistics about usage.
    pub usage: UsageLimits,
    /// Where people's homes are, a directory for each account; without it there is no VOSpace.
    pub homes: Option<PathBuf>,
    /// Limits of VOSpace.
    pub vospace: VoSpaceLimits,
    /// The authority part of the IVOA identifiers of this installation.
    pub authority: String,
    /// Who publishes the services, as registries show it.
    pub publisher: String,
    /// The accounts that may see requests one by one, and `/metrics`.
    pub operators: Vec<Username>,
}

/// A certificate and its private key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, with intermediates after it.
    pub cert_pem: PathBuf,
    /// Its private key.
    pub key_pem: PathBuf,
}

/// What one client may occupy.
#[derive(Clone, Copy, Debug)]
pub struct TrafficLimits {
    /// Bytes of a request body, uploaded tables among them.
    pub body_bytes: usize,
    /// How long a client may take to send a request body.
    pub body_within: Duration,
    /// Parameters and files of one request.
    pub parameters: usize,
    /// Encoded pieces of an answer that wait for a slow client.
    pub pieces_waiting: usize,
    /// Sources that ranges of identifiers in one request may name.
    pub range_ids: i64,
    /// Seconds that the files of a release must have been the same before the rest of a download is sent to a client
    /// that does not say what it has the beginning of.
    pub unchanged_seconds: i64,
}

/// How many jobs there may be, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct JobLimits {
    /// Jobs that run at once; more are queued.
    pub running: usize,
    /// Jobs that one user may have queued or running.
    pub active_per_user: i64,
    /// Seconds after which a job and its result are removed, unless its owner asks for another time.
    pub destruction_seconds: i64,
    /// The latest destruction that an owner may ask for, in seconds from now.
    pub longest_destruction_seconds: i64,
    /// The longest time that a job may run, in seconds; the engine has a limit of its own.
    pub execution_seconds: i64,
    /// The longest time that a request may wait for a job to change its phase (UWS 1.1 section 2.2.1.1).
    pub longest_wait: Duration,
    /// How often a server says that it is there, and looks for jobs of servers that are not.
    pub look_every: Duration,
    /// Seconds of silence after which a server that shares the database is taken for dead.
    pub silent_seconds: i64,
    /// How often jobs past their destruction are looked for.
    pub sweep_every: Duration,
    /// Bytes that one result may have.
    pub result_bytes: u64,
}

/// How much is remembered of who used the services.
#[derive(Clone, Copy, Debug)]
pub struct UsageLimits {
    /// Requests that are kept one by one.
    pub requests: i64,
    /// Days for which counts are kept.
    pub days: i64,
    /// The smallest count that is told to everybody.
    pub smallest_count: i64,
    /// Versions of clients that are told apart between two starts.
    pub versions: usize,
    /// Requests that wait to be written.
    pub waiting: usize,
}

/// How much of VOSpace one request may have.
#[derive(Clone, Copy, Debug)]
pub struct VoSpaceLimits {
    /// Limits of each home.
    pub home: HomeLimits,
    /// Nodes of a container that one answer lists.
    pub nodes_per_page: usize,
    /// Bytes of a document about a node or a transfer.
    pub document_bytes: usize,
    /// Files that are put at once, of all people.
    pub puts: usize,
    /// Moves and copies that run at once.
    pub transfers: usize,
    /// How long an endpoint is good that needs no signing in, in seconds.
    pub endpoint_seconds: i64,
    /// How long the next piece of a file may take to arrive.
    pub piece_within: Duration,
}

impl Default for VoSpaceLimits {
    fn default() -> Self {
        Self {
            home: HomeLimits::default(),
            nodes_per_page: 10_000,
            document_bytes: 1 << 20,
            puts: 32,
            transfers: 4,
            endpoint_seconds: 3_600,
            piece_within: Duration::from_secs(60),
        }
    }
}

impl Default for TrafficLimits {
    fn default() -> Self {
        Self {
            body_bytes: 256 << 20,
            body_within: Duration::from_secs(600),
            parameters: 10_000,
            pieces_waiting: 4,
            range_ids: 1_000_000,
            unchanged_seconds: 30 * 24 * 3600,
        }
    }
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            running: 2,
            active_per_user: 1_000,
            destruction_seconds: 7 * 24 * 3600,
            longest_destruction_seconds: 90 * 24 * 3600,
            execution_seconds: 7_200,
            longest_wait: Duration::from_secs(600),
            look_every: Duration::from_secs(3),
            silent_seconds: 20,
            sweep_every: Duration::from_secs(60),
            result_bytes: 64 << 30,
        }
    }
}

impl Default for UsageLimits {
    fn default() -> Self {
        Self { requests: 200_000, days: 400, smallest_count: 5, versions: 200, waiting: 10_000 }
    }
}

impl Config {
    /// A server on a loopback port of the system's choice, with the default limits.
    pub fn new(issuer: &str, keys: KeySet, state_dir: &Path) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            issuer: issuer.to_owned(),
            keys,
            state_dir: state_dir.to_owned(),
            database: None,
            audit_dir: None,
            audit: audit::Limits::default(),
            connections: ConnectionLimits::default(),
            adql: adql::Limits::default(),
            traffic: TrafficLimits::default(),
            jobs: JobLimits::default(),
            usage: UsageLimits::default(),
            homes: None,
            vospace: VoSpaceLimits::default(),
            authority: AUTHORITY.to_owned(),
            publisher: PUBLISHER.to_owned(),
            operators: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_guide_lists_the_limits_of_jobs_and_texts_with_their_defaults() {
        let guide = include_str!("../../docs/OPERATOR_GUIDE.md");
        let limits = JobLimits::default();
        let text = adql::Limits::default();
        for (name, value) in [
            ("text_bytes", text.text_bytes as u64),
            ("open_brackets", text.open_brackets as u64),
            ("nested_parts", text.nested_parts as u64),
            ("unbroken_words", text.unbroken_words as u64),
            ("running", limits.running as u64),
            ("active_per_user", limits.active_per_user.unsigned_abs()),
            ("destruction_seconds", limits.destruction_seconds.unsigned_abs()),
            ("longest_destruction_seconds", limits.longest_destruction_seconds.unsigned_abs()),
            ("execution_seconds", limits.execution_seconds.unsigned_abs()),
            ("silent_seconds", limits.silent_seconds.unsigned_abs()),
            ("result_bytes", limits.result_bytes),
        ] {
            let row = format!("| `{name}` | {value} |");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }

    #[test]
    fn the_operator_guide_lists_the_limits_of_downloads_with_their_defaults() {
        let guide = include_str!("../../docs/OPERATOR_GUIDE.md");
        let TrafficLimits { range_ids, unchanged_seconds, .. } = TrafficLimits::default();
        for (name, value) in [("range_ids", range_ids), ("unchanged_seconds", unchanged_seconds)] {
            let row = format!("| `{name}` | {value} |");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }

    #[test]
    fn the_operator_guide_lists_every_limit_of_vospace_with_its_default() {
        let guide = include_str!("../../docs/OPERATOR_GUIDE.md");
        // The limits of homes are tested where they are.
        let VoSpaceLimits {
            home: _,
            nodes_per_page,
            document_bytes,
            puts,
            transfers,
            endpoint_seconds,
            piece_within,
        } = VoSpaceLimits::default();
        for (name, value) in [
            ("nodes_per_page", nodes_per_page as u64),
            ("document_bytes", document_bytes as u64),
            ("puts", puts as u64),
            ("transfers", transfers as u64),
            ("endpoint_seconds", endpoint_seconds.unsigned_abs()),
            ("piece_within", piece_within.as_secs()),
        ] {
            let row = format!("| `{name}` | {value} |");
            assert!(guide.contains(&row), "docs/OPERATOR_GUIDE.md lacks a row beginning {row:?}");
        }
    }
}
