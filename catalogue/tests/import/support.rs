//! Small files in, whole tables out.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use catalogue::import::{self, ImportError, ImportRequest, ImportSummary, TableKind};
use catalogue::progress::Silent;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

/// A directory with files to import and a data directory to import them into.
pub struct Desk {
    dir: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file in the directory")).expect("a directory");
        fs::write(&path, content).expect("a new file");
        path
    }

    /// A request to import these files as `test.stars`.
    pub fn request(&self, inputs: &[PathBuf]) -> ImportRequest {
        ImportRequest::new(inputs.to_vec(), &self.data_dir(), "test", "stars")
    }

    /// Imports one file and reads the table back.
    pub fn import(&self, name: &str, content: impl AsRef<[u8]>) -> (ImportSummary, RecordBatch) {
        let request = self.request(&[self.write(name, content)]);
        self.run(&request)
    }

    pub fn import_light_curves(&self, inputs: &[PathBuf]) -> (ImportSummary, RecordBatch) {
        self.run(&ImportRequest { kind: TableKind::EpochPhotometry, ..self.request(inputs) })
    }

    pub fn run(&self, request: &ImportRequest) -> (ImportSummary, RecordBatch) {
        let summary = import::run(request, &Silent).unwrap_or_else(|error| panic!("{}", chain(&error)));
        (summary, self.table())
    }

    /// The sentence with which one file is refused, and the proof that nothing was left behind.
    pub fn refusal(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let request = self.request(&[self.write(name, content)]);
        self.refused(&request)
    }

    pub fn refused(&self, request: &ImportRequest) -> String {
        let error = import::run(request, &Silent).expect_err("a refusal");
        assert!(!self.data_dir().join("test").join("stars").exists(), "half a table is left");
        chain(&error).replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// All rows of the table, tile after tile.
    pub fn table(&self) -> RecordBatch {
        read_table(&self.data_dir().join("test").join("stars"))
    }
}

/// An error with its causes, as the command line prints it.
pub fn chain(error: &ImportError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

pub fn read_table(table: &Path) -> RecordBatch {
    let mut files: Vec<PathBuf> =
        tree(&table.join("dataset")).into_iter().filter(|file| is_tile(file)).collect();
    files.sort();
    let batches: Vec<RecordBatch> = files
        .iter()
        .flat_map(|file| {
            let file = fs::File::open(file).expect("a tile");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
            reader.expect("a Parquet file").map(|batch| batch.expect("rows"))
        })
        .collect();
    concat_batches(&batches[0].schema(), &batches).expect("tiles of one schema")
}

fn is_tile(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// All files below a directory.
pub fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(tree(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// The names of the columns.
pub fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

/// The type of a column, its unit, UCD and description.
pub fn about(batch: &RecordBatch, name: &str) -> (DataType, [Option<String>; 3]) {
    let schema = batch.schema();
    let field = schema.field_with_name(name).expect("the column");
    let about = ["unit", "ucd", "description"].map(|key| field.metadata().get(key).cloned());
    (field.data_type().clone(), about)
}

/// The row of a source, as text per column; `null` for no value.
pub fn row_of(batch: &RecordBatch, source_id: i64, columns: &[&str]) -> Vec<String> {
    let ids = batch.column_by_name("source_id").expect("source_id").as_primitive::<Int64Type>();
    let row = ids.iter().position(|id| id == Some(source_id)).expect("the source");
    columns.iter().map(|name| cell(batch.column_by_name(name).expect("the column"), row)).collect()
}

/// A column as text.
pub fn column(batch: &RecordBatch, name: &str) -> Vec<String> {
    let values = batch.column_by_name(name).expect("the column");
    (0..values.len()).map(|row| cell(values, row)).collect()
}

pub fn cell(values: &dyn Array, row: usize) -> String {
    if values.is_null(row) {
        return "null".to_owned();
    }
    match values.data_type() {
        DataType::Boolean => values.as_boolean().value(row).to_string(),
        DataType::Int16 => values.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => values.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float32 => values.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => values.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Utf8 => values.as_string::<i32>().value(row).to_owned(),
        DataType::List(_) => {
            let items = values.as_list::<i32>().value(row);
            let items: Vec<String> = (0..items.len()).map(|item| cell(&items, item)).collect();
            format!("[{}]", items.join(","))
        }
        other => panic!("no text for {other}"),
    }
}

/// Text from a slice of literals, for comparisons.
pub fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}
