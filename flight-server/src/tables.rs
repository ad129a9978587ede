//! Users' tables: made of rows that clients send, or of a query's, and dropped.

use std::fmt;
use std::sync::Arc;

use api::names::Username;
use arrow_flight::sql::{CommandStatementIngest, TableExistsOption, TableNotExistOption};
use arrow_schema::Schema;
use audit::{Report, Reports, Verb};
use catalogue::engine::{self, Catalogue, Change, Existing, Request, User};
use futures::TryStreamExt;
use tonic::Status;
use user_space::{SpaceError, TableName, Upload, UserSpace, Way, owner_of_schema, schema_of};

use crate::incoming::Incoming;
use crate::listings::CATALOG;
use crate::report;
use crate::statement::Statement;
use crate::status::{self, unimplemented};

/// How much one message of an upload may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes, decompressed.
    pub(crate) batch_bytes: usize,
    /// Rows.
    pub(crate) batch_rows: usize,
}

/// Writes users' tables.
pub(crate) struct Tables {
    pub(crate) space: UserSpace,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) limits: Limits,
    pub(crate) reports: Reports,
}

impl Tables {
    /// Stores the rows that a client sends; how many there were.
    pub(crate) async fn ingest(
        &self,
        user: &User,
        command: CommandStatementIngest,
        incoming: Incoming,
    ) -> Result<i64, Status> {
        let CommandStatementIngest {
            table_definition_options,
            table,
            schema,
            catalog,
            temporary,
            transaction_id,
            options: _,
        } = command;
        if temporary || transaction_id.is_some() {
            return Err(unimplemented("an upload into a temporary table or within a transaction"));
        }
        if catalog.as_ref().is_some_and(|catalog| !catalog.is_empty() && catalog != CATALOG) {
            return Err(Status::not_found(format!(
                "there is one catalogue here, {CATALOG}: leave its name out"
            )));
        }
        let options = table_definition_options.unwrap_or_default();
        let way = way(options.if_not_exist(), options.if_exists())?;
        let name = engine::TableName { schema: schema.filter(|schema| !schema.is_empty()), name: table };
        let target = Target::read(user, &name)?;
        let mut report = self.report(user, Verb::Write, &target);
        let stored = self.store(user, &target, way, incoming, &mut report).await;
        report::stored(&mut report, &stored);
        stored
    }

    async fn store(
        &self,
        user: &User,
        target: &Target,
        way: Way,
        incoming: Incoming,
        report: &mut Report,
    ) -> Result<i64, Status> {
        let mut batches = incoming.batches(self.limits).await?;
        let upload = self.begin(user, target, way, &batches.schema()).await?;
        let Some(mut upload) = upload else { return Ok(0) };
        report.permitted = true;
        while let Some(batch) = batches.next().await? {
            upload = upload.write_apart(batch).await.map_err(refused)?;
        }
        finish(upload).await
    }

    /// Carries out a statement that changes a table; the rows that were stored, or nothing where it is another
    /// statement.
    pub(crate) async fn change(&self, user: &User, statement: &Statement) -> Result<Option<i64>, Status> {
        let change = self.catalogue.change(&statement.sql).map_err(|error| status::of_query(&error))?;
        match change {
            None => Ok(None),
            Some(Change::Create { table, existing, mut rows }) => {
                let values = statement.values()?;
                rows.bind(values.as_ref()).map_err(|error| status::of_query(&error))?;
                let target = Target::read(user, &table)?;
                let mut report = self.report(user, Verb::Write, &target);
                let stored = self.create(user, &target, existing, rows, &mut report).await;
                report::stored(&mut report, &stored);
                stored.map(Some)
            }
            Some(Change::Drop { table, if_exists }) => {
                let target = Target::read(user, &table)?;
                let mut report = self.report(user, Verb::Drop, &target);
                let dropped = self.drop_table(user, &target, if_exists).await;
                report::stored(&mut report, &dropped);
                dropped.map(Some)
            }
        }
    }

    fn report(&self, user: &User, verb: Verb, target: &Target) -> Report {
        let mut report = self.reports.begin(user.name.as_str(), verb);
        report.tables.push(target.to_string());
        report
    }

    async fn create(
        &self,
        user: &User,
        target: &Target,
        existing: Existing,
        rows: Request,
        report: &mut Report,
    ) -> Result<i64, Status> {
        let of_query = |error| status::of_query(&error);
        let query = self.catalogue.plan_request(user, rows).await.map_err(of_query)?;
        let way = match existing {
            Existing::Refuse => Way::Create,
            Existing::Keep => Way::Keep,
            Existing::Replace => Way::Replace,
        };
        let upload = self.begin(user, target, way, &query.schema()).await?;
        let Some(mut upload) = upload else { return Ok(0) };
        report.permitted = true;
        report.tables.extend(query.tables());
        let mut rows = query.execute().await.map_err(of_query)?;
        while let Some(batch) = rows.try_next().await.map_err(of_query)? {
            upload = upload.write_apart(batch).await.map_err(refused)?;
        }
        finish(upload).await
    }

    async fn drop_table(&self, user: &User, target: &Target, if_exists: bool) -> Result<i64, Status> {
        let dropped =
            self.space.drop_table(&user.name, &target.owner, &target.name).await.map_err(refused)?;
        if !dropped && !if_exists {
            return Err(refused(SpaceError::Missing { table: target.to_string() }));
        }
        Ok(0)
    }

    async fn begin(
        &self,
        user: &User,
        target: &Target,
        way: Way,
        schema: &Schema,
    ) -> Result<Option<Upload>, Status> {
        let Target { owner, name } = target;
        self.space.upload(&user.name, owner, name, way, schema).await.map_err(refused)
    }
}

async fn finish(upload: Upload) -> Result<i64, Status> {
    let rows = upload.finish().await.map_err(refused)?.rows;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// A table in user space.
struct Target {
    owner: Username,
    name: TableName,
}

impl Target {
    /// The table that a name means: a caller's own, or one of another's schema. Whether that schema exists is not said.
    fn read(user: &User, table: &engine::TableName) -> Result<Self, Status> {
        let name = table.name.parse().map_err(refused)?;
        let Some(schema) = &table.schema else { return Ok(Self { owner: user.name.clone(), name }) };
        let owner = owner_of_schema(schema).ok_or_else(|| {
            let schema = schema.chars().filter(|c| !c.is_control()).take(80).collect();
            refused(SpaceError::NotYours { schema, own: schema_of(&user.name) })
        })?;
        Ok(Self { owner, name })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", schema_of(&self.owner), self.name)
    }
}

/// Every client says both; what it leaves out means to take no risk.
fn way(missing: TableNotExistOption, existing: TableExistsOption) -> Result<Way, Status> {
    match (missing, existing) {
        (TableNotExistOption::Fail, TableExistsOption::Append) => Ok(Way::Append),
        (_, TableExistsOption::Append) => Ok(Way::CreateOrAppend),
        (TableNotExistOption::Fail, _) => {
            Err(unimplemented("an upload that replaces a table only where there is one"))
        }
        (_, TableExistsOption::Replace) => Ok(Way::Replace),
        (_, TableExistsOption::Fail | TableExistsOption::Unspecified) => Ok(Way::Create),
    }
}

fn refused(error: SpaceError) -> Status {
    status::of_space(&error)
}
