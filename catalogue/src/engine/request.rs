//! A query that comes as a syntax tree and not as SQL text, and tables that are there for it alone.
//!
//! Whoever made the tree has checked its language and its depth. What it reads and how much it may use are
//! decided here as for any other query.

use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;

use super::error::QueryError;
use super::guard;
use super::limits::Limits;
use super::parameters;

/// A query in a syntax tree.
#[derive(Clone, Debug)]
pub struct Request {
    /// The query; its spans are places in `text`.
    pub query: Box<ast::Query>,
    /// What the person wrote, which errors quote.
    pub text: String,
    /// Tables that only this query sees, besides the catalogue's.
    pub guests: Vec<Guest>,
}

impl Request {
    /// Writes a row of values into the places that the query leaves open (`?`, `$1` or `$name`). Without a row there may be
    /// none: an open place is an error.
    pub fn bind(&mut self, values: Option<&RecordBatch>) -> Result<(), QueryError> {
        parameters::bind(self.query.as_mut(), values)
    }

    /// The query's text, with the places that are still open.
    pub fn sql(&self) -> String {
        self.query.to_string()
    }
}

/// A table in memory that one query sees. It must not have the name of a table of the catalogue.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The schema, in lower case, such as `tap_upload`.
    pub schema: String,
    /// The table's name within it.
    pub name: String,
    /// The columns of all `rows`; their metadata reach the answer as those of the catalogue's columns do.
    pub columns: SchemaRef,
    /// The rows; their memory is the caller's and not part of the query's.
    pub rows: Vec<RecordBatch>,
}

/// What there is to plan.
pub(super) enum Asked {
    /// A text, and values for the places that it leaves open.
    Sql(String, Option<RecordBatch>),
    /// A text whose places stay open: it is planned and never run.
    Open(String),
    Request(Request),
}

impl Asked {
    /// The statement if it may run, its text, and its own tables.
    pub(super) fn checked(self, limits: &Limits) -> Result<(Statement, String, Vec<Guest>), QueryError> {
        match self {
            Self::Sql(sql, values) => {
                let mut statement = guard::statement(&sql, limits)?;
                if let Some(sql) = guard::innermost_mut(&mut statement) {
                    parameters::bind(sql, values.as_ref())?;
                }
                Ok((guard::parsed(statement, limits)?, sql, Vec::new()))
            }
            Self::Open(sql) => {
                let mut statement = guard::statement(&sql, limits)?;
                if let Some(sql) = guard::innermost_mut(&mut statement) {
                    parameters::leave_open(sql)?;
                }
                Ok((guard::parsed(statement, limits)?, sql, Vec::new()))
            }
            Self::Request(Request { query, text, guests }) => {
                let statement = Statement::Statement(Box::new(ast::Statement::Query(query)));
                Ok((guard::parsed(statement, limits)?, text, guests))
            }
        }
    }
}
