//! What owners say about their tables: names, and what columns are.

use std::fs::File;
use std::sync::Arc;

use api::names::Username;
use arrow::array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::columns;
use crate::error::SpaceError;
use crate::listing::DESCRIPTION;
use crate::name::{TableName, excerpt, schema_of};
use crate::registry::Registered;
use crate::space::UserSpace;
use crate::upload::{Upload, Way};

/// What an owner says about a column. What is left out stays as it was; an empty text takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNote {
    /// The column.
    pub column: String,
    /// Its UCD.
    pub ucd: Option<String>,
    /// Its utype.
    pub utype: Option<String>,
    /// What it is for queries on positions and magnitudes, in the words of TAP+: `Ra`, `Dec`, `Flux`, `Mag` or `PK`.
    pub flag: Option<String>,
}

impl UserSpace {
    /// Writes down what columns of a table are.
    pub async fn describe(
        &self,
        owner: &Username,
        name: &TableName,
        notes: &[ColumnNote],
    ) -> Result<(), SpaceError> {
        let described =
            |schema: &Schema| notes.iter().try_fold(schema.clone(), |schema, note| noted(&schema, note));
        match self.registry().edit_columns(owner, name, described).await? {
            true => Ok(()),
            false => Err(missing(owner, name)),
        }
    }

    /// Writes down what a table is; nothing takes away what was said.
    pub async fn describe_table(
        &self,
        owner: &Username,
        name: &TableName,
        description: Option<&str>,
    ) -> Result<(), SpaceError> {
        let limits = *self.limits();
        let described = |schema: &Schema| {
            let mut about = schema.metadata().clone();
            about.remove(DESCRIPTION);
            about.extend(description.map(|text| (DESCRIPTION.to_owned(), text.to_owned())));
            let described = Schema::new_with_metadata(schema.fields().clone(), about);
            columns::kept(&described, &limits).map(|kept| kept.as_ref().clone())
        };
        match self.registry().edit_columns(owner, name, described).await? {
            true => Ok(()),
            false => Err(missing(owner, name)),
        }
    }

    /// Gives a table another name, and then its columns, which writes its rows anew.
    pub async fn rename(
        &self,
        owner: &Username,
        name: &TableName,
        new_name: &TableName,
        columns: &[(String, String)],
    ) -> Result<(), SpaceError> {
        let table = self.table(owner, name).await?;
        let renamed = renamed(&table.columns, columns)?;
        columns::kept(&renamed, self.limits())?;
        if name != new_name && !self.registry().rename(owner, name, new_name).await? {
            return Err(missing(owner, name));
        }
        if columns.is_empty() {
            return Ok(());
        }
        let Some(upload) = self.upload(owner, owner, new_name, Way::Replace, &renamed).await? else {
            return Ok(());
        };
        let paths = table.files.iter().map(|id| self.file_path(id)).collect();
        let copied = tokio::task::spawn_blocking(move || copy(upload, paths)).await;
        copied.map_err(|error| SpaceError::Disk(std::io::Error::other(error)))??.finish().await.map(drop)
    }

    async fn table(&self, owner: &Username, name: &TableName) -> Result<Registered, SpaceError> {
        let (_, tables) = self.registry().tables(owner).await?;
        let table = tables.into_iter().find(|table| table.owner == *owner && table.name == name.as_str());
        table.ok_or_else(|| missing(owner, name))
    }
}

/// The rows of some files under the columns of an upload. Blocks.
fn copy(mut upload: Upload, paths: Vec<std::path::PathBuf>) -> Result<Upload, SpaceError> {
    for path in paths {
        let file = File::open(path).map_err(SpaceError::Disk)?;
        let rows = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|rows| rows.build());
        for batch in rows.map_err(SpaceError::Rows)? {
            let batch =
                batch.and_then(|batch| RecordBatch::try_new(upload.columns(), batch.columns().to_vec()));
            upload.write(&batch.map_err(|error| SpaceError::Rows(error.into()))?)?;
        }
    }
    Ok(upload)
}

fn noted(schema: &Schema, note: &ColumnNote) -> Result<Schema, SpaceError> {
    let ColumnNote { column, ucd, utype, flag } = note;
    change(schema, column, |field| {
        let mut about = field.metadata().clone();
        for (key, value) in [("ucd", ucd), ("utype", utype), ("flag", flag)] {
            match value.as_deref() {
                None => {}
                Some("") => drop(about.remove(key)),
                Some(value) => drop(about.insert(key.to_owned(), value.to_owned())),
            }
        }
        field.with_metadata(about)
    })
}

fn renamed(schema: &SchemaRef, names: &[(String, String)]) -> Result<Schema, SpaceError> {
    let rename =
        |schema: Schema, (old, new): &(String, String)| change(&schema, old, |field| field.with_name(new));
    names.iter().try_fold(schema.as_ref().clone(), rename)
}

/// The schema with one field changed.
fn change(schema: &Schema, column: &str, change: impl FnOnce(Field) -> Field) -> Result<Schema, SpaceError> {
    let index = schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(column));
    let index = index.ok_or_else(|| SpaceError::NoColumn { column: excerpt(column) })?;
    let mut fields = schema.fields().to_vec();
    fields[index] = Arc::new(change(fields[index].as_ref().clone()));
    Ok(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn missing(owner: &Username, name: &TableName) -> SpaceError {
    SpaceError::Missing { table: format!("{}.{name}", schema_of(owner)) }
}
