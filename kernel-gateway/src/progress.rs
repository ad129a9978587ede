//! `/lab`: starts the caller's lab, shows how far it is, and goes there.

use std::convert::Infallible;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use futures::{Stream, StreamExt, stream};
use tokio::sync::watch;

use crate::access::Caller;
use crate::app::App;
use crate::error::Refusal;
use crate::labs::{LabState, base_url};
use crate::pages;

/// `GET /lab`, or `GET /lab/tree/...` to open a file. Starts a lab that is stopped or has failed.
pub async fn page(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Refusal> {
    let address = request.uri().path_and_query().map_or("/lab", |address| address.as_str());
    let destination = format!("{}{}", base_url(&caller.user), address.trim_start_matches('/'));
    match app.labs.start(&caller.user)? {
        LabState::Ready(_) => Ok(Redirect::to(&destination).into_response()),
        LabState::Stopped | LabState::Starting { .. } | LabState::Failed(_) => {
            Ok(pages::progress(&caller, &destination).into_response())
        }
    }
}

/// `GET /lab/progress`: server-sent events `step`, then one `ready` or `failed`.
pub async fn events(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let states = until_over(app.labs.watch(&caller.user)).take_until(app.closing.clone().cancelled_owned());
    Sse::new(states.map(|state| Ok(event(&state)))).keep_alive(KeepAlive::default())
}

/// The states of a lab, the present one first, up to the one in which its start is over.
fn until_over(mut states: watch::Receiver<LabState>) -> impl Stream<Item = LabState> {
    states.mark_changed();
    stream::unfold(Some(states), async |states| {
        let mut states = states?;
        states.changed().await.ok()?;
        let state = states.borrow_and_update().clone();
        let over = matches!(state, LabState::Ready(_) | LabState::Failed(_));
        Some((state, (!over).then_some(states)))
    })
}

fn event(state: &LabState) -> Event {
    let (name, data) = match state {
        LabState::Stopped => ("step", serde_json::json!({ "step": "agent", "message": "" })),
        LabState::Starting { step, message } => {
            ("step", serde_json::json!({ "step": step.name(), "message": message }))
        }
        LabState::Ready(_) => ("ready", serde_json::json!({})),
        LabState::Failed(failure) => {
            ("failed", serde_json::json!({ "reason": failure.reason, "log": failure.log }))
        }
    };
    Event::default().event(name).data(data.to_string())
}
