//! An own certificate authority for `--tls` on loopback, made once and kept in the state directory.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

/// PEM files of a server certificate and of the authority that signed it.
pub struct Certificate {
    /// Trust this one.
    pub ca: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's private key, mode 0600.
    pub key: PathBuf,
}

impl Certificate {
    /// Opens the certificate in `dir`, or makes authority and certificate where one is missing.
    pub fn open_or_make(dir: &Path) -> Result<Self> {
        let files =
            Self { ca: dir.join("ca.pem"), certificate: dir.join("server.pem"), key: dir.join("server.key") };
        if !(files.ca.exists() && files.certificate.exists() && files.key.exists()) {
            files.make().context("failed to make a certificate")?;
        }
        Ok(files)
    }

    fn make(&self) -> Result<()> {
        let ca_key = KeyPair::generate()?;
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name.push(DnType::CommonName, "Nearside on this machine");
        let ca_certificate = ca.self_signed(&ca_key)?;

        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec!["localhost".to_owned()])?;
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            server.subject_alt_names.push(SanType::IpAddress(address));
        }
        server.distinguished_name.push(DnType::CommonName, "localhost");
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let certificate = server.signed_by(&key, &Issuer::new(ca, ca_key))?;

        // The authority's key is dropped here: nobody can sign a second certificate with it.
        write_private(&self.key, &key.serialize_pem())?;
        fs::write(&self.certificate, certificate.pem())?;
        fs::write(&self.ca, ca_certificate.pem())?;
        Ok(())
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
