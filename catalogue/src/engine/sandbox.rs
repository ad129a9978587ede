//! The room in which one query runs: its own session, memory, disk and names, and nothing else of the machine.
//!
//! No file formats, no table factories, one object store under a scheme of our own that SQL cannot register.

use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemTable, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionState, SessionStateDefaults, TaskContext};
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use url::Url;

use super::Table;
use super::cheap_first::CheapFirst;
use super::conditions::InBlocks;
use super::crossmatch;
use super::functions;
use super::joins;
use super::limits::Limits;
use super::local_join::LocalJoins;
use super::nearest;
use super::products;
use super::request::Guest;
use super::share::Share;
use super::small_groups::ByPlace;
use super::spill;
use super::stop::Stop;
use super::table::LATE_KEYS;
use super::user_tables::{self, UserTable};

/// Where tables' files are, as the engine names it.
pub(crate) const STORE: &str = "nearside://data";

const CATALOG: &str = "nearside";

/// Functions whose result is as large as an argument says. They allocate outside the memory pool, so that one
/// call could take the whole machine.
const UNBOUNDED: [&str; 12] = [
    "array_repeat",
    "array_resize",
    "generate_series",
    "list_repeat",
    "list_resize",
    "lpad",
    "range",
    "repeat",
    "rpad",
    "space",
    "array_pad",
    "list_pad",
];

/// [`STORE`] as the engine wants it.
pub(crate) fn store_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse(STORE).expect("a URL without a path")
}

/// What the sessions of all queries have in common: names, functions, rules, and where files are. Made once, because
/// making it takes longer than a small query.
pub(crate) struct Sandbox {
    session: SessionState,
    runtime: RuntimeEnv,
    spill_bytes: u64,
}

impl Sandbox {
    /// Sessions that see `tables`, whose files are in `store`.
    pub(crate) fn new(tables: &[Table], store: Arc<dyn ObjectStore>, limits: &Limits) -> Result<Self> {
        let runtime =
            RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(OneStore(store))).build()?;
        let session = session(tables, limits, Arc::new(runtime.clone()));
        session.catalog_list().register_catalog(CATALOG.to_owned(), names(tables, &Own::default())?);
        Ok(Self { session, runtime, spill_bytes: limits.query_spill_bytes })
    }

    /// A session to plan one query in. Its functions end with `stop`, and what it reads counts for the share. With
    /// tables of its own it has names of its own, so that no other query sees them.
    pub(crate) fn session(
        &self,
        tables: &[Table],
        own: &Own<'_>,
        share: &Share,
        stop: &Stop,
    ) -> Result<SessionState> {
        let mut session = self.session.clone();
        if !own.is_empty() {
            let catalogs = MemoryCatalogProviderList::new();
            catalogs.register_catalog(CATALOG.to_owned(), names(tables, own)?);
            session.register_catalog_list(Arc::new(catalogs));
        }
        session.config_mut().set_extension(Arc::new(share.meter()));
        session.config_mut().options_mut().extensions.insert(stop.clone());
        session.mark_start_execution();
        Ok(session)
    }

    /// Where a planned query runs: with memory and disk of its own, and no names, which it needs no more.
    pub(crate) fn task(
        &self,
        session: &SessionState,
        share: &Share,
        stop: &Stop,
    ) -> Result<Arc<TaskContext>> {
        let runtime = RuntimeEnv {
            memory_pool: Arc::new(share.memory(stop)),
            disk_manager: Arc::new(spill::disk(self.spill_bytes, stop)?),
            ..self.runtime.clone()
        };
        let (name, config) = (session.session_id().to_owned(), session.config().clone());
        let (scalar, higher_order, aggregate, window) = Default::default();
        let task =
            TaskContext::new(None, name, config, scalar, higher_order, aggregate, window, Arc::new(runtime));
        Ok(Arc::new(task))
    }
}

/// Tables that one query sees, and others do not.
#[derive(Clone, Copy, Default)]
pub(crate) struct Own<'a> {
    /// Those that it brought along.
    pub(crate) guests: &'a [Guest],
    /// Those of its user.
    pub(crate) user_tables: &'a [UserTable],
}

impl Own<'_> {
    fn is_empty(&self) -> bool {
        self.guests.is_empty() && self.user_tables.is_empty()
    }
}

fn session(tables: &[Table], limits: &Limits, runtime: Arc<RuntimeEnv>) -> SessionState {
    let bounded = |names: &[String], name: &str| {
        !UNBOUNDED.iter().any(|no| *no == name || names.iter().any(|n| n == no))
    };
    let mut scalar = SessionStateDefaults::default_scalar_functions();
    scalar.retain(|function| bounded(function.aliases(), function.name()));
    let aggregate = functions::aggregate(SessionStateDefaults::default_aggregate_functions());
    let mut table_functions = SessionStateDefaults::default_table_functions();
    table_functions.push(products::function(tables));
    let mut rules = nearest::rules();
    LocalJoins::new(limits).take_place(&mut rules);
    rules.push(Arc::new(CheapFirst));
    rules.push(Arc::new(InBlocks));
    rules.push(Arc::new(ByPlace));
    let builder = SessionStateBuilder::new()
        .with_config(config(tables, limits))
        .with_runtime_env(runtime)
        .with_scalar_functions(functions::scalar(scalar, limits))
        .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
        .with_aggregate_functions(aggregate)
        .with_window_functions(SessionStateDefaults::default_window_functions())
        .with_table_function_list(table_functions)
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_physical_optimizer_rules(joins::in_parts(rules));
    crossmatch::install(builder, limits).build()
}

fn config(tables: &[Table], limits: &Limits) -> SessionConfig {
    // With one schema its name may be left out.
    let first = tables.first().map(|table| table.info.schema.as_str());
    let only = first.filter(|first| tables.iter().all(|table| table.info.schema == *first));
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, only.unwrap_or("public"))
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(limits.query_threads)
        .with_batch_size(limits.batch_rows);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    options.optimizer.hash_join_inlist_pushdown_max_distinct_values = LATE_KEYS;
    options.optimizer.hash_join_inlist_pushdown_max_size = LATE_KEYS * size_of::<i64>();
    options.optimizer.hash_join_single_partition_threshold = joins::WHOLE_BYTES;
    options.optimizer.hash_join_single_partition_threshold_rows = joins::WHOLE_BYTES / size_of::<i64>();
    config
}

fn names(tables: &[Table], own: &Own<'_>) -> Result<Arc<MemoryCatalogProvider>> {
    let catalog = Arc::new(MemoryCatalogProvider::new());
    for Table { info, provider } in tables {
        name(&catalog, &info.schema, &info.name, Arc::clone(provider) as _)?;
    }
    for (schema, tables) in user_tables::schemas(own.user_tables) {
        catalog.register_schema(&schema, tables)?;
    }
    for Guest { schema, name: table, columns, rows } in own.guests {
        let provider = MemTable::try_new(Arc::clone(columns), vec![rows.clone()])?;
        name(&catalog, schema, table, Arc::new(provider))?;
    }
    Ok(catalog)
}

fn name(
    catalog: &MemoryCatalogProvider,
    schema: &str,
    table: &str,
    provider: Arc<dyn TableProvider>,
) -> Result<()> {
    let tables = match catalog.schema(schema) {
        Some(tables) => tables,
        None => {
            let tables: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
            catalog.register_schema(schema, Arc::clone(&tables))?;
            tables
        }
    };
    tables.register_table(table.to_owned(), provider).map(|_| ())
}

/// A registry that has the data directory, and never another store.
#[derive(Debug)]
struct OneStore(Arc<dyn ObjectStore>);

impl ObjectStoreRegistry for OneStore {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        match url.as_str().strip_prefix(STORE) {
            Some("" | "/") => Ok(Arc::clone(&self.0)),
            _ => Err(plan_datafusion_err!("there are no files here, only tables")),
        }
    }
}
