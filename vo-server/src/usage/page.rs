//! The numbers behind the page of statistics: the counts that everybody may see.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Complexity;
use super::table::day;
use crate::app::App;
use crate::dali::Answer;

/// `GET /page/usage.json`.
pub(crate) async fn counts(State(app): State<App>) -> Result<Json<Value>, Answer> {
    let days = app.ledger.days(&app.state, app.config.usage.smallest_count).await?;
    let rows = days.iter().map(|count| {
        let [entrance, client, version, complexity] = &count.texts;
        json!({
            "day": day(count.day), "entrance": entrance, "client": client, "version": version,
            "complexity": complexity, "queries": count.queries,
        })
    });
    Ok(Json(json!({
        "smallest_count": app.config.usage.smallest_count,
        "complexities": Complexity::ALL.map(Complexity::name),
        "counts": rows.collect::<Vec<_>>(),
    })))
}
