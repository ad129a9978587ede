//! The bridge from ADQL to the catalogue: a query in a syntax tree becomes a plan in the same call that serves SQL over
//! Flight. No text of SQL is made on the way.

mod aliases;
mod names;
mod nested;
mod shared;
mod told;
mod truth;

use catalogue::engine::{Catalogue, Guest, Query, QueryError, Request, TableInfo, User};
use thiserror::Error;

use crate::adql::{self, AdqlError};

pub use told::told;

/// What somebody asks.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The query in ADQL.
    pub text: String,
    /// Most rows that will be sent. One more is asked for, so that whoever sends them knows of the rest.
    pub maxrec: Option<u64>,
    /// Tables that only this query sees, such as uploads.
    pub guests: Vec<Guest>,
}

/// Why a query cannot be planned.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlanError {
    /// It is not ADQL.
    #[error(transparent)]
    Adql(#[from] AdqlError),
    /// It has no meaning here, or may not run.
    #[error("{}", told(.0))]
    Query(#[from] QueryError),
}

/// Reads, checks and plans a query in ADQL.
pub async fn plan(
    catalogue: &Catalogue,
    user: &User,
    asked: Asked,
    limits: &adql::Limits,
) -> Result<Query, PlanError> {
    let Asked { text, maxrec, mut guests } = asked;
    let mut query = adql::parse(&text, limits)?;
    if let Some(rows) = maxrec {
        adql::limit(&mut query, rows.saturating_add(1));
    }
    let tables = catalogue.tables(user).await?;
    let columns =
        tables.iter().map(|table| &table.arrow_schema).chain(guests.iter().map(|guest| &guest.columns));
    truth::resolve(&mut query, columns);
    names::resolve(&mut query, &tables, &mut guests);
    nested::resolve(&mut query, &tables, &guests);
    shared::qualify(&mut query, &columns_by_table(&tables, &guests));
    Ok(catalogue.plan_request(user, Request { query, text, guests }).await?)
}

fn columns_by_table<'a>(tables: &'a [TableInfo], guests: &'a [Guest]) -> shared::Columns<'a> {
    let of_catalogue = tables.iter().map(|it| (it.qualified_name(), &it.arrow_schema));
    let of_guests = guests.iter().map(|it| (format!("{}.{}", it.schema, it.name), &it.columns));
    of_catalogue.chain(of_guests).collect()
}
