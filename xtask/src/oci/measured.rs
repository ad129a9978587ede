//! Bytes that are counted and hashed while they pass.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// What a blob is known by.
pub struct Blob {
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Its length in bytes.
    pub size: u64,
}

/// Passes everything on to another writer.
pub struct Measured<W> {
    inner: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Measured<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    /// The other writer, and what passed.
    pub fn finish(self) -> (W, Blob) {
        (self.inner, Blob { sha256: hex(&self.hash.finalize()), size: self.size })
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The blob that these bytes are.
pub fn blob(bytes: &[u8]) -> Blob {
    Blob { sha256: hex(&Sha256::digest(bytes)), size: bytes.len() as u64 }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
