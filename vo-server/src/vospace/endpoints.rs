//! `/endpoints/{ticket}/{name}`: one file, for whoever has the address, while it is good.

use axum::extract::{Path, Request, State};
use axum::response::Response;

use super::address::Place;
use super::fault::Fault;
use super::ticket::{Permitted, Ticket};
use super::{Space, files};
use crate::app::App;
use crate::state::now;

/// `GET` and `HEAD`.
pub(super) async fn read(
    State(app): State<App>,
    Path((sealed, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Fault> {
    let space = app.vospace.as_ref().ok_or(Fault::NoTicket)?;
    let (ticket, place) = opened(space, &sealed, Permitted::Read)?;
    files::give(&app, space, &ticket.person, &place, request).await
}

/// `PUT`.
pub(super) async fn put(
    State(app): State<App>,
    Path((sealed, _)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Fault> {
    let space = app.vospace.as_ref().ok_or(Fault::NoTicket)?;
    let (ticket, place) = opened(space, &sealed, Permitted::Write)?;
    files::take(&app, space, &ticket.person, &place, request).await
}

fn opened(space: &Space, sealed: &str, permitted: Permitted) -> Result<(Ticket, Place), Fault> {
    let ticket = space.sealer.open(sealed, permitted, now()).ok_or(Fault::NoTicket)?;
    let place = Place::of_path(&ticket.path)?;
    Ok((ticket, place))
}
