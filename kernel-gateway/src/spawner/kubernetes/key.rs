//! The key that gateway and operator share, and what both derive from it, so that neither reads secrets of the cluster.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Shortest key, in bytes.
const MIN_BYTES: usize = 32;

/// The installation's key. Never printed.
#[derive(Clone)]
pub struct LabKey(Vec<u8>);

impl LabKey {
    /// A key of at least 32 bytes; none of fewer.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= MIN_BYTES).then_some(Self(bytes))
    }

    /// What the agent of the lab with this UID wants to see as Bearer.
    pub fn agent_secret(&self, uid: &str) -> String {
        self.derive("agent", uid)
    }

    /// What that agent shows when it asks for data tokens.
    pub fn lab_secret(&self, uid: &str) -> String {
        self.derive("lab", uid)
    }

    /// HMAC-SHA-256 (RFC 2104) of purpose and UID; `controller/src/lab/build/secret.rs` computes the same.
    fn derive(&self, purpose: &str, uid: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(b":");
        mac.update(uid.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for LabKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LabKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector is that of `controller/golden/secret.json`.
    #[test]
    fn secrets_are_those_that_the_operator_gives_to_the_lab() {
        let key = LabKey(b"a key for tests".to_vec());
        let uid = "5a1ab000-0000-4000-8000-000000000001";
        assert_eq!(
            [key.agent_secret(uid), key.lab_secret(uid)],
            [
                "476556c8725b572d39125a462bbb9de509343c2b72048c531c050f04e3ea2648",
                "7d5181bf7d2849d8919791d0cd101453f9583682971302d6411af013880c5dce"
            ]
        );
    }

    #[test]
    fn a_short_key_is_no_key() {
        assert!(LabKey::new(vec![7; 31]).is_none());
    }
}
