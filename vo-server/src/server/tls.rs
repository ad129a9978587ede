//! The certificate. HTTP/1.1 only: every VO client speaks it, and HTTP/2 brings its own floods.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::StartError;
use crate::config::Tls;

/// An acceptor with the certificate of `tls`.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, StartError> {
    let config = server_config(tls);
    let config = config.map_err(|source| StartError::Certificate { path: tls.cert_pem.clone(), source })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn server_config(tls: &Tls) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let chain = CertificateDer::pem_file_iter(&tls.cert_pem)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&tls.key_pem)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
