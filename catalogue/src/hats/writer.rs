//! Writes a new table: tiles from many threads into a staging directory, then everything at once into place.

mod hollow;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;

use arrow::array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::encoding::{Kind, writer_properties};
use super::partition::{self, Partition};
use super::properties::Properties;
use super::staging::{self, Staging};
use super::{HatsError, layout, metadata};
use crate::healpix;

/// What a table says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMeta {
    /// Short name: `gaia_source`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// What the rows are and where they come from.
    pub description: String,
    /// What a row is.
    pub kind: Kind,
    /// The column with right ascension in degrees.
    pub ra_column: String,
    /// The column with declination in degrees.
    pub dec_column: String,
    /// Further lines for `hats.properties`; they win over those that the writer makes.
    pub properties: BTreeMap<String, String>,
}

/// A finished table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The tiles, in the order of the sky.
    pub partitions: Vec<Partition>,
    /// Rows in all of them.
    pub rows: u64,
    /// Bytes of all tiles.
    pub bytes: u64,
}

/// A table in the making. Nothing is visible before [`Writer::finish`], and a writer that is dropped before
/// leaves nothing behind.
pub struct Writer {
    meta: TableMeta,
    schema: SchemaRef,
    encoding: WriterProperties,
    staging: Staging,
    tiles: Mutex<Vec<(Partition, u64)>>,
}

impl Writer {
    /// Begins a table that will appear in the directory `target`, replacing one that is there.
    pub fn create(target: &Path, meta: TableMeta, schema: SchemaRef) -> Result<Self, HatsError> {
        let encoding = writer_properties(meta.kind, &schema)
            .map_err(|source| HatsError::Rows { table: meta.name.clone(), source })?;
        let staging = Staging::create(target)?;
        Ok(Self { meta, schema, encoding, staging, tiles: Mutex::default() })
    }

    /// The name of the table.
    pub fn name(&self) -> &str {
        &self.meta.name
    }

    /// The schema of the rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Writes one tile, whose rows are sorted by `_healpix_29`; may be called from many threads.
    /// A tile without rows is not written.
    pub fn write_tile(&self, order: u8, npix: u64, rows: &[RecordBatch]) -> Result<(), HatsError> {
        let count = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        if count == 0 {
            return Ok(());
        }
        let bytes = self.write_file(&layout::tile_path(order, npix), rows)?;
        let tile = Partition { order, npix, rows: Some(count) };
        self.tiles.lock().expect("no thread panics while it holds this lock").push((tile, bytes));
        Ok(())
    }

    /// Whether no tile has been written yet.
    pub fn is_empty(&self) -> bool {
        self.tiles.lock().expect("no thread panics while it holds this lock").is_empty()
    }

    /// Takes a tile whose file was written elsewhere on the same file system with [`super::TileFile`].
    pub fn adopt_tile(&self, order: u8, npix: u64, rows: u64, file: &Path) -> Result<(), HatsError> {
        let path = self.staging.dir().join(layout::tile_path(order, npix));
        let parent = path.parent().expect("the path of a file inside the table");
        std::fs::create_dir_all(parent).map_err(HatsError::io("create", parent))?;
        let bytes = file.metadata().map_err(HatsError::io("read", file))?.len();
        std::fs::rename(file, &path).map_err(HatsError::io("move into place", &path))?;
        let tile = Partition { order, npix, rows: Some(rows) };
        self.tiles.lock().expect("no thread panics while it holds this lock").push((tile, bytes));
        Ok(())
    }

    /// Makes the table durable and visible.
    pub fn finish(self) -> Result<Written, HatsError> {
        let mut tiles = self.tiles.lock().expect("no thread panics while it holds this lock").clone();
        tiles.sort_unstable_by_key(|(tile, _)| *healpix::tile_range(tile.order, tile.npix).start());
        let (partitions, bytes): (Vec<_>, Vec<_>) = tiles.into_iter().unzip();
        let rows = partitions.iter().filter_map(|tile| tile.rows).sum();
        let written = Written { rows, bytes: bytes.iter().sum(), partitions };
        self.write_file(Path::new(layout::COMMON_METADATA), &[])?;
        metadata::write(self.staging.dir(), &written.partitions).map_err(|source| HatsError::Parquet {
            path: self.staging.dir().join(layout::METADATA),
            source,
        })?;
        self.write_text(layout::PARTITION_INFO, &partition::format(&written.partitions))?;
        self.write_text(layout::PROPERTIES, &self.properties(&written).to_string())?;
        self.staging.publish()?;
        Ok(written)
    }

    /// Ends without a table, and removes one that is there: without tiles it could not be opened.
    pub fn withdraw(self) -> Result<Written, HatsError> {
        self.staging.withdraw()?;
        Ok(Written::default())
    }

    /// Clears what crashed writers left in a directory of tables; leaves living writers alone.
    pub fn sweep(parent: &Path) -> Result<(), HatsError> {
        staging::sweep(parent)
    }

    fn write_file(&self, relative: &Path, rows: &[RecordBatch]) -> Result<u64, HatsError> {
        let path = self.staging.dir().join(relative);
        let parent = path.parent().expect("the path of a file inside the table");
        std::fs::create_dir_all(parent).map_err(HatsError::io("create", parent))?;
        let file = File::create(&path).map_err(HatsError::io("create", &path))?;
        let failed = |source| HatsError::Parquet { path: path.clone(), source };
        let mut writer =
            ArrowWriter::try_new(file, self.schema.clone(), Some(self.encoding.clone())).map_err(failed)?;
        rows.iter().try_for_each(|batch| writer.write(batch)).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(writer.bytes_written() as u64)
    }

    fn write_text(&self, relative: &str, text: &str) -> Result<(), HatsError> {
        let path = self.staging.dir().join(relative);
        std::fs::write(&path, text).map_err(HatsError::io("write", &path))
    }

    /// No date: a table that is written again from the same rows is the same, byte for byte.
    fn properties(&self, written: &Written) -> Properties {
        let tiles = &written.partitions;
        let largest = tiles.iter().filter_map(|tile| tile.rows).max().unwrap_or(0);
        let order = tiles.iter().map(|tile| tile.order).max().unwrap_or(0);
        let sky: f64 = tiles.iter().map(|tile| 1.0 / healpix::tiles(tile.order) as f64).sum();
        let mut others = BTreeMap::from(
            [
                ("hats_builder", format!("nearside v{}", env!("CARGO_PKG_VERSION"))),
                ("hats_estsize", (written.bytes / 1024).to_string()),
                ("hats_max_rows", largest.to_string()),
                ("hats_order", order.to_string()),
                ("hats_release_date", "2025-08-22".to_owned()),
                ("hats_version", "v1.0".to_owned()),
                ("moc_sky_fraction", format!("{sky:.5}")),
                ("obs_description", self.meta.description.clone()),
                ("obs_regime", "Optical".to_owned()),
                ("obs_title", self.meta.title.clone()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        others.extend(self.meta.properties.clone());
        Properties {
            name: self.meta.name.clone(),
            product: "object".to_owned(),
            rows: Some(written.rows),
            ra_column: self.meta.ra_column.clone(),
            dec_column: self.meta.dec_column.clone(),
            healpix_column: Some(healpix::COLUMN.to_owned()),
            healpix_order: Some(healpix::ORDER),
            npix_suffix: ".parquet".to_owned(),
            others,
        }
    }
}

impl TableMeta {
    /// The schema of the table's files: the fields, with the description where readers of Parquet look for it.
    pub fn schema(&self, fields: &Schema) -> SchemaRef {
        let mut metadata = fields.metadata().clone();
        metadata.insert("description".to_owned(), self.description.clone());
        Schema::new_with_metadata(fields.fields().clone(), metadata).into()
    }
}
