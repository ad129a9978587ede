//! TAP 1.1, and what the Gaia archive adds to it (TAP+).

pub(crate) mod login;
pub(crate) mod sync;

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::dali;

/// `GET /tap/notification`: messages of the operator, one `name=text` on each line; astroquery prints the text.
pub(crate) async fn notifications(State(app): State<App>) -> Response {
    let broken = app.catalogue.broken().iter();
    let lines = broken.enumerate().map(|(index, table)| {
        format!("notification{index}=the table {}.{} cannot be read at present\n", table.schema, table.name)
    });
    dali::text(lines.collect::<String>())
}
