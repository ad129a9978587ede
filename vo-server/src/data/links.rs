//! `/data-server/datalink/links` (DataLink 1.1 section 3): where the products of sources are, or why there are none.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::Int64Type;
use arrow_schema::{ArrowError, DataType, Field, Schema};
use axum::extract::{Request, State};
use axum::response::Response;
use catalogue::engine::RetrievalType;

use super::products::about;
use super::{ids, lookup, request};
use crate::answer::{Delivery, Table, respond};
use crate::app::App;
use crate::dali::Answer;
use crate::format::{About, Descriptor, Format, Input, Offer, Serialization};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::routes::public_url;

/// The media type of the answer.
const MEDIA_TYPE: &str = "application/x-votable+xml;content=datalink";
/// The standard.
const STANDARD_ID: &str = "ivo://ivoa.net/std/DataLink#links-1.1";

/// The columns: name, whether it is a number, UCD, description.
const COLUMNS: [(&str, bool, &str, &str); 11] = [
    ("ID", false, "meta.id;meta.main", "The source"),
    ("access_url", false, "meta.ref.url", "Where the product is"),
    ("service_def", false, "meta.ref", "The service that makes it"),
    ("error_message", false, "meta.code.error", "Why there is no link"),
    ("description", false, "meta.note", "What the product is"),
    ("semantics", false, "meta.code", "How the product belongs to the source"),
    ("content_type", false, "meta.code.mime", "Media type of the product"),
    ("content_length", true, "phys.size;meta.file", "Bytes of the product"),
    ("local_semantics", false, "meta.code", "The kind of product, as the archive names it"),
    ("link_auth", false, "meta.code", "Whether one must be signed in"),
    ("link_authorized", false, "meta.code", "Whether the caller may read it"),
];

/// A row.
struct Link {
    id: String,
    access_url: Option<String>,
    error_message: Option<String>,
    retrieval: Option<RetrievalType>,
}

/// `GET` or `POST /datalink/links?ID=...`: TABLEDATA, as the standard prefers.
pub(crate) async fn answer(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let links = match parameters.get("ID") {
        // A service without identifiers answers with its columns.
        None => Vec::new(),
        Some(_) => {
            let release = request::release(&app, &caller, parameters.get("RELEASE"))?;
            let asked = ids::read(&app, &caller, &release, parameters.all("ID")).await?;
            let found = links(&app, &caller, &release, &asked, &base).await?;
            named(found, &parameters)
        }
    };
    let offer = match parameters.get("RESPONSEFORMAT").or(parameters.get("FORMAT")) {
        Some(asked) if !asked.contains("datalink") => Offer::named(Some(asked))?,
        _ => Offer::of(Format::VoTable { serialization: Serialization::TableData, gzip: false }),
    };
    let batch = batch(&links)?;
    let infos = vec![("standardID", STANDARD_ID.to_owned())];
    let is_votable = matches!(offer.format, Format::VoTable { gzip: false, .. });
    let delivery = Delivery {
        writer: offer.writer(About { infos, ..About::default() }),
        media_type: if is_votable { MEDIA_TYPE } else { offer.media_type },
        file_name: format!("links.{}", offer.extension),
        max_rows: None,
        pieces_waiting: app.config.traffic.pieces_waiting,
    };
    Ok(respond(Table::of_batches(batch.schema(), vec![batch]), delivery).await?)
}

async fn links(
    app: &App,
    caller: &Caller,
    release: &str,
    asked: &[i64],
    base: &str,
) -> Result<Vec<Link>, crate::refusal::Refusal> {
    let mut links = Vec::new();
    for group in asked.chunks(lookup::GROUP) {
        let start = links.len();
        for batch in lookup::missing(app, caller, release, group).await? {
            let ids = batch.column(0).as_primitive::<Int64Type>();
            let texts = |column: usize| cast(batch.column(column), &DataType::Utf8);
            let (kinds, reasons) = (texts(1)?, texts(2)?);
            let (kinds, reasons) = (kinds.as_string::<i32>(), reasons.as_string::<i32>());
            for (row, reason) in reasons.iter().enumerate() {
                let kind = kinds.value(row);
                let retrieval = RetrievalType::ALL.into_iter().find(|retrieval| retrieval.name() == kind);
                links.push(link(ids.value(row), retrieval, reason, base));
            }
        }
        in_order(&mut links[start..], group);
    }
    Ok(links)
}

/// Links in the order of their identifiers, and those of one in that of the kinds.
fn in_order(links: &mut [Link], ids: &[i64]) {
    let place_of: HashMap<String, usize> =
        ids.iter().enumerate().map(|(place, id)| (id.to_string(), place)).collect();
    let kind = |link: &Link| RetrievalType::ALL.iter().position(|kind| Some(*kind) == link.retrieval);
    links.sort_by_key(|link| (place_of.get(&link.id).copied(), kind(link)));
}

fn link(id: i64, retrieval: Option<RetrievalType>, reason: Option<&str>, base: &str) -> Link {
    let kind = retrieval.map(RetrievalType::name).unwrap_or_default();
    let access_url = reason.is_none().then(|| {
        format!(
            "{base}/data-server/data?ID={id}&RETRIEVAL_TYPE={kind}&DATA_STRUCTURE=INDIVIDUAL&FORMAT=votable"
        )
    });
    let error_message = reason.map(|reason| format!("NotFoundFault: {kind}: {reason}"));
    Link { id: id.to_string(), access_url, error_message, retrieval }
}

/// Identifiers as the client wrote them, so that it finds its own again.
fn named(mut links: Vec<Link>, parameters: &Parameters) -> Vec<Link> {
    let written = parameters.all("ID").flat_map(|list| list.split(',')).map(str::trim);
    for name in written.filter(|name| name.contains(' ')) {
        let number = name.rsplit(' ').next().unwrap_or_default();
        links.iter_mut().filter(|link| link.id == number).for_each(|link| name.clone_into(&mut link.id));
    }
    links
}

fn batch(links: &[Link]) -> Result<RecordBatch, ArrowError> {
    let fields = COLUMNS.iter().map(|(name, number, ucd, description)| {
        let unit = if *number { "byte" } else { "" };
        let about = [("ucd", *ucd), ("description", *description), ("unit", unit)];
        let about = about.into_iter().filter(|(_, text)| !text.is_empty());
        let about = about.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        let data_type = if *number { DataType::Int64 } else { DataType::Utf8 };
        Field::new(*name, data_type, true).with_metadata(about)
    });
    let text = |value: fn(&Link) -> Option<&str>| -> ArrayRef {
        Arc::new(links.iter().map(value).collect::<StringArray>())
    };
    let there = |link: &Link, value: &'static str| link.access_url.as_ref().map(|_| value);
    let columns: Vec<ArrayRef> = vec![
        text(|link| Some(&link.id)),
        text(|link| link.access_url.as_deref()),
        text(|_| None),
        text(|link| link.error_message.as_deref()),
        text(|link| link.retrieval.map(about)),
        text(|_| Some("#auxiliary")),
        Arc::new(links.iter().map(|link| there(link, "application/x-votable+xml")).collect::<StringArray>()),
        Arc::new(links.iter().map(|_| None).collect::<Int64Array>()),
        text(|link| link.retrieval.map(RetrievalType::name)),
        Arc::new(links.iter().map(|link| there(link, "false")).collect::<StringArray>()),
        Arc::new(links.iter().map(|link| there(link, "true")).collect::<StringArray>()),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

/// The descriptor that leads from a column of identifiers to their links.
pub(crate) fn descriptor(base: &str, column: &str) -> Descriptor {
    Descriptor {
        description: "Light curves and spectra of a source".to_owned(),
        standard_id: STANDARD_ID,
        access_url: format!("{base}/data-server/datalink/links"),
        inputs: vec![Input { name: "ID", column: column.to_owned(), value: String::new() }],
    }
}
