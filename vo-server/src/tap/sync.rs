//! `/sync` (TAP 1.1 section 2.3): the answer to a query in the same request.

use arrow_schema::{DataType, Schema};
use axum::extract::{Request, State};
use axum::response::Response;

use crate::answer::{Delivery, respond};
use crate::app::App;
use crate::ask::Question;
use crate::dali::Answer;
use crate::data::links;
use crate::format::{About, Offer};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;

/// `GET` or `POST /sync`.
pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let offer = format(&parameters)?;
    let question = Question::read(&app, &caller, &parameters).await?;
    let (adql, max_rows) = (question.adql.clone(), question.max_rows);
    let table = question.ask(&app).await?;
    let about = about(adql, &table.schema, &base);
    let delivery = Delivery {
        writer: offer.writer(about),
        media_type: offer.media_type,
        file_name: format!("result.{}", offer.extension),
        max_rows,
        pieces_waiting: app.config.traffic.pieces_waiting,
    };
    Ok(respond(table, delivery).await?)
}

/// The format that RESPONSEFORMAT or FORMAT names. A client may send the latter twice: the first counts.
pub(crate) fn format(parameters: &Parameters) -> Result<&'static Offer, Refusal> {
    Offer::named(parameters.get("RESPONSEFORMAT").or(parameters.get("FORMAT")))
}

/// What a VOTable says about its query: the text, and where the products of its sources are.
pub(crate) fn about(adql: String, schema: &Schema, base: &str) -> About {
    let infos = vec![("PROVIDER", "Nearside".to_owned()), ("QUERY", adql)];
    let names_sources = schema.field_with_name(SOURCE_ID).is_ok_and(|id| id.data_type() == &DataType::Int64);
    let descriptors = names_sources.then(|| links::descriptor(base, SOURCE_ID)).into_iter().collect();
    About { infos, descriptors, ..About::default() }
}

/// The column that DataLink takes.
const SOURCE_ID: &str = "source_id";
