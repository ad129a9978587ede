//! Simple Cone Search 1.03 over every table that has positions: `/cone/{schema}.{table}?RA=..&DEC=..&SR=..`.

use std::sync::Arc;

use arrow_schema::{FieldRef, Schema, SchemaRef};
use axum::extract::{Path, Request, State};
use axum::response::Response;

use crate::answer::{Delivery, respond};
use crate::app::App;
use crate::ask::Question;
use crate::dali::Answer;
use crate::format::{Format, Offer, Serialization};
use crate::identity::Caller;
use crate::listing::{self, Listed};
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::tap::sync;

/// Columns of the default verbosity, where the table has them; all of them are asked for with `VERB=3`.
const USUAL: [&str; 8] = ["source_id", "ra", "dec", "parallax", "pmra", "pmdec", "phot_g_mean_mag", "bp_rp"];

/// What the standard calls the three columns that it wants (section 2.2.1). They are older than UCD1+, and clients look
/// for them.
const UCDS: [(&str, &str); 3] =
    [("source_id", "ID_MAIN"), ("ra", "POS_EQ_RA_MAIN"), ("dec", "POS_EQ_DEC_MAIN")];

/// What a registry is told of a cone search (SimpleDALRegExt 1.1 section 3.1).
pub(crate) const LIMITS: &str = "<maxSR>180</maxSR>\n<verbosity>true</verbosity>\n\
<testQuery>\n<ra>56.75</ra>\n<dec>24.12</dec>\n<sr>0.1</sr>\n</testQuery>\n";

/// Where to look, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cone {
    ra_deg: f64,
    dec_deg: f64,
    radius_deg: f64,
}

/// `GET /cone/{table}`.
pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Answer> {
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let tables = listing::tables(&app, &caller).await.map_err(Refusal::from)?;
    let table = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&name) && has_positions(table));
    let table =
        table.ok_or_else(|| Refusal::NotFound { what: "table of that name with ra and dec".to_owned() })?;
    let cone = Cone::read(&parameters)?;
    let adql = adql(table, cone, parameters.get("VERB").unwrap_or("2"))?;
    let mut question = Question::new(&caller, adql.clone(), &parameters)?;
    if cone.radius_deg == 0.0 {
        // The standard's way to ask for the columns alone.
        question.max_rows = Some(0);
    }
    let offer = match parameters.get("RESPONSEFORMAT") {
        Some(asked) => Offer::named(Some(asked))?,
        None => Offer::of(Format::VoTable { serialization: Serialization::TableData, gzip: false }),
    };
    let max_rows = question.max_rows;
    let mut rows = question.ask(&app).await?;
    rows.schema = with_ucds(&rows.schema);
    let delivery = Delivery {
        writer: offer.writer(sync::about(adql, &rows.schema, &base)),
        media_type: offer.media_type,
        file_name: format!("cone.{}", offer.extension),
        max_rows,
        pieces_waiting: app.config.traffic.pieces_waiting,
    };
    Ok(respond(rows, delivery).await?)
}

/// Whether there is a cone search over a table.
pub(crate) fn has_positions(table: &Listed) -> bool {
    ["source_id", "ra", "dec"].iter().all(|name| table.columns.iter().any(|column| column.name == *name))
}

/// The columns of an answer with the standard's own UCDs.
fn with_ucds(schema: &Schema) -> SchemaRef {
    let field = |field: &FieldRef| match UCDS.iter().find(|(name, _)| name == field.name()) {
        Some((_, ucd)) => {
            let mut about = field.metadata().clone();
            about.insert("ucd".to_owned(), (*ucd).to_owned());
            Arc::new(field.as_ref().clone().with_metadata(about))
        }
        None => Arc::clone(field),
    };
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn adql(table: &Listed, cone: Cone, verbosity: &str) -> Result<String, Refusal> {
    let usual = |name: &str| USUAL.contains(&name);
    let all = match verbosity {
        "1" | "2" => false,
        "3" => true,
        other => return Err(refused("VERB", other, "it is 1, 2 or 3")),
    };
    let columns = table.columns.iter().filter(|column| all || usual(&column.name));
    let columns: Vec<String> = columns.map(|column| column.adql_name()).collect();
    let Cone { ra_deg, dec_deg, radius_deg } = cone;
    Ok(format!(
        "SELECT {} FROM {} WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), \
         CIRCLE('ICRS', {ra_deg}, {dec_deg}, {radius_deg}))",
        columns.join(", "),
        table.name
    ))
}

impl Cone {
    fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let number = |name: &'static str, low: f64, high: f64| {
            let text = parameters.required(name)?;
            let number = text.parse::<f64>().ok().filter(|number| (low..=high).contains(number));
            number.ok_or_else(|| refused(name, text, &format!("it is a number of degrees, {low} to {high}")))
        };
        Ok(Self {
            ra_deg: number("RA", 0.0, 360.0)?,
            dec_deg: number("DEC", -90.0, 90.0)?,
            radius_deg: number("SR", 0.0, 180.0)?,
        })
    }
}

fn refused(name: &'static str, value: &str, hint: &str) -> Refusal {
    Refusal::Value { name, value: value.chars().take(80).collect(), hint: hint.to_owned() }
}
