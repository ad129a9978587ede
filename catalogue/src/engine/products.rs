//! `epoch_products(types, ids)`: light curves and spectra of sources by `source_id`, and why some are missing.
//!
//! One row for every source and retrieval type, never fewer: each has the product, or says in words why there is none.
//! This is a rewrite into joins with the tables that hold the products; how these find their rows is not known here.

mod arguments;
mod missing;
mod retrieval;

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::catalog::{TableFunction, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::functions::core::named_struct;
use datafusion::logical_expr::{Expr, ExprSchemable, JoinType, LogicalPlan, LogicalPlanBuilder, lit, when};

use super::Table;
use super::narrow::SOURCE_ID;
use crate::healpix;
use arguments::{Arguments, Ids};
pub use retrieval::RetrievalType;

/// The name of the function.
pub(crate) const NAME: &str = "epoch_products";

/// The table that says which sources there are, and what they have.
const SOURCES: &str = "gaia_source";

/// Columns that are where a source is, and not its product.
const PLACE: [&str; 5] = [SOURCE_ID, "solution_id", "ra", "dec", healpix::COLUMN];

/// The function, for the tables that a user may read.
pub(crate) fn function(tables: &[Table]) -> Arc<TableFunction> {
    let mut releases = Releases::new();
    for Table { info, provider } in tables {
        let release = releases.entry(info.schema.clone()).or_default();
        release.insert(info.name.clone(), Arc::clone(provider) as _);
    }
    Arc::new(TableFunction::new(NAME.to_owned(), Arc::new(EpochProducts(releases))))
}

/// Tables by schema and name.
type Releases = HashMap<String, HashMap<String, Arc<dyn TableProvider>>>;

#[derive(Debug)]
struct EpochProducts(Releases);

impl TableFunctionImpl for EpochProducts {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let Arguments { types, ids, release } = Arguments::new(args.exprs(), &self.0)?;
        let tables = self.0.get(&release).cloned().unwrap_or_default();
        let release = Release { name: release, tables };
        let branches = types.iter().map(|&wanted| release.branch(wanted, &types, &ids));
        let mut branches = branches.collect::<Result<Vec<_>>>()?.into_iter();
        let first =
            branches.next().map_or_else(|| LogicalPlanBuilder::empty(false), LogicalPlanBuilder::from);
        let plan = branches.try_fold(first, LogicalPlanBuilder::union)?.build()?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }
}

/// A table that the asked ids are joined with: the name it gets there, and the columns that are needed of it.
struct Side {
    alias: &'static str,
    table: &'static str,
    columns: Vec<String>,
}

/// The tables of one release of the catalogue.
struct Release {
    name: String,
    tables: HashMap<String, Arc<dyn TableProvider>>,
}

impl Release {
    /// The rows of one retrieval type, with a column for each of all types.
    fn branch(&self, wanted: RetrievalType, all: &[RetrievalType], ids: &Ids) -> Result<LogicalPlan> {
        let rows = LogicalPlanBuilder::from(ids.plan.clone()).alias("ids")?;
        let columns = vec![SOURCE_ID.to_owned(), wanted.flag().to_owned()];
        let rows = self.joined(rows, ids, Side { alias: "source", table: SOURCES, columns })?;
        let columns = [vec![SOURCE_ID.to_owned()], self.columns(wanted)].concat();
        let rows = self.joined(rows, ids, Side { alias: "product", table: wanted.table(), columns })?;
        let mut columns = vec![
            Expr::from(Column::new(Some("ids"), SOURCE_ID)),
            lit(wanted.name()).alias("retrieval_type"),
            missing::reason(rows.schema(), &self.name, wanted)?.alias("missing"),
        ];
        for &one in all.iter().filter(|one| self.tables.contains_key(one.table())) {
            let value = match one == wanted {
                true => self.product(wanted)?,
                false => lit(ScalarValue::try_from(&self.product_type(one)?)?),
            };
            columns.push(value.alias(one.name().to_lowercase()));
        }
        rows.project(columns)?.build()
    }

    /// Joins a table by `source_id`; rows stay as they are where the table does not exist.
    fn joined(&self, rows: LogicalPlanBuilder, ids: &Ids, side: Side) -> Result<LogicalPlanBuilder> {
        let Side { alias, table, columns } = side;
        let Some(provider) = self.tables.get(table) else { return Ok(rows) };
        let schema = provider.schema();
        let projection = columns.iter().filter_map(|column| schema.index_of(column).ok()).collect();
        let source = provider_as_source(Arc::clone(provider));
        let mut right = LogicalPlanBuilder::scan(alias, source, Some(projection))?;
        let key = |side| Column::new(Some(side), SOURCE_ID);
        if let Some(listed) = &ids.listed {
            // A list that is known before the query runs finds its pages before it runs.
            let listed = listed.iter().map(|&id| lit(id)).collect();
            right = right.filter(Expr::from(key(alias)).in_list(listed, false))?;
        }
        rows.join(right.build()?, JoinType::Left, (vec![key("ids")], vec![key(alias)]), None)
    }

    /// The columns that are the product itself.
    fn columns(&self, wanted: RetrievalType) -> Vec<String> {
        let Some(provider) = self.tables.get(wanted.table()) else { return Vec::new() };
        let schema = provider.schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        names.filter(|name| !PLACE.contains(&name.as_str())).collect()
    }

    /// The product as one struct; null for a source that has none.
    fn product(&self, wanted: RetrievalType) -> Result<Expr> {
        let fields = self
            .columns(wanted)
            .into_iter()
            .flat_map(|name| [lit(name.clone()), Expr::from(Column::new(Some("product"), name))]);
        let found = Expr::from(Column::new(Some("product"), SOURCE_ID)).is_not_null();
        when(found, named_struct().call(fields.collect())).end()
    }

    fn product_type(&self, wanted: RetrievalType) -> Result<DataType> {
        let Some(provider) = self.tables.get(wanted.table()) else { return Ok(DataType::Null) };
        let product = LogicalPlanBuilder::scan("product", provider_as_source(Arc::clone(provider)), None)?;
        self.product(wanted)?.get_type(product.schema().as_ref())
    }
}
