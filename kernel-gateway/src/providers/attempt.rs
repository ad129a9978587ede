//! One attempt to sign in at a provider: what binds its answer to the browser that began it.
//!
//! The browser keeps one secret in a cookie. `state`, `nonce` and the PKCE verifier are derived from it, so that any
//! replica of the gateway can take the answer, and nothing is kept for attempts that never end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::secrets;
use crate::sign_in::Next;

/// An attempt that a browser has begun.
#[derive(Debug, PartialEq, Eq)]
pub struct Attempt {
    secret: String,
    /// At which provider.
    pub provider: String,
    /// Where to go after it.
    pub next: Next,
}

impl Attempt {
    /// A new one.
    pub fn begin(provider: &str, next: Next) -> Self {
        Self { secret: secrets::fresh(), provider: provider.to_owned(), next }
    }

    /// Whether `state` came from this attempt.
    pub fn is_of(&self, state: Option<&str>) -> bool {
        state.is_some_and(|state| secrets::equal(state, &self.state()))
    }

    /// Protects from answers of other browsers (RFC 6749 section 10.12).
    pub fn state(&self) -> String {
        secrets::derive(&self.secret, "nearside-sign-in-state")
    }

    /// Protects from ID tokens of other attempts (OpenID Connect Core section 3.1.2.1).
    pub fn nonce(&self) -> String {
        secrets::derive(&self.secret, "nearside-sign-in-nonce")
    }

    /// The code verifier of PKCE (RFC 7636 section 4.1): 64 characters.
    pub fn verifier(&self) -> String {
        secrets::derive(&self.secret, "nearside-sign-in-verifier")
    }

    /// Its S256 challenge (RFC 7636 section 4.2).
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    /// The value of the browser's cookie.
    pub fn to_cookie(&self) -> String {
        format!("{}.{}.{}", self.secret, self.provider, URL_SAFE_NO_PAD.encode(self.next.as_str()))
    }

    /// The attempt of a cookie, unless somebody else wrote it.
    pub fn of_cookie(value: &str) -> Option<Self> {
        let mut parts = value.split('.');
        let (secret, provider, next) = (parts.next()?, parts.next()?, parts.next()?);
        let hexadecimal = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hexadecimal || parts.next().is_some() {
            return None;
        }
        let next = String::from_utf8(URL_SAFE_NO_PAD.decode(next).ok()?).ok()?;
        let next = Next::parse(&next).ok()?;
        Some(Self { secret: secret.to_owned(), provider: provider.to_owned(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_survives_its_cookie_and_knows_its_state() {
        let next = Next::parse("/lab/tree/a.ipynb?x=1").expect("a path of ours");
        let attempt = Attempt::begin("esa", next);
        let again = Attempt::of_cookie(&attempt.to_cookie()).expect("our cookie");
        assert_eq!(again, attempt);
        assert!(again.is_of(Some(&attempt.state())));
        let other = Attempt::begin("esa", Next::of(None).expect("the front page"));
        for state in [None, Some(""), Some(other.state().as_str()), Some(attempt.nonce().as_str())] {
            assert!(!again.is_of(state), "{state:?}");
        }
    }

    #[test]
    fn a_cookie_of_somebody_else_is_none() {
        let secret = "a".repeat(64);
        let wrong = ["", "a.b.c", &secret, &format!("{secret}.esa"), &format!("{secret}.esa.Ly9ldmls")];
        for value in wrong {
            assert_eq!(Attempt::of_cookie(value), None, "{value}");
        }
    }
}
