//! Endpoints that are good by themselves: an address that reads or writes one file for some minutes, for whoever has
//! it, as transfers without a security method want it (VOSpace 2.1 section 3.5.4). Nothing is stored: the address
//! says what it permits, sealed with HMAC-SHA256. The key is in the database, so that it is good after a restart, and at
//! each server of an installation.

use api::names::Username;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::state::EndpointKey;

const MAC_BYTES: usize = 32;

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Permitted {
    Read,
    Write,
}

/// What an endpoint permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// In whose name.
    pub person: Username,
    /// The path of the place, as in a URL.
    pub path: String,
    /// What may be done there.
    pub permitted: Permitted,
    /// Until when, in seconds since 1970 UTC.
    pub until: i64,
}

/// Seals and opens tickets.
pub(super) struct Sealer(EndpointKey);

impl Sealer {
    /// A sealer with a key that nobody else knows.
    pub(super) fn new(key: EndpointKey) -> Self {
        Self(key)
    }

    /// The ticket as a part of an address.
    pub(super) fn seal(&self, ticket: &Ticket) -> String {
        let body = serde_json::to_vec(ticket).expect("texts and numbers have a JSON form");
        let mac = self.mac(&body).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([mac.as_slice(), &body].concat())
    }

    /// The ticket, if it was sealed here and permits this now.
    pub(super) fn open(&self, sealed: &str, permitted: Permitted, now: i64) -> Option<Ticket> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (mac, body) = sealed.split_at_checked(MAC_BYTES)?;
        self.mac(body).verify_slice(mac).ok()?;
        let ticket: Ticket = serde_json::from_slice(body).ok()?;
        (ticket.permitted == permitted && now < ticket.until).then_some(ticket)
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length").chain_update(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket {
            person: "maria".parse().expect("a name"),
            path: "/home/maria/a".to_owned(),
            permitted: Permitted::Read,
            until: 100,
        }
    }

    #[test]
    fn a_ticket_is_good_for_its_purpose_until_its_time_is_over() {
        let sealer = Sealer::new([7; 32]);
        let sealed = sealer.seal(&ticket());
        assert_eq!(sealer.open(&sealed, Permitted::Read, 99), Some(ticket()));
        assert_eq!(sealer.open(&sealed, Permitted::Read, 100), None);
        assert_eq!(sealer.open(&sealed, Permitted::Write, 0), None);
        assert_eq!(Sealer::new([8; 32]).open(&sealed, Permitted::Read, 0), None);
    }

    #[test]
    fn no_byte_of_a_ticket_can_be_changed_or_left_out() {
        let sealer = Sealer::new([7; 32]);
        let sealed = URL_SAFE_NO_PAD.decode(sealer.seal(&ticket())).expect("base64");
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(sealer.open(&URL_SAFE_NO_PAD.encode(&forged), Permitted::Read, 0), None);
            assert_eq!(sealer.open(&URL_SAFE_NO_PAD.encode(&sealed[..at]), Permitted::Read, 0), None);
        }
    }
}
