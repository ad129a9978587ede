//! Prepared statements: what they will answer, what has to be bound, and the values that clients send for it. Values are
//! checked when they come, and travel with the statement in its sealed handle, so that the server keeps nothing.

use arrow::array::RecordBatch;
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, DoPutPreparedStatementResult,
};
use arrow_schema::Schema;
use bytes::Bytes;
use catalogue::engine::{Change, Prepared, User};
use tonic::Status;

use crate::seal::Purpose;
use crate::statement::Statement;
use crate::statements::{Statements, after, ipc};
use crate::status;

impl Statements {
    /// A statement to be used several times.
    pub(crate) async fn prepare(
        &self,
        user: &User,
        request: ActionCreatePreparedStatementRequest,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let Prepared { schema, parameters } = self.prepared_schemas(user, &request.query).await?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: self.handle(user, &Statement::of(&request.query)),
            dataset_schema: ipc(&schema)?,
            parameter_schema: ipc(&parameters)?,
        })
    }

    /// Binds values to a prepared statement, in place of those that were bound before.
    pub(crate) async fn bind(
        &self,
        user: &User,
        handle: &[u8],
        rows: &[RecordBatch],
    ) -> Result<DoPutPreparedStatementResult, Status> {
        let statement = self.prepared(user, handle)?;
        let row = match rows {
            [row] if row.num_rows() == 1 => row,
            _ => {
                return Err(Status::invalid_argument(
                    "bind one row of values: a query runs once for each row",
                ));
            }
        };
        let prepared = self.prepared_schemas(user, &statement.sql).await?;
        prepared.check(row).map_err(|error| status::of_query(&error))?;
        let bound = self.handle(user, &statement.bind(row)?);
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(bound) })
    }

    /// A prepared statement, with what is bound to it.
    pub(crate) fn prepared(&self, user: &User, handle: &[u8]) -> Result<Statement, Status> {
        self.open_statement(Purpose::Prepared, user, handle)
    }

    fn handle(&self, user: &User, statement: &Statement) -> Bytes {
        let expires = after(self.prepared_seconds);
        self.sealer.seal(Purpose::Prepared, &user.name, &statement.to_bytes(), expires)
    }

    async fn prepared_schemas(&self, user: &User, sql: &str) -> Result<Prepared, Status> {
        let change = match self.user_space {
            true => self.catalogue.change(sql).map_err(|error| status::of_query(&error))?,
            false => None,
        };
        // A client asks for no rows of a statement that has no columns.
        let none = || Schema::empty().into();
        let prepared = match change {
            Some(Change::Create { rows, .. }) => self.catalogue.prepare(user, &rows.sql()).await,
            Some(Change::Drop { .. }) => return Ok(Prepared { schema: none(), parameters: Schema::empty() }),
            None => return self.told(user, self.catalogue.prepare(user, sql).await),
        };
        Ok(Prepared { schema: none(), ..self.told(user, prepared)? })
    }
}
