//! What registries of the VO want to know of this server: a record of each service (VOResource 1.1, VODataService 1.1),
//! for an operator to register, and for harvesters. The server does not harvest, and is no registry.

mod record;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;

use crate::app::App;
use crate::dali::{self, Answer};
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::vosi::XML;
use crate::vosi::capabilities;
use crate::{cone, listing, vospace};
use record::Record;

/// `GET /registry`: every record, in the frame that harvesters read.
pub(crate) async fn all(State(app): State<App>, headers: HeaderMap) -> Result<Response, Answer> {
    let records = records(&app, &headers).await?;
    let text: String = records.iter().map(|record| record.text(&app)).collect();
    let number = records.len();
    Ok(dali::document(
        XML,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ri:VOResources from=\"1\" numberReturned=\"{number}\" \
             more=\"false\" {}>\n{text}</ri:VOResources>\n",
            record::NAMESPACES
        ),
    ))
}

/// `GET /registry/{name}`: one record.
pub(crate) async fn one(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let records = records(&app, &headers).await?;
    let record = records.iter().find(|record| record.name == name);
    let record = record.ok_or_else(|| Refusal::NotFound { what: "record of that name".to_owned() })?;
    Ok(dali::document(XML, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", record.text(&app))))
}

/// TAP, DataLink, VOSpace where there is one, and a cone search for each table that everybody sees.
async fn records(app: &App, headers: &HeaderMap) -> Result<Vec<Record>, Refusal> {
    let base = public_url(app, headers);
    let mut records = vec![
        Record {
            name: "tap".to_owned(),
            kind: "vs:CatalogService",
            title: "Nearside TAP".to_owned(),
            about: "Queries in ADQL over the tables of this archive, at once and as jobs.".to_owned(),
            capabilities: capabilities::of_tap(&format!("{base}/tap-server/tap")),
        },
        Record {
            name: "datalink".to_owned(),
            kind: "vs:CatalogService",
            title: "Nearside DataLink".to_owned(),
            about: "Light curves, spectra and epoch astrometry of sources.".to_owned(),
            capabilities: record::capability(
                "",
                "ivo://ivoa.net/std/DataLink#links-1.1",
                &format!("{base}/data-server/datalink/links"),
                "",
            ),
        },
    ];
    if app.vospace.is_some() {
        records.push(Record {
            name: "vospace".to_owned(),
            kind: "vr:Service",
            title: "Nearside VOSpace".to_owned(),
            about: "The files of people's homes, and their tables.".to_owned(),
            capabilities: vospace::capability_elements(&format!("{base}/vospace")),
        });
    }
    let tables = listing::tables(app, &Caller::Anonymous).await?;
    records.extend(tables.iter().filter(|table| cone::has_positions(table)).map(|table| Record {
        name: format!("cone.{}", table.name),
        kind: "vs:CatalogService",
        title: format!("Nearside cone search of {}", table.name),
        about: format!("Rows of {} around a position. {}", table.name, table.description),
        capabilities: record::capability(
            " xsi:type=\"cs:ConeSearch\"",
            "ivo://ivoa.net/std/ConeSearch",
            &format!("{base}/cone/{}?", table.name),
            cone::LIMITS,
        ),
    }));
    Ok(records)
}
