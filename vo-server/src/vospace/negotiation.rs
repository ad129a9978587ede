//! Which endpoints a client gets for its transfer (VOSpace 2.1 section 3.6.4). A protocol that is asked for with a way
//! to sign in gets the file's own address; one without gets an address that is good by itself.

use api::names::Username;
use url::form_urlencoded::byte_serialize;
use user_space::home::{HomeError, Kind};

use super::address::Place;
use super::fault::Fault;
use super::property::core;
use super::service::SIGN_IN;
use super::tables::Tables;
use super::ticket::{Permitted, Ticket};
use super::transfer::{Direction, Protocol, Transfer};
use super::{Space, on_disk, view};
use crate::app::App;
use crate::state::now;

/// Who negotiates, and how they call this server.
pub(super) struct Negotiation<'a> {
    pub app: &'a App,
    pub space: &'a Space,
    pub person: &'a Username,
    /// The address of the server, without a trailing slash.
    pub base: &'a str,
}

impl Negotiation<'_> {
    /// The same transfer with the endpoints that this server offers.
    pub(super) async fn offer(&self, transfer: &Transfer) -> Result<Transfer, Fault> {
        let place = self.space.authority.place(&transfer.target)?;
        let (protocol, permitted) = match transfer.direction {
            Direction::PushTo => {
                self.can_be_written(&place).await?;
                (self.protocol("put"), Permitted::Write)
            }
            Direction::PullFrom => {
                self.can_be_read(&place).await?;
                (self.protocol("get"), Permitted::Read)
            }
            Direction::PullTo | Direction::PushFrom | Direction::Within(_) => {
                return Err(Fault::NotNegotiated);
            }
        };
        self.has_view(transfer, &place)?;
        let query = self.query(transfer, &place);
        let asked: Vec<&Protocol> = transfer.protocols.iter().filter(|asked| asked.uri == protocol).collect();
        let protocols: Vec<_> = asked
            .iter()
            .filter_map(|asked| self.endpoint(asked, &place, permitted, query.as_deref()))
            .collect();
        if protocols.is_empty() {
            return Err(Fault::ProtocolNotSupported { offered: protocol });
        }
        Ok(Transfer { protocols, ..transfer.clone() })
    }

    fn endpoint(
        &self,
        asked: &Protocol,
        place: &Place,
        permitted: Permitted,
        query: Option<&str>,
    ) -> Option<Protocol> {
        let known = |method: &&String| SIGN_IN.contains(&method.as_str());
        let security: Vec<String> = asked.security.iter().filter(known).cloned().collect();
        let path = place.path();
        let address = match (asked.security.is_empty(), security.is_empty()) {
            (true, _) => {
                let until = now() + self.space.limits.endpoint_seconds;
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                let ticket = Ticket { person: self.person.clone(), path, permitted, until };
                format!("endpoints/{}/{name}", self.space.sealer.seal(&ticket))
            }
            (false, false) => format!("files{path}"),
            // A way to sign in that we do not have.
            (false, true) => return None,
        };
        let endpoint = Some(format!("{}/vospace/{address}{}", self.base, query.unwrap_or_default()));
        Some(Protocol { uri: asked.uri.clone(), endpoint, security })
    }

    fn protocol(&self, method: &str) -> String {
        let scheme = self.base.split(':').next().unwrap_or("http");
        core(&format!("{scheme}{method}"))
    }

    async fn can_be_read(&self, place: &Place) -> Result<(), Fault> {
        if let Place::Table(owner, name) = place {
            return Tables::of(self.app, self.space, self.person)?.table(owner, name).await.map(drop);
        }
        let path = place.in_home_of(self.person)?.clone();
        let home = self.space.home(self.person).await?;
        let uri = self.space.authority.identifier(place);
        on_disk(move || Ok(home.open(&path).map(|_| ())?)).await.map_err(Fault::at(uri))
    }

    async fn can_be_written(&self, place: &Place) -> Result<(), Fault> {
        if let Place::Table(owner, name) = place {
            // Who may write to a table of others is decided when its rows are there.
            let tables = Tables::of(self.app, self.space, self.person)?;
            let seen = owner == self.person || tables.table(owner, name).await.is_ok();
            return if seen { Ok(()) } else { Err(Fault::NotYours) };
        }
        let path = place.in_home_of(self.person)?.clone();
        let home = self.space.home(self.person).await?;
        let uri = self.space.authority.identifier(place);
        let look = move || {
            if home.is_busy(&path) {
                return Err(HomeError::Busy.into());
            }
            match home.entry(&path).map(|entry| entry.kind) {
                Ok(Kind::File { .. }) | Err(HomeError::Missing) => Ok(()),
                Ok(Kind::Container) => Err(HomeError::NotAFile.into()),
                Ok(Kind::Link { .. }) => Err(HomeError::Link.into()),
                Err(error) => Err(error.into()),
            }
        };
        on_disk(look).await.map_err(Fault::at(uri))
    }

    /// Bytes come as they are, and any view of them is good for a file; tables have views of their own. The default view
    /// is one of reading only (section 3.4.4).
    fn has_view(&self, transfer: &Transfer, place: &Place) -> Result<(), Fault> {
        let Some(asked) = transfer.view.as_deref() else { return Ok(()) };
        let is_table = matches!(place, Place::Table(..));
        let good = match transfer.direction {
            Direction::PushTo if is_table => {
                view::taken(&self.space.authority).iter().any(|taken| taken == asked)
            }
            Direction::PushTo => asked != view::DEFAULT,
            _ if is_table => view::offer(&self.space.authority, Some(asked)).is_ok(),
            _ => [view::DEFAULT, view::BINARY].contains(&asked),
        };
        if good { Ok(()) } else { Err(Fault::ViewNotSupported { view: asked.chars().take(200).collect() }) }
    }

    /// What is added to the address of a table that is read in a view.
    fn query(&self, transfer: &Transfer, place: &Place) -> Option<String> {
        let is_read = transfer.direction == Direction::PullFrom && matches!(place, Place::Table(..));
        let asked = transfer.view.as_deref().filter(|_| is_read)?;
        let view: String = byte_serialize(asked.as_bytes()).collect();
        Some(format!("?view={view}"))
    }
}
