//! One of the two tables: what its rows are called, and where they are.

use catalogue::engine::TableInfo;

use super::call::TableOf;
use crate::columns::{self, Column};
use crate::refusal::Refusal;

/// Names as ADQL has them, in quotes.
pub(super) struct Side {
    /// Schema and table.
    pub table: String,
    /// The column that identifies a row.
    pub id: String,
    /// Right ascension, in degrees.
    pub ra: String,
    /// Declination, in degrees.
    pub dec: String,
    /// How the column of its identifiers is called among the pairs.
    pub name: String,
    /// The same where the other table has that name.
    pub second_name: String,
}

impl Side {
    /// The table among those that the caller sees.
    pub(super) fn of(tables: &[TableInfo], asked: &TableOf) -> Result<Self, Refusal> {
        let is_it = |table: &&TableInfo| {
            table.schema.eq_ignore_ascii_case(&asked.schema) && table.name.eq_ignore_ascii_case(&asked.name)
        };
        let found = tables.iter().find(is_it);
        let found = found.ok_or_else(|| Refusal::NotFound { what: format!("table {asked}") })?;
        let columns = columns::of_schema(&found.arrow_schema);
        let [ra, dec] = [("Ra", "ra"), ("Dec", "dec")].map(|(flag, name)| flagged(&columns, flag, &[name]));
        let own_id = format!("{}_oid", found.name);
        let id = flagged(&columns, "PK", &["source_id", &own_id, "id"]);
        let need = |column: Option<&str>, what: &str, flag: &str| {
            let hint = format!("table {asked} has no {what}: say which column it is, with the flag {flag}");
            let missing = || Refusal::Value { name: "QUERY", value: asked.to_string(), hint };
            column.map(quoted).ok_or_else(missing)
        };
        let name = format!("{}_{}", found.name, id.unwrap_or_default());
        Ok(Self {
            table: format!("{}.{}", quoted(&found.schema), quoted(&found.name)),
            id: need(id, "identifier", "PK")?,
            ra: need(ra, "right ascension", "Ra")?,
            dec: need(dec, "declination", "Dec")?,
            second_name: quoted(&format!("{name}_2")),
            name: quoted(&name),
        })
    }
}

/// The column that its owner flagged so, or the first of these names.
fn flagged<'a>(columns: &'a [Column], flag: &str, names: &[&str]) -> Option<&'a str> {
    let flagged = columns.iter().find(|column| column.flag == flag);
    let named = || names.iter().find_map(|name| columns.iter().find(|column| column.name == **name));
    flagged.or_else(named).map(|column| column.name.as_str())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
