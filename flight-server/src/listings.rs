//! Listings of what a user can read, in the shapes that Flight SQL prescribes (arrow.flight.protocol.sql).

use arrow::array::RecordBatch;
use arrow_flight::error::FlightError;
use arrow_schema::SchemaRef;
use catalogue::engine::TableInfo;

use crate::command::Listing;
use crate::{keys, sql_info, types};

/// The one catalogue of this server, as SQL names it.
pub(crate) const CATALOG: &str = "nearside";

/// The one kind of table.
const TABLE_TYPE: &str = "TABLE";

/// The columns of a listing.
pub(crate) fn schema(listing: &Listing) -> SchemaRef {
    match listing.clone() {
        Listing::Catalogs(query) => query.into_builder().schema(),
        Listing::Schemas(query) => query.into_builder().schema(),
        Listing::Tables(query) => query.into_builder().schema(),
        Listing::TableTypes(query) => query.into_builder().schema(),
        Listing::SqlInfo(query) => query.into_builder(sql_info::all(false)).schema(),
        Listing::Types(query) => query.into_builder(types::all()).schema(),
        Listing::PrimaryKeys(_) => keys::primary_schema(),
        Listing::References(_) => keys::reference_schema(),
    }
}

/// The rows of a listing, from the tables that the caller may read and what else the server offers.
pub(crate) fn batch(
    listing: Listing,
    tables: &[TableInfo],
    user_space: bool,
) -> Result<RecordBatch, FlightError> {
    match listing {
        Listing::Catalogs(query) => {
            let mut rows = query.into_builder();
            rows.append(CATALOG);
            rows.build()
        }
        Listing::Schemas(query) => {
            let mut rows = query.into_builder();
            let mut schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
            schemas.sort_unstable();
            schemas.dedup();
            schemas.into_iter().for_each(|schema| rows.append(CATALOG, schema));
            rows.build()
        }
        Listing::Tables(query) => {
            let mut rows = query.into_builder();
            for table in tables {
                rows.append(CATALOG, &table.schema, &table.name, TABLE_TYPE, &table.arrow_schema)?;
            }
            rows.build()
        }
        Listing::TableTypes(query) => {
            let mut rows = query.into_builder();
            rows.append(TABLE_TYPE);
            rows.build()
        }
        Listing::SqlInfo(query) => query.into_builder(sql_info::all(user_space)).build(),
        Listing::Types(query) => query.into_builder(types::all()).build(),
        Listing::PrimaryKeys(of) => Ok(keys::primary(&of, tables)?),
        Listing::References(of) => Ok(keys::references(&of, tables)?),
    }
}
