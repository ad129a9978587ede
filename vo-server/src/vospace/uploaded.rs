//! Nodes as tables that come with a query: `UPLOAD=name,vos://...` (TAP 1.1 section 2.5). A file of the caller's home, or a
//! table that the caller may read.

use std::sync::Arc;

use api::names::Username;
use arrow::array::RecordBatch;
use audit::Verb;
use bytes::Bytes;
use catalogue::engine::Guest;
use futures::TryStreamExt;
use user_space::TableName;

use super::address::Place;
use super::carrying::whole;
use super::fault::Fault;
use super::tables::Tables;
use super::{of, on_disk, witness};
use crate::app::App;
use crate::identity::Caller;
use crate::refusal::Refusal;
use crate::upload;

/// The table of a node, under the name that the query gives it.
pub(crate) async fn table(
    app: &App,
    caller: &Caller,
    name: &str,
    identifier: &str,
) -> Result<Guest, Refusal> {
    let read = async {
        let (space, person) = of(app, caller)?;
        match space.authority.place(identifier)? {
            Place::Table(owner, table) => rows(&Tables::of(app, space, person)?, &owner, &table, name).await,
            place => Ok(upload::any(name.to_owned(), &file(app, caller, &place).await?)?),
        }
    };
    read.await.map_err(|fault| match fault {
        Fault::Refused(refusal) => refusal,
        fault => Refusal::BadUpload { name: name.to_owned(), what: fault.told() },
    })
}

/// The bytes of a file.
async fn file(app: &App, caller: &Caller, place: &Place) -> Result<Bytes, Fault> {
    let (space, person) = of(app, caller)?;
    let uri = space.authority.identifier(place);
    let report = witness::begin(app, person, Verb::Read, vec![uri.clone()]);
    let reading = async {
        let path = place.in_home_of(person)?.clone();
        let home = space.home(person).await?;
        let opened = on_disk(move || Ok(home.open(&path)?.0)).await.map_err(Fault::at(uri))?;
        let bytes = on_disk(move || whole(opened, upload::TABLE_BYTES)).await?;
        let length = bytes.len() as u64;
        Ok((bytes, length))
    };
    witness::change(report, reading).await
}

/// The rows of a table of somebody.
async fn rows(tables: &Tables<'_>, owner: &Username, table: &TableName, name: &str) -> Result<Guest, Fault> {
    let mut found = tables.rows(owner, table).await?;
    let (mut rows, mut bytes): (Vec<RecordBatch>, usize) = (Vec::new(), 0);
    while let Some(batch) = found.rows.try_next().await.map_err(Refusal::from)? {
        bytes += batch.get_array_memory_size();
        if bytes as u64 > upload::TABLE_BYTES {
            let limit_bytes = usize::try_from(upload::TABLE_BYTES).unwrap_or(usize::MAX);
            return Err(Refusal::TooLarge { limit_bytes }.into());
        }
        rows.push(batch);
    }
    let columns = Arc::clone(&found.schema);
    Ok(Guest { schema: upload::SCHEMA.to_owned(), name: name.to_owned(), columns, rows })
}
