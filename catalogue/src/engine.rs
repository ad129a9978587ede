//! The query engine: `(user, SQL) -> bounded Arrow stream` over the HATS tables of one data directory.
//!
//! Opens the tables once, plans each query in a session of its own, and enforces [`Limits`]. It writes nothing
//! but the index of a table that has none, and knows no protocol.

mod below;
mod bounds;
mod change;
mod cheap_first;
mod conditions;
mod crossmatch;
mod damage;
mod diagnose;
mod error;
mod estimate;
mod flat;
mod footer;
mod footers;
mod functions;
mod guard;
mod index;
mod joins;
mod keys;
mod limits;
mod local_join;
mod mark;
mod members;
mod mount;
mod narrow;
mod nearest;
mod number;
mod parameters;
mod place;
mod products;
mod query;
mod reader;
mod request;
mod sandbox;
mod share;
mod small_groups;
mod spill;
mod stop;
mod table;
mod user_tables;
mod watch;
mod workers;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use api::names::Username;
use arrow::array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SQLOptions;
use datafusion::sql::parser::Statement;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

pub use change::{Change, Existing, TableName};
pub use error::{Crowd, QueryError};
pub use limits::{Limits, LimitsError};
pub use mount::{BrokenTable, OpenError, TableError};
pub use parameters::Prepared;
pub use place::Place;
pub use products::RetrievalType;
pub use query::{Query, Rows};
pub use request::{Guest, Request};
pub use user_tables::{Unavailable, UserTable, UserTables, Visible};

use footers::Footers;
use reader::Readers;
use request::Asked;
use sandbox::{Own, Sandbox};
use share::{Share, Shares};
use stop::Stop;
use table::HatsTable;

/// Makes the index of a table that has none, so that nobody waits for it when the table is first opened. Fails when
/// the table could not be opened.
pub fn index_table(data_dir: &Path, schema: &str, name: &str) -> Result<(), TableError> {
    mount::index(data_dir, schema, name)
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The account.
    pub name: Username,
}

/// What a listing says about a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableInfo {
    /// The schema: a release such as `gaiadr3`.
    pub schema: String,
    /// The table's name within it.
    pub name: String,
    /// Its columns; units, UCDs and descriptions are in the fields' metadata.
    pub arrow_schema: SchemaRef,
    /// Its rows.
    pub rows: u64,
}

impl TableInfo {
    /// `schema.name`
    pub fn qualified_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

struct Table {
    info: TableInfo,
    provider: Arc<HatsTable>,
}

/// The open tables of a data directory.
pub struct Catalogue {
    shelf: Arc<Shelf>,
    shares: Shares,
    user_tables: Option<Arc<dyn UserTables>>,
}

/// What every query needs, wherever it is planned.
struct Shelf {
    tables: Vec<Table>,
    broken: Vec<BrokenTable>,
    sandbox: Sandbox,
    limits: Limits,
}

impl Catalogue {
    /// Opens every table under `data_dir` (`<schema>/<table>/` or `<table>/`). A table whose index is missing or
    /// older than its files is read and checked, which takes a while, and its index is written beside it; blocks
    /// while it reads. A table that cannot be read is among the [`Catalogue::broken`] ones.
    pub fn open(data_dir: &Path, limits: Limits) -> Result<Self, OpenError> {
        let failed = |source: std::io::Error| OpenError::Directory { path: data_dir.to_owned(), source };
        let data_dir = data_dir.canonicalize().map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(&data_dir).map_err(|error| failed(error.into()))?;
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        let footers = Arc::new(Footers::new(&data_dir, limits.footer_bytes));
        let readers = Arc::new(Readers { store: Arc::clone(&store), footers, meter: None });
        let (mounted, broken) = mount::tables(&data_dir)?;
        for table in &broken {
            tracing::error!(table.schema, table.name, "{table}");
        }
        let tables: Vec<Table> = mounted.into_iter().map(|mounted| Table::new(mounted, &readers)).collect();
        let shares = Shares::new(&limits);
        let sandbox = Sandbox::new(&tables, store, &limits).map_err(OpenError::Engine)?;
        Ok(Self { shelf: Arc::new(Shelf { tables, broken, sandbox, limits }), shares, user_tables: None })
    }

    /// The same with tables that users have.
    pub fn with_user_tables(self, user_tables: Arc<dyn UserTables>) -> Self {
        Self { user_tables: Some(user_tables), ..self }
    }

    /// The tables of the releases that a user may read, by schema and name.
    pub fn releases(&self, _user: &User) -> Vec<TableInfo> {
        self.shelf.tables.iter().map(|table| table.info.clone()).collect()
    }

    /// All tables that a user may read: those of the releases, and then those of users, by schema and name.
    pub async fn tables(&self, user: &User) -> Result<Vec<TableInfo>, QueryError> {
        let of_users = self.user_tables_of(user).await?;
        let of_users = of_users.tables.iter().map(|table| table.info.clone());
        Ok(self.releases(user).into_iter().chain(of_users).collect())
    }

    async fn user_tables_of(&self, user: &User) -> Result<Visible, QueryError> {
        match &self.user_tables {
            Some(user_tables) => Ok(user_tables.visible(user).await?),
            None => Ok(Visible::default()),
        }
    }

    /// A number that tells what the tables of a schema hold from what they held before their files were changed. The
    /// same files have the same number on every server.
    pub fn snapshot(&self, schema: &str) -> u64 {
        let mut told = Vec::new();
        for Table { info, provider } in self.shelf.tables.iter().filter(|table| table.info.schema == schema) {
            told.extend_from_slice(info.name.as_bytes());
            told.extend(provider.index.mark().to_le_bytes());
        }
        mark::mark(&told)
    }

    /// A number that changes whenever a user's table does, or who may see it.
    pub async fn epoch(&self) -> Result<u64, QueryError> {
        match &self.user_tables {
            Some(user_tables) => Ok(user_tables.epoch().await?),
            None => Ok(0),
        }
    }

    /// What a statement changes, if it is not a query.
    pub fn change(&self, sql: &str) -> Result<Option<Change>, QueryError> {
        Change::read(sql, &self.shelf.limits)
    }

    /// The tables that are there and cannot be read, for the operator; they name paths of the server.
    pub fn broken(&self) -> &[BrokenTable] {
        &self.shelf.broken
    }

    /// The limits of every query.
    pub fn limits(&self) -> &Limits {
        &self.shelf.limits
    }

    /// Checks and plans one SQL statement, within the time that a query may take.
    pub async fn plan(&self, user: &User, sql: &str) -> Result<Query, QueryError> {
        self.planned(user, Asked::Sql(sql.to_owned(), None)).await
    }

    /// The same with a row of values for the places that the text leaves open (`?`, `$1` or `$name`).
    pub async fn plan_bound(
        &self,
        user: &User,
        sql: &str,
        values: Option<RecordBatch>,
    ) -> Result<Query, QueryError> {
        self.planned(user, Asked::Sql(sql.to_owned(), values)).await
    }

    /// Checks a statement, and tells what it will answer and what has to be bound first.
    pub async fn prepare(&self, user: &User, sql: &str) -> Result<Prepared, QueryError> {
        let query = self.planned(user, Asked::Open(sql.to_owned())).await?;
        Ok(Prepared { schema: query.schema(), parameters: parameters::of_plan(&query.plan) })
    }

    /// Plans a query that was read from another language than SQL, within the time that a query may take.
    pub async fn plan_request(&self, user: &User, request: Request) -> Result<Query, QueryError> {
        self.planned(user, Asked::Request(request)).await
    }

    async fn planned(&self, user: &User, asked: Asked) -> Result<Query, QueryError> {
        let stop = Stop::after(self.shelf.limits.query_seconds);
        let visible = self.user_tables_of(user).await?;
        let epoch = visible.epoch;
        let share = self.shares.of(&user.name)?;
        let shelf = Arc::clone(&self.shelf);
        let (own, watched) = (Arc::clone(&share), stop.clone());
        let planning =
            share.workers.spawn(async move { shelf.plan(&own, asked, &visible.tables, &watched).await });
        let planned = match tokio::time::timeout_at(stop.deadline, planning).await {
            Err(_) => return Err(stop.late()),
            Ok(Err(error)) => return Err(workers::died(error)),
            Ok(Ok(planned)) => planned,
        };
        let (session, plan) = planned?;
        Ok(Query { session, plan, shelf: Arc::clone(&self.shelf), share, epoch })
    }
}

impl Shelf {
    async fn plan(
        &self,
        share: &Share,
        asked: Asked,
        user_tables: &[UserTable],
        stop: &Stop,
    ) -> Result<(SessionState, LogicalPlan), QueryError> {
        let open = matches!(asked, Asked::Open(_));
        let (statement, text, guests) = asked.checked(&self.limits)?;
        let own = Own { guests: &guests, user_tables };
        let session = self.sandbox.session(&self.tables, &own, share, stop);
        let state = session.map_err(|error| diagnose::running(error, &self.limits))?;
        self.check_tables(&state, &own, &statement, &text)?;
        let plan = match open {
            true => open_plan(&state, statement).await,
            false => logical_plan(&state, statement).await,
        };
        let plan = plan.map_err(|error| diagnose::planning(error, &text, &self.limits))?;
        Ok((state, plan))
    }

    /// Unknown tables are found here and not by the planner, which cannot suggest another one.
    fn check_tables(
        &self,
        state: &SessionState,
        own: &Own<'_>,
        statement: &Statement,
        sql: &str,
    ) -> Result<(), QueryError> {
        let references = state.resolve_table_references(statement);
        let references = references.map_err(|error| diagnose::planning(error, sql, &self.limits))?;
        let known = self.known_names(state, own);
        // SHOW reads listings that its text does not name.
        let named = |reference: &TableReference| {
            guard::is_query(statement) || reference.schema() != Some(LISTING_SCHEMA)
        };
        for reference in references.into_iter().filter(named) {
            let (name, bare) = (name_of(&reference), matches!(reference, TableReference::Bare { .. }));
            let function = bare && (name == crossmatch::NAME || state.table_functions().contains_key(&name));
            if let Some(broken) = self.broken_table(state, &reference) {
                return Err(broken.told());
            }
            if !function && !known.contains(&name) {
                let suggestion = diagnose::closest(&name, known.iter().map(String::as_str));
                let place = guard::place_of_table(statement, &name, sql);
                return Err(QueryError::UnknownTable { name, suggestion, place });
            }
        }
        Ok(())
    }

    fn broken_table(&self, state: &SessionState, reference: &TableReference) -> Option<&BrokenTable> {
        let schema = reference.schema().unwrap_or(&state.config().options().catalog.default_schema);
        self.broken.iter().find(|table| table.schema == schema && table.name == reference.table())
    }

    fn known_names(&self, state: &SessionState, own: &Own<'_>) -> BTreeSet<String> {
        let default_schema = &state.config().options().catalog.default_schema;
        let of_default = |table: &&Table| table.info.schema == *default_schema;
        let bare = self.tables.iter().filter(of_default).map(|table| table.info.name.clone());
        let qualified = self.tables.iter().map(|table| table.info.qualified_name());
        let listings = LISTINGS.iter().map(|name| format!("{LISTING_SCHEMA}.{name}"));
        let guests = own.guests.iter().map(|guest| format!("{}.{}", guest.schema, guest.name));
        let of_user = own.user_tables.iter().map(|table| table.info.qualified_name());
        bare.chain(qualified).chain(listings).chain(guests).chain(of_user).collect()
    }
}

const LISTING_SCHEMA: &str = "information_schema";

/// Tables about tables. The engine's settings are not among them: they name directories of the server.
const LISTINGS: [&str; 6] = ["tables", "views", "columns", "schemata", "routines", "parameters"];

fn name_of(reference: &TableReference) -> String {
    match (reference.schema(), reference.table()) {
        (Some(schema), table) => format!("{schema}.{table}"),
        (None, table) => table.to_owned(),
    }
}

async fn logical_plan(state: &SessionState, statement: Statement) -> datafusion::error::Result<LogicalPlan> {
    let plan = state.statement_to_plan(statement).await?;
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only.verify_plan(&plan)?;
    state.optimize(&plan)
}

/// A plan with places left open: types are settled, and nothing is computed ahead.
async fn open_plan(state: &SessionState, statement: Statement) -> datafusion::error::Result<LogicalPlan> {
    let plan = state.statement_to_plan(statement).await?;
    state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})
}

impl Table {
    fn new(mounted: mount::Mounted, readers: &Arc<Readers>) -> Self {
        let mount::Mounted { schema_name, name, directory, schema, keys, index } = mounted;
        let index = Arc::new(index);
        let provider = HatsTable {
            name: format!("{schema_name}.{name}").into(),
            schema: Arc::clone(&schema),
            keys: Arc::new(keys),
            index: Arc::clone(&index),
            directory: directory.into(),
            store: sandbox::store_url(),
            readers: Arc::clone(readers),
        };
        let (rows, pages, index_bytes) = (index.rows(), index.pages(), index.memory_bytes());
        tracing::info!(table = %provider.name, rows, pages, index_bytes, "open");
        let info = TableInfo { schema: schema_name, name, arrow_schema: schema, rows };
        Self { info, provider: Arc::new(provider) }
    }
}
