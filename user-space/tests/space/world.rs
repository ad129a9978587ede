//! A user space, and the rows in its tables.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use api::names::Username;
use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use catalogue::engine::{User, UserTables};
use database::Location;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;
use test_postgres::Postgres;
use user_space::{Disk, Outcome, SpaceError, SpaceLimits, TableName, UserSpace, Way};

pub fn user(name: &str) -> Username {
    name.parse().expect("a good user name")
}

pub fn table(name: &str) -> TableName {
    name.parse().expect("a good table name")
}

pub fn batch(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let column = Int64Array::from_iter_values(values);
    RecordBatch::try_from_iter([("n", Arc::new(column) as _)]).expect("a batch")
}

/// Where a user space is: a directory, and a database in it or in PostgreSQL.
pub struct Home {
    dir: TempDir,
    database: Option<Location>,
    _postgres: Option<Postgres>,
}

impl Home {
    /// One with SQLite and one with PostgreSQL.
    pub fn both() -> [Self; 2] {
        let postgres = Postgres::start();
        let database = postgres.database().parse().expect("a place");
        [Self::sqlite(), Self { database: Some(database), _postgres: Some(postgres), ..Self::sqlite() }]
    }

    pub fn sqlite() -> Self {
        Self { dir: TempDir::new().expect("a directory"), database: None, _postgres: None }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub async fn open(&self) -> UserSpace {
        self.open_with(SpaceLimits::default()).await
    }

    pub async fn open_with(&self, limits: SpaceLimits) -> UserSpace {
        UserSpace::open(self.path(), self.database.as_ref(), limits).await.expect("a user space")
    }

    pub async fn open_on(&self, disk: Arc<dyn Disk>) -> Result<UserSpace, SpaceError> {
        UserSpace::open_on(disk, self.path(), self.database.as_ref(), SpaceLimits::default()).await
    }

    /// The files of its tables.
    pub fn files(&self) -> usize {
        std::fs::read_dir(self.path().join("files")).expect("the directory is there").count()
    }
}

/// Stores a table of maria's.
pub async fn store(
    space: &UserSpace,
    name: &str,
    way: Way,
    values: impl IntoIterator<Item = i64>,
) -> Result<Outcome, SpaceError> {
    let batch = batch(values);
    let upload = space.upload(&user("maria"), &user("maria"), &table(name), way, &batch.schema()).await?;
    let Some(mut upload) = upload else { return Ok(Outcome { rows: 0 }) };
    upload.write(&batch)?;
    upload.finish().await
}

/// What a user sees, with the values of every table. Fails the test when a table is not whole.
pub async fn seen(space: &UserSpace, name: &str) -> Vec<(String, Vec<i64>)> {
    let visible = space.visible(&User { name: user(name) }).await.expect("the database answers");
    let read = |table: &catalogue::engine::UserTable| {
        let values: Vec<i64> = table.files.iter().flat_map(|path| values(path)).collect();
        assert_eq!(values.len() as u64, table.info.rows, "{}", table.info.name);
        (table.info.qualified_name(), values)
    };
    visible.tables.iter().map(read).collect()
}

fn values(path: &Path) -> Vec<i64> {
    let file = File::open(path).expect("a table's file is there");
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).expect("it is whole").build().expect("a reader");
    let values = |batch: RecordBatch| batch.column(0).as_primitive::<Int64Type>().values().to_vec();
    reader.flat_map(|batch| values(batch.expect("rows"))).collect()
}
