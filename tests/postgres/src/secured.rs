//! A PostgreSQL server that answers over TLS only, with a certificate that is made for it.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::{Server, USER, account};

/// A server for `localhost`, whose certificate is of an authority of its own.
pub struct Secured {
    server: Server,
    port: u16,
}

impl Secured {
    /// Starts one.
    ///
    /// # Panics
    /// Where it cannot be started: tests of PostgreSQL are never left out.
    pub fn start() -> Self {
        let server = Server::make();
        certify(&server);
        // Who comes without TLS is turned away.
        let rules = "hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n";
        fs::write(server.path("data/pg_hba.conf"), rules).expect("written");
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let files = format!(
            "-c ssl_cert_file={0} -c ssl_key_file={1}",
            server.path("cert.pem"),
            server.path("key.pem")
        );
        server.run_with(&format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on {files}"));
        Self { server, port }
    }

    /// The URL of its database, by this name of the host, with these options.
    #[must_use]
    pub fn url(&self, host: &str, options: &str) -> String {
        format!("postgres://{USER}@{host}:{}/postgres?{options}", self.port)
    }

    /// The certificate of its authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.server.path("authority.pem").into()
    }
}

/// An authority, and a certificate of the server that it has signed.
fn certify(server: &Server) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let certificate = authority.self_signed(&authority_key).expect("signed");
    fs::write(server.path("authority.pem"), certificate.pem()).expect("written");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("signed");
    for (name, text) in [("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())] {
        let path = server.path(name);
        fs::write(&path, text).expect("written");
        // PostgreSQL refuses a key that others may read.
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("ours");
        if let Some(account) = account() {
            chown(&path, Some(account.uid.as_raw()), Some(account.gid.as_raw())).expect("root may");
        }
    }
}
