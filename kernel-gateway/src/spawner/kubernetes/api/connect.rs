//! A connection to the API server for one call, with TLS where the address says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::ClusterError;

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where the API server is, and by which certificate it is known.
pub struct Connector {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// The server at `url`; `https` needs the certificate authority of the cluster.
    pub fn new(url: &Uri, ca_file: Option<&Path>) -> Result<Self, ClusterError> {
        let malformed = || ClusterError::Address(url.to_string());
        let host = url.host().ok_or_else(malformed)?.trim_matches(['[', ']']).to_owned();
        let tls = match (url.scheme_str(), ca_file) {
            (Some("https"), Some(ca_file)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| malformed())?;
                Some((TlsConnector::from(Arc::new(client(ca_file)?)), name))
            }
            (Some("http"), _) => None,
            _ => return Err(malformed()),
        };
        let port = url.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self { host, port, tls })
    }

    /// The host of our requests.
    pub fn host(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Connects, sends, and waits for the head of the answer.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, ClusterError> {
        let connecting = timeout(CONNECT_WITHIN, TcpStream::connect((self.host.as_str(), self.port))).await;
        let stream = connecting.map_err(ClusterError::unreachable)?.map_err(ClusterError::unreachable)?;
        stream.set_nodelay(true).map_err(ClusterError::unreachable)?;
        match &self.tls {
            None => exchange(stream, request).await,
            Some((connector, name)) => {
                let handshake = timeout(CONNECT_WITHIN, connector.connect(name.clone(), stream)).await;
                let stream =
                    handshake.map_err(ClusterError::unreachable)?.map_err(ClusterError::unreachable)?;
                exchange(stream, request).await
            }
        }
    }
}

/// One question and its answer. The connection ends with the answer's body.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<Response<Incoming>, ClusterError> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(ClusterError::unreachable)?;
    // Its error is that of the answer, which is told there.
    tokio::spawn(async move { drop(connection.await) });
    sender.send_request(request).await.map_err(ClusterError::unreachable)
}

/// A client that knows the certificate authority in `ca_file` and no other.
fn client(ca_file: &Path) -> Result<ClientConfig, ClusterError> {
    let unreadable = |source| ClusterError::File { path: ca_file.to_owned(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file).map_err(|error| unreadable(other(error)))? {
        let certificate = certificate.map_err(|error| unreadable(other(error)))?;
        roots.add(certificate).map_err(|error| unreadable(other(error)))?;
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unreadable(other(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(error)
}
