//! VOSpace 2.1 (IVOA Recommendation of 20 June 2018): the files of people's homes as nodes.
//!
//! The space has a container `/home` with the home of whoever asks, the one that their lab has; of others nothing can
//! be seen, not even whether they are there. A directory is a ContainerNode, a file a DataNode, a symbolic link a
//! LinkNode. A container `/tables` has the tables that whoever asks may read, as StructuredDataNodes (`tables`). `nodes`
//! makes, shows and removes nodes, `files` and `endpoints` have their bytes, `transfers` negotiates, moves and copies as
//! jobs of `uws`, and `service` says what this server can do. Nothing is fetched from other places for a client, and
//! nothing is sent there.

mod address;
mod carrying;
mod document;
mod endpoints;
mod fault;
mod files;
mod media;
mod negotiation;
mod new_node;
mod node;
mod nodes;
mod property;
mod service;
mod tables;
mod ticket;
mod transfer;
mod transfers;
mod tree;
pub(crate) mod uploaded;
mod view;
mod witness;

use std::sync::Arc;

use api::names::Username;
use axum::Router;
use axum::routing::get;
use tokio::sync::Semaphore;
use user_space::home::{Home, Homes};

use crate::app::App;
use crate::config::VoSpaceLimits;
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::state::EndpointKey;
use crate::uws::{self, properties, status, submit};
use fault::Fault;
use ticket::Sealer;

pub(crate) use address::Authority;
pub(crate) use service::capability_elements;
pub(crate) use transfers::{DOCUMENT, carry_out};

/// What VOSpace needs while the server runs.
pub(crate) struct Space {
    homes: Homes,
    authority: Authority,
    limits: VoSpaceLimits,
    sealer: Sealer,
    /// One permit for each file that is being put.
    puts: Arc<Semaphore>,
}

impl Space {
    /// A space of these homes.
    pub(crate) fn new(homes: Homes, authority: Authority, limits: VoSpaceLimits, key: EndpointKey) -> Self {
        let puts = Arc::new(Semaphore::new(limits.puts));
        Self { homes, authority, limits, sealer: Sealer::new(key), puts }
    }

    async fn home(&self, owner: &Username) -> Result<Home, Fault> {
        let (homes, owner) = (self.homes.clone(), owner.clone());
        on_disk(move || Ok(homes.of(&owner)?)).await
    }
}

/// The addresses of VOSpace.
pub(crate) fn routes() -> Router<App> {
    let nodes = || get(nodes::show).put(nodes::make).post(nodes::change).delete(nodes::remove);
    Router::new()
        .route("/nodes", nodes())
        .route("/nodes/", nodes())
        .route("/nodes/{*path}", nodes())
        .route("/files/{*path}", get(files::read).put(files::put).delete(nodes::remove))
        .route("/endpoints/{ticket}/{name}", get(endpoints::read).put(endpoints::put))
        .route("/synctrans", get(transfers::at_once).post(transfers::at_once))
        .route("/transfers", get(transfers::list).post(transfers::create))
        .route("/transfers/{id}", get(status::show).post(transfers::change).delete(uws::delete))
        .route("/transfers/{id}/phase", get(status::phase).post(status::set_phase))
        .route("/transfers/{id}/parameters", get(submit::parameters))
        .route("/transfers/{id}/error", get(transfers::error))
        .route("/transfers/{id}/results/transferDetails", get(transfers::details))
        .route("/transfers/{id}/{part}", get(properties::part).post(properties::set_part))
        .route("/protocols", get(service::protocols))
        .route("/views", get(service::views))
        .route("/properties", get(service::properties))
        .route("/capabilities", get(service::capabilities))
        .route("/availability", get(crate::vosi::availability))
}

/// The space, where this server has one, and whose it is.
fn of<'a>(app: &'a App, caller: &'a Caller) -> Result<(&'a Space, &'a Username), Fault> {
    let person = caller.person()?;
    let space = app.vospace.as_ref();
    let none = || Refusal::NotFound { what: "VOSpace on this server".to_owned() };
    Ok((space.ok_or_else(none)?, person))
}

/// Does something with a disk, which waits, on a thread that may.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Fault::Broken))
}
