//! Who calls: a token, a cookie of ours, a name with a password, or nobody in particular.
//!
//! Without a credential a caller is anonymous and sees what is public. What an account is, and whether a
//! password is right, is decided by whoever implements [`Passwords`].

mod logins;
mod page;
mod throttle;

use std::fmt;

use api::names::Username;
use async_trait::async_trait;
use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::engine::User;
use http::request::Parts;
use http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::refusal::Refusal;
pub(crate) use logins::{COOKIE, Logins, secret as login_secret};
pub(crate) use throttle::Throttle;

/// The account in whose name the engine counts what anonymous callers use together.
pub const ANONYMOUS: &str = "anonymous";

/// Whether a name and a password belong together.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Whether `password` opens the account `name`; an unknown name must cost the same time as a wrong password.
    async fn check(&self, name: &Username, password: SecretString) -> bool;
    /// Whether there is such an account.
    async fn exists(&self, name: &Username) -> bool;
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody in particular.
    Anonymous,
    /// A person with an account.
    Person(Username),
}

impl Caller {
    /// The name, as jobs and statistics keep it; empty for nobody.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::Person(name) => name.as_str(),
        }
    }

    /// The caller with a name that [`Caller::name`] gave.
    pub(crate) fn of_name(name: &str) -> Self {
        name.parse().map_or(Self::Anonymous, Self::Person)
    }

    /// As the engine counts.
    pub(crate) fn user(&self) -> User {
        let name = match self {
            Self::Anonymous => ANONYMOUS.parse().expect("letters make a user name"),
            Self::Person(name) => name.clone(),
        };
        User { name }
    }

    /// The account, for what only people with one may do.
    pub(crate) fn person(&self) -> Result<&Username, Refusal> {
        match self {
            Self::Anonymous => Err(Refusal::SignInNeeded),
            Self::Person(name) => Ok(name),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Anonymous { ANONYMOUS } else { self.name() })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = crate::dali::Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(of_headers(&parts.headers, app).await?)
    }
}

/// A bad token or password is refused. A cookie that is no longer good counts as none: clients keep sending
/// theirs after a logout.
async fn of_headers(headers: &HeaderMap, app: &App) -> Result<Caller, Refusal> {
    let credential = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((scheme, credential)) = credential.and_then(|value| value.split_once(' ')) {
        if scheme.eq_ignore_ascii_case("bearer") {
            return of_token(credential, app);
        }
        if scheme.eq_ignore_ascii_case("basic") {
            let (name, password) = basic(credential).ok_or(Refusal::WrongCredentials)?;
            return sign_in(app, &name, password).await.map(Caller::Person);
        }
    }
    let user = match logins::secret(headers) {
        Some(secret) => Logins::new(&app.state).find(secret).await?,
        None => None,
    };
    Ok(user.map_or(Caller::Anonymous, Caller::Person))
}

fn of_token(token: &str, app: &App) -> Result<Caller, Refusal> {
    let claims = app.verifier.verify(token.trim()).map_err(Refusal::BadToken)?;
    Ok(Caller::Person(claims.sub))
}

fn basic(credential: &str) -> Option<(String, SecretString)> {
    let decoded = String::from_utf8(STANDARD.decode(credential.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned().into()))
}

/// The account of a name and its password. A token of the same account is good in place of a password: accounts
/// may have none.
pub(crate) async fn sign_in(app: &App, name: &str, password: SecretString) -> Result<Username, Refusal> {
    let name: Username = name.trim().parse().map_err(|_| Refusal::WrongCredentials)?;
    if let Ok(claims) = app.verifier.verify(password.expose_secret().trim()) {
        return if claims.sub == name { Ok(name) } else { Err(Refusal::WrongCredentials) };
    }
    app.throttle.admit(&name)?;
    let right = match &app.passwords {
        Some(passwords) => passwords.check(&name, password).await,
        None => false,
    };
    app.throttle.note(&name, right);
    if right { Ok(name) } else { Err(Refusal::WrongCredentials) }
}
