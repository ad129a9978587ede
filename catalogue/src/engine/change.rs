//! Statements that change a user's tables: `CREATE TABLE ... AS SELECT` and `DROP TABLE`. Read here, because what a
//! text may be is decided in one place; carried out by whoever keeps the tables.

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{CreateTable, Ident, ObjectName, ObjectType, Statement as Sql};

use super::error::QueryError;
use super::guard;
use super::limits::Limits;
use super::parameters;
use super::request::Request;

/// A statement that changes a table.
#[derive(Clone, Debug)]
pub enum Change {
    /// Makes a table of a query's rows.
    Create {
        /// The table.
        table: TableName,
        /// What becomes of a table that has the name already.
        existing: Existing,
        /// The rows. Their query may have places left open.
        rows: Request,
    },
    /// Removes a table.
    Drop {
        /// The table.
        table: TableName,
        /// Whether it is no mistake if there is none.
        if_exists: bool,
    },
}

/// A table as a statement names it: small letters, unless in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The schema, where one is written.
    pub schema: Option<String>,
    /// The table's name within it.
    pub name: String,
}

/// What becomes of a table that is in the way of a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the statement fails.
    Refuse,
    /// It stays, and nothing is done.
    Keep,
    /// It goes when the new one is complete.
    Replace,
}

impl Change {
    /// What a text changes; `None` where it changes no table, and so is a query or refused as one.
    pub(super) fn read(sql: &str, limits: &Limits) -> Result<Option<Self>, QueryError> {
        if !may_be_one(sql) {
            return Ok(None);
        }
        let Statement::Statement(mut statement) = guard::any_statement(sql, limits)? else { return Ok(None) };
        parameters::leave_open(statement.as_mut())?;
        match *statement {
            Sql::CreateTable(create) => Self::create(create, sql).map(Some),
            Sql::Drop { object_type: ObjectType::Table, if_exists, names, .. } => match names.as_slice() {
                [name] => Ok(Some(Self::Drop { table: TableName::read(name)?, if_exists })),
                _ => Err(refused("to drop several tables in one statement", "drop them one by one")),
            },
            _ => Ok(None),
        }
    }

    fn create(create: CreateTable, sql: &str) -> Result<Self, QueryError> {
        let whole = create.to_string();
        let CreateTable { or_replace, if_not_exists, name, query, .. } = create;
        let Some(query) = query else {
            return Err(refused(
                "a table without rows to begin with",
                "write CREATE TABLE name AS SELECT ..., or send rows by a bulk ingest",
            ));
        };
        let existing = match (or_replace, if_not_exists) {
            (true, _) => Existing::Replace,
            (false, true) => Existing::Keep,
            (false, false) => Existing::Refuse,
        };
        let words = match existing {
            Existing::Replace => "CREATE OR REPLACE TABLE",
            Existing::Keep => "CREATE TABLE IF NOT EXISTS",
            Existing::Refuse => "CREATE TABLE",
        };
        // Whatever else a statement can say about a new table has no meaning here.
        if whole != format!("{words} {name} AS {query}") {
            return Err(refused("this form of CREATE TABLE", "write CREATE TABLE name AS SELECT ..."));
        }
        let rows = Request { query, text: sql.to_owned(), guests: Vec::new() };
        Ok(Self::Create { table: TableName::read(&name)?, existing, rows })
    }
}

impl TableName {
    fn read(name: &ObjectName) -> Result<Self, QueryError> {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        match parts.as_deref() {
            Some([name]) => Ok(Self { schema: None, name: normal(name) }),
            Some([schema, name]) => Ok(Self { schema: Some(normal(schema)), name: normal(name) }),
            _ => Err(refused("a table of another catalogue", "name it schema.table")),
        }
    }
}

fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// Queries are many and changes few, so a text is parsed here only if it has the words.
fn may_be_one(sql: &str) -> bool {
    let has =
        |word: &str| sql.as_bytes().windows(word.len()).any(|at| at.eq_ignore_ascii_case(word.as_bytes()));
    has("create") || has("drop")
}

fn refused(what: &str, instead: &str) -> QueryError {
    QueryError::Invalid { message: format!("not supported: {what}; {instead}"), place: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Result<Option<Change>, QueryError> {
        Change::read(sql, &Limits::default())
    }

    fn table(schema: Option<&str>, name: &str) -> TableName {
        TableName { schema: schema.map(str::to_owned), name: name.to_owned() }
    }

    #[test]
    fn a_table_is_made_of_a_query_in_three_ways() {
        for (words, expected) in [
            ("create table", Existing::Refuse),
            ("CREATE TABLE IF NOT EXISTS", Existing::Keep),
            ("CREATE OR REPLACE TABLE", Existing::Replace),
        ] {
            let sql = format!("/* mine */ {words} User_Maria.\"Stars\" AS SELECT 1 AS x");
            let Ok(Some(Change::Create { table: name, existing, rows })) = read(&sql) else {
                panic!("{sql} makes a table")
            };
            assert_eq!((name, existing), (table(Some("user_maria"), "Stars"), expected));
            assert_eq!(rows.query.to_string(), "SELECT 1 AS x");
        }
    }

    #[test]
    fn a_table_is_dropped() {
        let Ok(Some(Change::Drop { table: name, if_exists })) = read("DROP TABLE IF EXISTS t") else {
            panic!("it drops a table")
        };
        assert_eq!((name, if_exists), (table(None, "t"), true));
    }

    #[test]
    fn queries_and_other_statements_change_nothing() {
        for sql in
            ["SELECT 1", "SELECT 'drop table t' AS create_x", "DROP VIEW v", "CREATE VIEW v AS SELECT 1"]
        {
            assert!(matches!(read(sql), Ok(None)), "{sql}");
        }
    }

    #[test]
    fn other_forms_of_create_table_are_refused() {
        for sql in [
            "CREATE TABLE t (a INT)",
            "CREATE TEMPORARY TABLE t AS SELECT 1",
            "CREATE TABLE t (a) AS SELECT 1",
            "CREATE TABLE a.b.c AS SELECT 1",
            "DROP TABLE a, b",
        ] {
            assert!(read(sql).is_err(), "{sql}");
        }
    }
}
