//! Random secrets, and the digests under which they are kept.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A fresh secret of 256 random bits as 64 hexadecimal digits: no escaping in cookies, headers and paths.
pub fn fresh() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What we keep of a secret. A fast hash is enough: 256 random bits cannot be guessed.
pub fn digest(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A value that only the holder of `secret` can make for `purpose` (RFC 2104).
pub fn derive(secret: &str, purpose: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Equality in a time that says nothing about where two texts differ.
pub fn equal(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
