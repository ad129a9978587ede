//! Carrying out transfers: what a client will do itself is negotiated, moves and copies are done, and bytes are taken
//! from or brought to addresses of this very server. An address elsewhere is refused: whoever may name one could make
//! this server call whatever it reaches.

use std::fs::File;
use std::io::Read;

use audit::Verb;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use user_space::home::{Home, HomeError, HomePath, Kind};

use super::address::Place;
use super::fault::Fault;
use super::negotiation::Negotiation;
use super::property::core;
use super::tables::Tables;
use super::ticket::Permitted;
use super::transfer::{Direction, Transfer};
use super::{Space, on_disk, witness};
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::state::{StateError, now};
use crate::uws;

/// Bytes that are read between two looks at whether anybody waits.
const PIECE_BYTES: usize = 1 << 20;

/// A transfer that is carried out.
pub(super) struct Carrying<'a> {
    pub negotiation: Negotiation<'a>,
    /// Cancelled when nobody waits any more.
    pub stopped: CancellationToken,
}

/// An address of this server.
enum Own {
    /// A file of a home, in the name of its owner.
    File(Home, HomePath),
    /// The result of a job.
    Result(String),
}

impl Carrying<'_> {
    /// Carries it out; the transfer as it was in the end.
    pub(super) async fn carry_out(&self, transfer: &Transfer) -> Result<Transfer, Fault> {
        let (verb, nodes) = match &transfer.direction {
            Direction::PushTo | Direction::PullFrom => return self.negotiation.offer(transfer).await,
            Direction::Within(destination) => {
                (Verb::Write, vec![transfer.target.clone(), destination.clone()])
            }
            Direction::PullTo => (Verb::Write, vec![transfer.target.clone()]),
            Direction::PushFrom => (Verb::Read, vec![transfer.target.clone()]),
        };
        let report = witness::begin(self.negotiation.app, self.negotiation.person, verb, nodes);
        let carrying = async {
            let bytes = match &transfer.direction {
                Direction::Within(destination) => self.move_within(transfer, destination).await.map(|()| 0),
                Direction::PullTo => self.pull(transfer).await,
                _ => self.push(transfer).await,
            };
            Ok((transfer.clone(), bytes?))
        };
        witness::change(report, carrying).await
    }

    fn space(&self) -> &Space {
        self.negotiation.space
    }

    fn tables(&self) -> Result<Tables<'_>, Fault> {
        Tables::of(self.negotiation.app, self.negotiation.space, self.negotiation.person)
    }

    /// Moves or copies a node. In a container that is there it keeps its name (VOSpace 2.1 section 5.2.2).
    async fn move_within(&self, transfer: &Transfer, destination: &str) -> Result<(), Fault> {
        let (person, authority) = (self.negotiation.person, &self.space().authority);
        let (source, destination) = (authority.place(&transfer.target)?, authority.place(destination)?);
        if matches!(source, Place::Table(..)) && !transfer.keep_bytes {
            return self.tables()?.rename(&source, &destination).await;
        }
        let (from, to) = (source.in_home_of(person)?.clone(), destination.in_home_of(person)?.clone());
        let (from_uri, to_uri) = (authority.identifier(&source), authority.identifier(&destination));
        let home = self.space().home(person).await?;
        let (keep_bytes, stopped) = (transfer.keep_bytes, self.stopped.clone());
        on_disk(move || {
            home.entry(&from).map_err(Fault::from).map_err(Fault::at(from_uri))?;
            let moved = free_place(&home, &from, to).and_then(|to| match keep_bytes {
                true => home.copy(&from, &to, &|| !stopped.is_cancelled()),
                false => home.rename(&from, &to),
            });
            moved.map_err(Fault::from).map_err(Fault::at(to_uri))
        })
        .await
    }

    /// Reads bytes at an address of this server into a node; how many.
    async fn pull(&self, transfer: &Transfer) -> Result<u64, Fault> {
        let source = match self.own(transfer, "get", Permitted::Read).await? {
            Own::File(home, path) => on_disk(move || Ok(home.open(&path)?.0)).await?,
            Own::Result(id) => {
                let caller = Caller::Person(self.negotiation.person.clone());
                let path = uws::result_file(self.negotiation.app, &caller, &id).await?;
                on_disk(move || File::open(&path).map_err(|source| broken(StateError::File { path, source })))
                    .await?
            }
        };
        let target = self.space().authority.place(&transfer.target)?;
        self.fill(&target, source).await
    }

    /// Brings the bytes of a node to an address of this server; how many.
    async fn push(&self, transfer: &Transfer) -> Result<u64, Fault> {
        let source = self.space().authority.place(&transfer.target)?;
        let path = source.in_home_of(self.negotiation.person)?.clone();
        let home = self.space().home(self.negotiation.person).await?;
        let uri = self.space().authority.identifier(&source);
        let file = on_disk(move || Ok(home.open(&path)?.0)).await.map_err(Fault::at(uri))?;
        match self.own(transfer, "put", Permitted::Write).await? {
            Own::File(home, path) => self.put(home, path, file).await,
            Own::Result(_) => Err(elsewhere("the result of a job cannot be written")),
        }
    }

    async fn fill(&self, target: &Place, source: File) -> Result<u64, Fault> {
        if let Place::Table(owner, name) = target {
            let limit = self.negotiation.app.config.traffic.body_bytes as u64;
            let bytes = on_disk(move || whole(source, limit)).await?;
            let length = bytes.len() as u64;
            return self.tables()?.store(owner, name, bytes).await.map(|_| length);
        }
        let path = target.in_home_of(self.negotiation.person)?.clone();
        let home = self.space().home(self.negotiation.person).await?;
        let uri = self.space().authority.identifier(target);
        self.put(home, path, source).await.map_err(Fault::at(uri))
    }

    async fn put(&self, home: Home, path: HomePath, mut source: File) -> Result<u64, Fault> {
        let stopped = self.stopped.clone();
        on_disk(move || {
            let mut incoming = home.put(&path)?;
            let mut piece = vec![0; PIECE_BYTES];
            while !stopped.is_cancelled() {
                let length = source.read(&mut piece).map_err(HomeError::from)?;
                if length == 0 {
                    return Ok(incoming.finish(&[], None)?.bytes);
                }
                incoming.write(&piece[..length])?;
            }
            Err(HomeError::Stopped.into())
        })
        .await
    }

    /// The first address of a transfer that this server has.
    async fn own(&self, transfer: &Transfer, method: &str, permitted: Permitted) -> Result<Own, Fault> {
        let known = ["http", "https"].map(|scheme| core(&format!("{scheme}{method}")));
        let mut endpoints = transfer.protocols.iter().filter(|protocol| known.contains(&protocol.uri));
        let endpoint =
            endpoints.next().ok_or_else(|| Fault::ProtocolNotSupported { offered: known.join(" or ") })?;
        let endpoint = endpoint.endpoint.as_deref().unwrap_or_default();
        let here = [self.negotiation.base, &self.negotiation.app.base_url()].into_iter().find_map(|base| {
            endpoint.strip_prefix(base).filter(|path| path.starts_with('/')).map(str::to_owned)
        });
        let path = here.ok_or_else(|| elsewhere("get the file yourself, and put it here"))?;
        self.own_path(&path, permitted).await
    }

    async fn own_path(&self, path: &str, permitted: Permitted) -> Result<Own, Fault> {
        let person = self.negotiation.person;
        if let Some(path) = path.strip_prefix("/vospace/files") {
            let place = Place::of_path(path)?;
            let path = place.in_home_of(person)?.clone();
            return Ok(Own::File(self.space().home(person).await?, path));
        }
        if let Some(ticket) = path.strip_prefix("/vospace/endpoints/") {
            let sealed = ticket.split('/').next().unwrap_or_default();
            let ticket = self.space().sealer.open(sealed, permitted, now()).ok_or(Fault::NoTicket)?;
            let place = Place::of_path(&ticket.path)?;
            let path = place.in_home_of(&ticket.person)?.clone();
            return Ok(Own::File(self.space().home(&ticket.person).await?, path));
        }
        let id =
            path.strip_prefix("/tap-server/tap/async/").and_then(|path| path.strip_suffix("/results/result"));
        id.map(|id| Own::Result(id.to_owned())).ok_or_else(|| {
            elsewhere("of this server, files, endpoints of transfers and results of jobs are good")
        })
    }
}

/// The bytes of a file that is to become a table.
pub(super) fn whole(file: File, limit_bytes: u64) -> Result<Bytes, Fault> {
    let mut bytes = Vec::new();
    file.take(limit_bytes + 1).read_to_end(&mut bytes).map_err(HomeError::from)?;
    match bytes.len() as u64 > limit_bytes {
        true => {
            Err(Refusal::TooLarge { limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX) }.into())
        }
        false => Ok(bytes.into()),
    }
}

/// Where a node goes that is to go to a place: into the container that is there, or exactly there.
fn free_place(home: &Home, from: &HomePath, to: HomePath) -> Result<HomePath, HomeError> {
    match home.entry(&to).map(|entry| entry.kind) {
        Ok(Kind::Container) => {
            let (_, name) = from.split().ok_or(HomeError::Root)?;
            to.child(name)
        }
        Ok(_) => Err(HomeError::Exists),
        Err(HomeError::Missing) => Ok(to),
        Err(error) => Err(error),
    }
}

fn elsewhere(what: &str) -> Fault {
    Fault::OperationNotSupported { what: what.to_owned() }
}

fn broken(error: StateError) -> Fault {
    Fault::Refused(error.into())
}
