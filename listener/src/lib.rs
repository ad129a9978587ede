//! How our programs that speak HTTP meet the network: each connection within limits, with TLS where there is a certificate.
//!
//! It knows neither routes nor users. The Flight server has a listener of its own, because gRPC needs HTTP/2.

mod connection;
mod tls;

pub use connection::{ConnectionLimits, Service};
pub use tls::{CertificateError, acceptor};
