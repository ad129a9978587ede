//! Everything a Flight server can be told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use api::token::KeySet;

use crate::usage::UsageListener;

/// The settings of one server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who hears of queries, to count them.
    pub usage: UsageListener,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The server's certificate; without it the connection is in the clear, which is for loopback only.
    pub tls: Option<Tls>,
    /// The issuer that tokens must name.
    pub issuer: String,
    /// The public keys that tokens may be signed with.
    pub keys: KeySet,
    /// Seals tickets and prepared statements. Several servers that share one accept each other's; without one,
    /// the server makes its own and its tickets end with it.
    pub ticket_key: Option<[u8; 32]>,
    /// Seconds from a ticket to the DoGet that uses it.
    pub ticket_seconds: u64,
    /// Seconds a prepared statement can be used.
    pub prepared_seconds: u64,
    /// Plans that are kept for the DoGet that follows; without one it plans again.
    pub plans_kept: usize,
    /// Bytes of these plans' SQL together.
    pub plans_sql_bytes: usize,
    /// Seconds that a plan is kept.
    pub plan_seconds: u64,
    /// Largest message that the server accepts, in bytes.
    pub request_bytes: usize,
    /// Largest message of an upload that the server accepts, in bytes. Clients send a batch as one message.
    pub upload_message_bytes: usize,
    /// Bytes that the batch in one message of an upload may have once it is decompressed.
    pub upload_batch_bytes: usize,
    /// Rows that the batch in one message of an upload may have.
    pub upload_batch_rows: usize,
    /// Bytes of the values that may be bound to a prepared statement at once.
    pub parameter_bytes: usize,
    /// Rows of values that may be bound to a prepared statement at once; a query takes one.
    pub parameter_rows: usize,
    /// Encoded size of one batch that the server sends, in bytes, unless a single row is larger.
    pub batch_bytes: usize,
    /// Calls at once on one connection.
    pub calls_per_connection: u32,
    /// Where the audit log is kept, if it is; of this server alone.
    pub audit_dir: Option<PathBuf>,
    /// How large its files become.
    pub audit: audit::Limits,
    /// Seconds that running calls get when the server stops, before they are cut.
    pub grace_seconds: u64,
}

/// A certificate and its private key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, with intermediates after it.
    pub cert_pem: PathBuf,
    /// Its private key.
    pub key_pem: PathBuf,
}

impl Config {
    /// A server on a loopback port of the system's choice, with the default limits.
    pub fn new(issuer: &str, keys: KeySet) -> Self {
        Self {
            usage: UsageListener::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            issuer: issuer.to_owned(),
            keys,
            ticket_key: None,
            ticket_seconds: 600,
            prepared_seconds: 12 * 3600,
            plans_kept: 64,
            plans_sql_bytes: 1 << 20,
            plan_seconds: 30,
            request_bytes: 4 << 20,
            upload_message_bytes: 256 << 20,
            upload_batch_bytes: 512 << 20,
            upload_batch_rows: 16 << 20,
            parameter_bytes: 256 << 10,
            parameter_rows: 1_000,
            batch_bytes: 2 << 20,
            calls_per_connection: 64,
            audit_dir: None,
            audit: audit::Limits::default(),
            grace_seconds: 3,
        }
    }
}
