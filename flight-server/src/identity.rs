//! Who calls: the bearer token of every request, checked every time.

use api::token::{TokenError, Verifier};
use catalogue::engine::User;
use thiserror::Error;
use tonic::metadata::MetadataMap;

/// Why a caller is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum IdentityError {
    /// No usable authorization header.
    #[error(
        "no token: send the header 'authorization: Bearer <token>'. Inside a lab, nearside.connect() does that; elsewhere, copy a token from your Nearside page"
    )]
    Missing,
    /// A token that is not good here.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// The user whose token the request carries.
pub(crate) fn caller(verifier: &Verifier, headers: &MetadataMap) -> Result<User, IdentityError> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(IdentityError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(IdentityError::Missing);
    }
    let claims = verifier.verify(token.trim())?;
    Ok(User { name: claims.sub })
}
