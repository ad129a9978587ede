//! What the editor of the page knows of the language: its functions, its words, and how the notebooks' SQL says a query.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};

use crate::adql;
use crate::app::App;
use crate::dali::{self, Answer};
use crate::parameters::Parameters;

/// The words that people write, of all that are reserved.
const WORDS: &str = "SELECT TOP DISTINCT FROM WHERE AND OR NOT BETWEEN IN IS NULL LIKE ILIKE EXISTS JOIN LEFT RIGHT FULL \
    OUTER INNER NATURAL CROSS ON USING AS GROUP BY HAVING ORDER ASC DESC OFFSET UNION EXCEPT INTERSECT ALL WITH";

/// `GET /page/language.json`: functions with their signatures, and words.
pub(super) async fn language() -> Json<Value> {
    let functions = adql::functions().iter().map(|function| {
        let adql::Function { name, signature, about, .. } = function;
        json!({ "name": name, "signature": signature, "about": about })
    });
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    Json(json!({ "functions": functions.collect::<Vec<_>>(), "words": words }))
}

/// `POST /page/sql` with QUERY: the query in the SQL of Arrow Flight, which notebooks speak.
pub(super) async fn sql(State(app): State<App>, request: Request) -> Result<Response, Answer> {
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let query = adql::parse(parameters.required("QUERY")?, &app.config.adql)?;
    Ok(dali::text(query.to_string()))
}
