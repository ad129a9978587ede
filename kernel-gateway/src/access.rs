//! Who may use a route. Every route names its [`Access`]; the layer here is put before its handler.

mod credential;
mod csrf;
mod site;

use api::names::Username;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::AskedBy;
use crate::app::App;
use crate::error::Refusal;
use crate::identity::Login;

pub use site::{PublicAddress, Site};

/// What a caller must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// A login or a token.
    Login,
    /// A login or a token of the user in the path, `/user/{name}/...`.
    Lab,
    /// The secret of a running lab.
    LabSecret,
}

/// Who asks, as far as the route's [`Access`] found out.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their name.
    pub user: Username,
    /// How they showed it.
    pub proof: Proof,
}

/// How a caller showed who they are.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The cookie of a login, and the value that its forms must carry.
    Cookie {
        /// The login.
        login: Login,
        /// What its forms and scripts send back.
        xsrf_token: String,
    },
    /// A signed token.
    Token {
        /// Not good from this second on.
        expires_at: i64,
    },
    /// The secret of the caller's running lab.
    LabSecret,
}

/// Lets a request through to its handler, with its [`Caller`] where the route wants one.
pub async fn check(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let caller = match access {
        Access::Public => return Ok(next.run(Request::from_parts(head, body)).await),
        Access::LabSecret => credential::lab(&app, &head)?,
        Access::Login | Access::Lab => credential::person(&app, &head).await?,
    };
    if access == Access::Lab && owner(head.uri.path()) != Some(caller.user.as_str()) {
        return Err(Refusal::NotFound);
    }
    let renewal = credential::renewal(&app, &caller, &head);
    let mut request = Request::from_parts(head, body);
    if let Proof::Cookie { xsrf_token, .. } = &caller.proof {
        let form_bytes = (access == Access::Login).then_some(app.traffic.form_bytes);
        request = csrf::check(&app.site, xsrf_token, request, form_bytes).await?;
    }
    let asked_by = AskedBy(caller.user.clone());
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(asked_by);
    if let Some(secret) = renewal {
        app.cookies.set(&mut response, &secret);
    }
    Ok(response)
}

pub use csrf::refuse_foreign_form;

/// The raw name in `/user/{name}/...`. A name that needs decoding is nobody's.
fn owner(path: &str) -> Option<&str> {
    path.strip_prefix("/user/")?.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn only_a_name_as_it_is_written_owns_a_path() {
        assert_eq!(owner("/user/maria"), Some("maria"));
        assert_eq!(owner("/user/maria/api/kernels"), Some("maria"));
        assert_eq!(owner("/user/mari%61/lab"), Some("mari%61"));
        assert_eq!(owner("//user/maria/lab"), None);
        assert_eq!(owner("/user//maria"), Some(""));
    }
}
