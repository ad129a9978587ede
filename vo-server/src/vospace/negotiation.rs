//! Which endpoints a client gets for its transfer (VOSpace 2.1 section 3.6.4). A protocol that is asked for with a way
//! to sign in gets the file's own address; one without gets an address that is good by itself.

use api::names::Username;
use user_space::home::{HomeError, Kind};

use super::address::Place;
use super::document::{BINARY_VIEW, DEFAULT_VIEW};
use super::fault::Fault;
use super::property::core;
use super::service::SIGN_IN;
use super::ticket::{Permitted, Ticket};
use super::transfer::{Direction, Protocol, Transfer};
use super::{Space, on_disk};
use crate::state::now;

/// Who negotiates, and how they call this server.
pub(super) struct Negotiation<'a> {
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
        has_view(transfer)?;
        let asked: Vec<&Protocol> = transfer.protocols.iter().filter(|asked| asked.uri == protocol).collect();
        let protocols: Vec<_> =
            asked.iter().filter_map(|asked| self.endpoint(asked, &place, permitted)).collect();
        if protocols.is_empty() {
            return Err(Fault::ProtocolNotSupported { offered: protocol });
        }
        Ok(Transfer { protocols, ..transfer.clone() })
    }

    fn endpoint(&self, asked: &Protocol, place: &Place, permitted: Permitted) -> Option<Protocol> {
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
        let endpoint = Some(format!("{}/vospace/{address}", self.base));
        Some(Protocol { uri: asked.uri.clone(), endpoint, security })
    }

    fn protocol(&self, method: &str) -> String {
        let scheme = self.base.split(':').next().unwrap_or("http");
        core(&format!("{scheme}{method}"))
    }

    async fn can_be_read(&self, place: &Place) -> Result<(), Fault> {
        let path = place.in_home_of(self.person)?.clone();
        let home = self.space.home(self.person).await?;
        let uri = self.space.authority.identifier(place);
        on_disk(move || Ok(home.open(&path).map(|_| ())?)).await.map_err(Fault::at(uri))
    }

    async fn can_be_written(&self, place: &Place) -> Result<(), Fault> {
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
}

/// Bytes come as they are, and any view of them is good for a file. The default view is one of reading only
/// (section 3.4.4).
fn has_view(transfer: &Transfer) -> Result<(), Fault> {
    let Some(view) = &transfer.view else { return Ok(()) };
    let good = match transfer.direction {
        Direction::PushTo => view != DEFAULT_VIEW,
        _ => [DEFAULT_VIEW, BINARY_VIEW].contains(&view.as_str()),
    };
    if good { Ok(()) } else { Err(Fault::ViewNotSupported { view: view.chars().take(200).collect() }) }
}
