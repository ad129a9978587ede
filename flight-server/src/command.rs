//! What a descriptor or ticket asks for, parsed once. Decides nothing and answers nothing.

use arrow_flight::FlightDescriptor;
use arrow_flight::flight_descriptor::DescriptorType;
use arrow_flight::sql::{
    Any, Command as SqlCommand, CommandGetCatalogs, CommandGetDbSchemas, CommandGetSqlInfo,
    CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo, CommandStatementIngest,
};

use bytes::Bytes;
use prost::Message;
use tonic::Status;

use crate::keys::{Named, Reference};
use crate::status::unimplemented;

/// The scheme of protobuf's type URLs.
const TYPE_URL: &str = "type.googleapis.com/";

/// What a descriptor asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    /// A statement, in words.
    Statement(String),
    /// A statement that was prepared before.
    Prepared(Bytes),
    /// A listing.
    Listing(Listing),
}

/// What a ticket is good for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Redeem {
    /// The rows of a sealed statement.
    Statement(Bytes),
    /// A listing.
    Listing(Listing),
}

/// What a client sends rows for, or wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Put {
    /// The rows of a table.
    Ingest(CommandStatementIngest),
    /// A statement that changes a table, in words.
    Update(String),
    /// One that was prepared before, once for each row of values.
    PreparedUpdate(Bytes),
    /// Values for the parameters of a query that was prepared before.
    Bind(Bytes),
}

/// A listing of what the server has. It travels as its own ticket, for it reveals only what the caller may see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Listing {
    Catalogs(CommandGetCatalogs),
    Schemas(CommandGetDbSchemas),
    Tables(CommandGetTables),
    TableTypes(CommandGetTableTypes),
    SqlInfo(CommandGetSqlInfo),
    Types(CommandGetXdbcTypeInfo),
    PrimaryKeys(Named),
    References(Reference),
}

/// Reads a descriptor: a Flight SQL command, or plain SQL in UTF-8.
pub(crate) fn request(descriptor: &FlightDescriptor) -> Result<Request, Status> {
    if descriptor.r#type() != DescriptorType::Cmd {
        return Err(Status::invalid_argument(
            "no such flight: send a command with the SQL text in it, not a path",
        ));
    }
    let Some(any) = flight_sql(&descriptor.cmd)? else {
        let sql = String::from_utf8(descriptor.cmd.to_vec());
        return sql
            .map(Request::Statement)
            .map_err(|_| Status::invalid_argument("the command is not UTF-8 text"));
    };
    match command(any)? {
        SqlCommand::CommandStatementQuery(statement) => Ok(Request::Statement(statement.query)),
        SqlCommand::CommandPreparedStatementQuery(prepared) => {
            Ok(Request::Prepared(prepared.prepared_statement_handle))
        }
        other => listing(other).map(Request::Listing),
    }
}

/// Reads the descriptor of a DoPut.
pub(crate) fn put(descriptor: &FlightDescriptor) -> Result<Put, Status> {
    let any = flight_sql(&descriptor.cmd)?;
    let any = any.ok_or_else(|| {
        Status::invalid_argument(
            "rows are sent with a Flight SQL command: CommandStatementIngest names their table",
        )
    })?;
    match command(any)? {
        SqlCommand::CommandStatementIngest(ingest) => Ok(Put::Ingest(ingest)),
        SqlCommand::CommandStatementUpdate(update) => Ok(Put::Update(update.query)),
        SqlCommand::CommandPreparedStatementUpdate(update) => {
            Ok(Put::PreparedUpdate(update.prepared_statement_handle))
        }
        SqlCommand::CommandPreparedStatementQuery(query) => Ok(Put::Bind(query.prepared_statement_handle)),
        other => Err(unimplemented(short_name(&other))),
    }
}

/// Reads a ticket.
pub(crate) fn redeem(ticket: &Bytes) -> Result<Redeem, Status> {
    let any = flight_sql(ticket)?;
    let any = any.ok_or_else(|| {
        Status::permission_denied("this is no ticket of this server: ask GetFlightInfo for one")
    })?;
    match command(any)? {
        SqlCommand::TicketStatementQuery(ticket) => Ok(Redeem::Statement(ticket.statement_handle)),
        other => listing(other).map(Redeem::Listing),
    }
}

/// `None` when the bytes are no protobuf message of a known kind, and so are text.
fn flight_sql(bytes: &Bytes) -> Result<Option<Any>, Status> {
    match Any::decode(bytes.clone()) {
        Ok(any) if any.type_url.starts_with(TYPE_URL) => Ok(Some(any)),
        Ok(_) | Err(_) => Ok(None),
    }
}

fn command(any: Any) -> Result<SqlCommand, Status> {
    SqlCommand::try_from(any).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn listing(command: SqlCommand) -> Result<Listing, Status> {
    match command {
        SqlCommand::CommandGetCatalogs(query) => Ok(Listing::Catalogs(query)),
        SqlCommand::CommandGetDbSchemas(query) => Ok(Listing::Schemas(query)),
        SqlCommand::CommandGetTables(query) => Ok(Listing::Tables(query)),
        SqlCommand::CommandGetTableTypes(query) => Ok(Listing::TableTypes(query)),
        SqlCommand::CommandGetSqlInfo(query) => Ok(Listing::SqlInfo(query)),
        SqlCommand::CommandGetXdbcTypeInfo(query) => Ok(Listing::Types(query)),
        SqlCommand::CommandGetPrimaryKeys(of) => {
            Ok(Listing::PrimaryKeys(named(of.catalog, of.db_schema, of.table)))
        }
        SqlCommand::CommandGetExportedKeys(of) => {
            let target = Some(named(of.catalog, of.db_schema, of.table));
            Ok(Listing::References(Reference { target, from: None }))
        }
        SqlCommand::CommandGetImportedKeys(of) => {
            let from = Some(named(of.catalog, of.db_schema, of.table));
            Ok(Listing::References(Reference { target: None, from }))
        }
        SqlCommand::CommandGetCrossReference(of) => Ok(Listing::References(Reference {
            target: Some(named(of.pk_catalog, of.pk_db_schema, of.pk_table)),
            from: Some(named(of.fk_catalog, of.fk_db_schema, of.fk_table)),
        })),
        other => Err(unimplemented(short_name(&other))),
    }
}

fn named(catalog: Option<String>, schema: Option<String>, table: String) -> Named {
    Named { catalog, schema, table }
}

fn short_name(command: &SqlCommand) -> &str {
    command.type_url().rsplit('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use arrow_flight::sql::{CommandStatementQuery, CommandStatementSubstraitPlan, ProstMessageExt};

    use super::*;

    fn of(message: &impl ProstMessageExt) -> FlightDescriptor {
        FlightDescriptor::new_cmd(message.as_any().encode_to_vec())
    }

    #[test]
    fn sql_arrives_as_a_flight_sql_command_or_as_plain_text() {
        let statement = Request::Statement("SELECT 1".into());
        let command = CommandStatementQuery { query: "SELECT 1".into(), transaction_id: None };
        assert_eq!(request(&of(&command)).expect("a command"), statement);
        assert_eq!(request(&FlightDescriptor::new_cmd("SELECT 1")).expect("plain text"), statement);
    }

    #[test]
    fn what_is_not_offered_is_named() {
        let refused =
            request(&of(&CommandStatementSubstraitPlan::default())).expect_err("Substrait is not offered");
        assert_eq!(refused.code(), tonic::Code::Unimplemented);
        assert!(refused.message().starts_with("CommandStatementSubstraitPlan is not offered"), "{refused}");
    }

    #[test]
    fn text_is_no_ticket() {
        let refused = redeem(&Bytes::from_static(b"SELECT 1")).expect_err("a ticket is sealed");
        assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    }
}
