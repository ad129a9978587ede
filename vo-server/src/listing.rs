//! The tables that a caller may read, in the words of TAP: for TAP_SCHEMA, for VOSI, and for people.

use catalogue::engine::{QueryError, TableInfo};

use crate::adql::reserved_words;
use crate::app::App;
use crate::columns::{self, Column};
use crate::identity::Caller;
use crate::{tap_schema, usage};

/// A table and its columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    /// The schema, such as `gaiadr3`.
    pub schema: String,
    /// The table's name with its schema, as a query names it.
    pub name: String,
    /// What it is, in words.
    pub description: String,
    /// Its rows.
    pub rows: u64,
    /// The columns that ADQL can name.
    pub columns: Vec<Column>,
}

/// Every table, TAP_SCHEMA and the statistics first, then by schema and name.
pub(crate) async fn tables(app: &App, caller: &Caller) -> Result<Vec<Listed>, QueryError> {
    let catalogue = app.catalogue.tables(&caller.user()).await?;
    let own = tap_schema::listed().into_iter().chain([usage::table::listed(app, caller)]);
    Ok(own.chain(catalogue.iter().map(of_catalogue)).collect())
}

fn of_catalogue(table: &TableInfo) -> Listed {
    let description = table.arrow_schema.metadata().get("description").cloned().unwrap_or_default();
    let schema = in_adql(&table.schema);
    Listed {
        name: format!("{schema}.{}", in_adql(&table.name)),
        schema,
        description,
        rows: table.rows,
        columns: columns::of_schema(&table.arrow_schema),
    }
}

/// A name as a query writes it.
fn in_adql(name: &str) -> String {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let reserved = reserved_words().any(|word| word.eq_ignore_ascii_case(name));
    if plain && !reserved { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Two tables that can be joined by a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// Its name.
    pub id: String,
    /// The table that refers, and its column.
    pub from: [String; 2],
    /// The table that is referred to, and its column.
    pub target: [String; 2],
}

/// Every other table with a `source_id` refers to the `gaia_source` of its schema; TAP_SCHEMA to itself.
pub(crate) fn keys(listed: &[Listed]) -> Vec<Key> {
    let mut keys = tap_schema::keys();
    let has_id = |table: &&Listed| table.columns.iter().any(|column| column.name == SOURCE_ID);
    for table in listed.iter().filter(has_id) {
        let target = format!("{}.gaia_source", table.schema);
        if table.name != target && listed.iter().any(|other| other.name == target) {
            keys.push(Key {
                id: format!("{}_source", table.name.replace('.', "_")),
                from: [table.name.clone(), SOURCE_ID.to_owned()],
                target: [target, SOURCE_ID.to_owned()],
            });
        }
    }
    keys
}

const SOURCE_ID: &str = "source_id";

impl Column {
    /// The name as a query writes it: in double quotes where it is reserved, or has other characters than a name of
    /// ADQL (TAP 1.1 section 4.3).
    pub(crate) fn adql_name(&self) -> String {
        in_adql(&self.name)
    }

    /// Whether it is one of the columns that people look for first.
    pub(crate) fn is_principal(&self) -> bool {
        self.ucd.ends_with("meta.main")
    }

    /// Whether rows can be found by it without reading all.
    pub(crate) fn is_indexed(&self) -> bool {
        matches!(self.name.as_str(), "source_id" | "ra" | "dec")
    }

    /// The flags of TAP+: 1 right ascension, 2 declination, 4 flux, 8 magnitude, 16 primary key (astroquery's
    /// `TapTableMeta`). The owner of a table may say what a column is.
    pub(crate) fn flags(&self) -> u32 {
        match (self.flag.as_str(), self.name.as_str()) {
            ("Ra", _) | ("", "ra") => 1,
            ("Dec", _) | ("", "dec") => 2,
            ("Flux", _) => 4,
            ("Mag", _) => 8,
            ("PK", _) | ("", "source_id") => 16,
            _ => 0,
        }
    }
}
