//! `/nodes`: making, showing, changing and removing nodes (VOSpace 2.1 sections 5.2 and 5.3).

use api::names::Username;
use audit::Verb;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::time::timeout;
use url::form_urlencoded::byte_serialize;
use user_space::home::HomePath;

use super::address::{Authority, Place};
use super::document::{self, Detail};
use super::fault::Fault;
use super::new_node::New;
use super::node::{self, Node, Page, Reader};
use super::property;
use super::tables::Tables;
use super::tree::Element;
use super::{Space, of, on_disk, view, witness};
use crate::app::App;
use crate::dali::{self, see_other};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::vosi::XML;

/// `GET /nodes/{path}`: the node, and what is in it; `view=data` leads to the bytes.
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let (space, person) = of(&app, &caller)?;
    let place = place(&request, "/nodes")?;
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    if let Some(view) = parameters.get("view") {
        return match view {
            "data" => Ok(see_other(&format!("{base}/vospace/files{}", place.path()))),
            format if matches!(place, Place::Table(..)) => {
                view::offer(&space.authority, Some(format))?;
                let format: String = byte_serialize(format.as_bytes()).collect();
                Ok(see_other(&format!("{base}/vospace/files{}?view={format}", place.path())))
            }
            other => Err(Fault::ViewNotSupported { view: other.chars().take(80).collect() }),
        };
    }
    let detail = detail(&parameters)?;
    let page = page(space, &place, &parameters)?;
    let node = match &place {
        Place::Root => node::fixed(&space.authority, &place, &[Place::Homes, Place::Tables]),
        Place::Homes => {
            let home = Place::InHome(person.clone(), HomePath::of([])?);
            node::fixed(&space.authority, &place, &[home])
        }
        Place::InHome(..) => in_home(space, &place, person, page).await?,
        Place::Tables | Place::TablesOf(_) | Place::Table(..) => {
            Tables::of(&app, space, person)?.node(&place, &page).await?
        }
    };
    Ok(dali::document(XML, document::node(&node, detail)?))
}

/// `PUT /nodes/{path}`: a new node of the type that the document names.
pub(super) async fn make(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let (space, person) = of(&app, &caller)?;
    let (place, asked) = said(space, request).await?;
    let uri = space.authority.identifier(&place);
    let report = witness::begin(&app, person, Verb::Write, vec![uri.clone()]);
    let making = async {
        let path = place.in_home_of(person)?.clone();
        let home = space.home(person).await?;
        let new = New::of(&asked, &space.authority, person)?;
        let said = property::changes(properties(&asked), &[])?;
        on_disk(move || Ok(new.make(&home, &path, &said)?)).await.map_err(Fault::at(uri))?;
        Ok(((), 0))
    };
    witness::change(report, making).await?;
    let document = shown(&in_home(space, &place, person, ITSELF).await?)?;
    Ok((StatusCode::CREATED, document).into_response())
}

/// `POST /nodes/{path}`: properties to set, or with `xsi:nil` to remove.
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Fault> {
    let (space, person) = of(&app, &caller)?;
    let (place, asked) = said(space, request).await?;
    if let Place::Table(owner, name) = &place {
        let tables = Tables::of(&app, space, person)?;
        let before = tables.node(&place, &ITSELF).await?;
        tables.describe(owner, name, &property::changes(properties(&asked), &before.properties)?).await?;
        return shown(&tables.node(&place, &ITSELF).await?);
    }
    let path = place.in_home_of(person)?.clone();
    let before = in_home(space, &place, person, ITSELF).await?;
    let changes = property::changes(properties(&asked), &before.properties)?;
    let home = space.home(person).await?;
    let uri = space.authority.identifier(&place);
    on_disk(move || Ok(home.note(&path, &changes)?)).await.map_err(Fault::at(uri))?;
    shown(&in_home(space, &place, person, ITSELF).await?)
}

/// `DELETE /nodes/{path}`: the node, and all that is in it.
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<StatusCode, Fault> {
    let (space, person) = of(&app, &caller)?;
    let under = if request.uri().path().starts_with("/files/") { "/files" } else { "/nodes" };
    let place = place(&request, under)?;
    if let Place::Table(owner, name) = &place {
        Tables::of(&app, space, person)?.drop(owner, name).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    let uri = space.authority.identifier(&place);
    let report = witness::begin(&app, person, Verb::Drop, vec![uri.clone()]);
    let removing = async {
        let path = place.in_home_of(person)?.clone();
        let home = space.home(person).await?;
        on_disk(move || Ok(home.remove(&path)?)).await.map_err(Fault::at(uri))?;
        Ok((StatusCode::NO_CONTENT, 0))
    };
    witness::change(report, removing).await
}

/// The place that the address of a request names, which is read as it was sent: decoded first, it could be another.
pub(super) fn place(request: &Request, under: &str) -> Result<Place, Fault> {
    let path = request.uri().path();
    Place::of_path(path.strip_prefix(under).unwrap_or(path))
}

/// A node of the caller's home.
pub(super) async fn in_home(
    space: &Space,
    place: &Place,
    person: &Username,
    page: Page,
) -> Result<Node, Fault> {
    let path = place.in_home_of(person)?.clone();
    let (home, owner, authority) = (space.home(person).await?, person.clone(), space.authority.clone());
    let uri = authority.identifier(place);
    let read = move || Reader { authority: &authority, owner: &owner, home: &home }.node(&path, &page);
    on_disk(read).await.map_err(Fault::at(uri))
}

/// A node without what is in it.
const ITSELF: Page = Page { from: None, nodes: 0 };

fn shown(node: &Node) -> Result<Response, Fault> {
    Ok(dali::document(XML, document::node(node, Detail::Max)?))
}

/// The place of a request, and what its document says about the node there.
async fn said(space: &Space, request: Request) -> Result<(Place, Element), Fault> {
    let place = place(&request, "/nodes")?;
    let asked = sent(space, request).await?;
    same_place(&space.authority, &place, &asked)?;
    Ok((place, asked))
}

/// The document of a request.
pub(super) async fn sent(space: &Space, request: Request) -> Result<Element, Fault> {
    let limits = space.limits;
    let body = timeout(limits.piece_within, to_bytes(request.into_body(), limits.document_bytes)).await;
    let body = body.map_err(|_| Fault::TooSlow { seconds: limits.piece_within.as_secs() })?;
    let body = body.map_err(|_| Refusal::TooLarge { limit_bytes: limits.document_bytes })?;
    Element::read(&body)
}

/// A document about a node names the node of the address.
fn same_place(authority: &Authority, place: &Place, asked: &Element) -> Result<(), Fault> {
    let uri = asked.attribute("uri").unwrap_or_default();
    if asked.name != "node" {
        let what = "the document is a vos:node with the attribute uri".to_owned();
        return Err(Fault::InvalidArgument { what });
    }
    match authority.place(uri)? == *place {
        true => Ok(()),
        false => Err(Fault::InvalidUri {
            uri: uri.chars().take(200).collect(),
            what: format!("the address of the request is that of {}", authority.identifier(place)),
        }),
    }
}

/// The properties of a document; nothing for those to remove.
fn properties(asked: &Element) -> Vec<(String, Option<String>)> {
    let properties = asked.child("properties").into_iter().flat_map(|list| list.all("property"));
    let read = |property: &Element| {
        let is_nil = property.attribute("nil").is_some_and(|nil| nil == "true" || nil == "1");
        let uri = property.attribute("uri")?.to_owned();
        Some((uri, (!is_nil).then(|| property.text.clone())))
    };
    properties.filter_map(read).collect()
}

fn detail(parameters: &Parameters) -> Result<Detail, Fault> {
    match parameters.get("detail").unwrap_or("max") {
        "min" => Ok(Detail::Min),
        "properties" => Ok(Detail::Properties),
        "max" => Ok(Detail::Max),
        other => Err(Fault::InvalidArgument {
            what: format!(
                "detail = '{}' is min, max or properties",
                other.chars().take(80).collect::<String>()
            ),
        }),
    }
}

/// Which of the nodes in a container are asked for.
fn page(space: &Space, place: &Place, parameters: &Parameters) -> Result<Page, Fault> {
    let most = space.limits.nodes_per_page;
    let what = |text: &str| Fault::InvalidArgument { what: text.to_owned() };
    let nodes =
        parameters.get("limit").map(|limit| limit.parse::<usize>().map_err(|_| what("limit is a number")));
    let from = parameters.get("uri").map(|uri| {
        let name = space.authority.place(uri)?.name_in(place);
        name.ok_or_else(|| what("uri is a node of this container"))
    });
    Ok(Page { from: from.transpose()?, nodes: nodes.transpose()?.unwrap_or(most).min(most) })
}
