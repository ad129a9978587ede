//! The schemas of users' tables as the engine names them. A table is opened when it is asked for.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

use super::UserTable;
use super::open::OpenTable;

/// The tables of one schema, by name.
#[derive(Debug, Default)]
struct OwnSchema(BTreeMap<String, UserTable>);

/// The schemas that `tables` are in, by name.
pub(crate) fn schemas(tables: &[UserTable]) -> Vec<(String, Arc<dyn SchemaProvider>)> {
    let mut schemas: BTreeMap<&str, OwnSchema> = BTreeMap::new();
    for table in tables {
        let schema = schemas.entry(&table.info.schema).or_default();
        schema.0.insert(table.info.name.clone(), table.clone());
    }
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), Arc::new(schema) as _)).collect()
}

#[async_trait]
impl SchemaProvider for OwnSchema {
    fn table_names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = self.0.get(name) else { return Ok(None) };
        match OpenTable::open(table) {
            Ok(open) => Ok(Some(Arc::new(open))),
            // Dropped since the list of tables was made.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
