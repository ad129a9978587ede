//! Statements that travel through the client and come back: sealed with HMAC-SHA256 over what they permit, so
//! that the server keeps nothing and a client cannot write its own.
//!
//! The text inside is readable by the client, who wrote it. A seal is no permission: the caller's token is
//! checked as on every call, and the query is planned again.

use api::names::Username;
use bytes::{BufMut, Bytes, BytesMut};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use thiserror::Error;

const MAC_BYTES: usize = 32;

/// What a sealed statement is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One answer by DoGet.
    Ticket,
    /// GetFlightInfo, any number of times.
    Prepared,
    /// Nothing more: what a statement has done, which its client asks for by DoGet.
    Outcome,
}

/// Why a sealed statement is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SealError {
    /// Changed, made elsewhere, or made for somebody else; which one is not said.
    #[error("this ticket is not yours to use here: ask for the query again with GetFlightInfo")]
    Foreign,
    /// Too old.
    #[error("this ticket has expired: ask for the query again with GetFlightInfo")]
    Expired,
}

/// Seals and opens.
pub(crate) struct Sealer {
    key: [u8; 32],
}

impl Sealer {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// `text` for `user`, good until `expires`.
    pub(crate) fn seal(&self, purpose: Purpose, user: &Username, text: &[u8], expires: Timestamp) -> Bytes {
        let name = user.as_str().as_bytes();
        let mut sealed = BytesMut::with_capacity(MAC_BYTES + 10 + name.len() + text.len());
        sealed.put_bytes(0, MAC_BYTES);
        sealed.put_u8(purpose as u8);
        sealed.put_i64(expires.as_second());
        sealed.put_u8(u8::try_from(name.len()).expect("user names have at most 64 bytes"));
        sealed.put_slice(name);
        sealed.put_slice(text);
        let mac = self.mac(&sealed[MAC_BYTES..]).finalize().into_bytes();
        sealed[..MAC_BYTES].copy_from_slice(&mac);
        sealed.freeze()
    }

    /// The text inside, if it was sealed here for this purpose and this user, and is not too old.
    pub(crate) fn open<'a>(
        &self,
        purpose: Purpose,
        user: &Username,
        sealed: &'a [u8],
        now: Timestamp,
    ) -> Result<&'a [u8], SealError> {
        let (mac, body) = sealed.split_at_checked(MAC_BYTES).ok_or(SealError::Foreign)?;
        self.mac(body).verify_slice(mac).map_err(|_| SealError::Foreign)?;
        let (expires, text) = parts(body, purpose, user).ok_or(SealError::Foreign)?;
        if now.as_second() >= expires {
            return Err(SealError::Expired);
        }
        Ok(text)
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length").chain_update(body)
    }
}

fn parts<'a>(body: &'a [u8], purpose: Purpose, user: &Username) -> Option<(i64, &'a [u8])> {
    let (&purpose_byte, rest) = body.split_first()?;
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let (&length, rest) = rest.split_first()?;
    let (name, text) = rest.split_at_checked(usize::from(length))?;
    let meant = purpose_byte == purpose as u8 && name == user.as_str().as_bytes();
    meant.then_some((i64::from_be_bytes(*expires), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &[u8] = b"SELECT 1";

    fn user(name: &str) -> Username {
        name.parse().expect("a good user name")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a second of this era")
    }

    fn sealed() -> Bytes {
        Sealer::new([7; 32]).seal(Purpose::Ticket, &user("maria"), SQL, at(100))
    }

    fn open(key: u8, purpose: Purpose, name: &str, sealed: &[u8], now: i64) -> Result<Vec<u8>, SealError> {
        Sealer::new([key; 32]).open(purpose, &user(name), sealed, at(now)).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_ticket_opens_for_its_user_until_it_expires() {
        assert_eq!(open(7, Purpose::Ticket, "maria", &sealed(), 99), Ok(SQL.to_vec()));
        assert_eq!(open(7, Purpose::Ticket, "maria", &sealed(), 100), Err(SealError::Expired));
    }

    #[test]
    fn a_ticket_opens_for_nobody_else_and_nothing_else() {
        assert_eq!(open(7, Purpose::Ticket, "vera", &sealed(), 0), Err(SealError::Foreign));
        assert_eq!(open(7, Purpose::Prepared, "maria", &sealed(), 0), Err(SealError::Foreign));
        assert_eq!(open(8, Purpose::Ticket, "maria", &sealed(), 0), Err(SealError::Foreign));
    }

    #[test]
    fn no_bit_of_a_ticket_can_be_changed_and_none_left_out() {
        for bit in 0..sealed().len() * 8 {
            let mut forged = sealed().to_vec();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(7, Purpose::Ticket, "maria", &forged, 0), Err(SealError::Foreign), "bit {bit}");
        }
        for length in 0..sealed().len() {
            assert_eq!(open(7, Purpose::Ticket, "maria", &sealed()[..length], 0), Err(SealError::Foreign));
        }
    }
}
