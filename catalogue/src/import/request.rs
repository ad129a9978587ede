//! What to import and where to, and the names that are allowed there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ImportError;
use super::format::Format;
use super::inputs::{Input, Role};
use super::limits::{ImportLimits, MIN_MEMORY_BYTES};
use super::reader::Reading;
use crate::columns::Spectra;
use crate::hats::{self, TableMeta};

/// What the rows of a new table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// One row per source or detection, columns as in the files.
    Catalogue,
    /// Light curves: one row per source with nested transits, whatever the layout of the files.
    EpochPhotometry,
    /// Epoch astrometry: one row per source with nested observations, whatever the layout of the files.
    EpochAstrometry,
    /// Spectra: one row per source with lists, whatever the layout of the files.
    Spectra(Spectra),
}

/// An import to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRequest {
    /// Files, or directories whose tables are taken in the order of their names.
    pub inputs: Vec<PathBuf>,
    /// The directory of all tables.
    pub data_dir: PathBuf,
    /// The schema of the new table: `gaiadr3`.
    pub schema: String,
    /// Its name: `gaia_source`.
    pub table: String,
    /// What its rows are.
    pub kind: TableKind,
    /// The format of all files; nothing looks at each file.
    pub format: Option<Format>,
    /// Columns to rename, from the name in the file to the name in the table.
    pub rename: Vec<(String, String)>,
    /// A file with source_id, ra and dec, for light curves and spectra that have no positions of their own.
    pub positions: Option<PathBuf>,
    /// One sentence about the table; nothing names the files.
    pub description: Option<String>,
    /// Whether a table of this name may be replaced.
    pub replace: bool,
    /// Where files are read.
    pub reading: Reading,
    /// How much the import may take.
    pub limits: ImportLimits,
}

impl ImportRequest {
    /// A request for a catalogue with everything else at its default.
    pub fn new(inputs: Vec<PathBuf>, data_dir: &Path, schema: &str, table: &str) -> Self {
        Self {
            inputs,
            data_dir: data_dir.to_owned(),
            schema: schema.to_owned(),
            table: table.to_owned(),
            kind: TableKind::Catalogue,
            format: None,
            rename: Vec::new(),
            positions: None,
            description: None,
            replace: false,
            reading: Reading::Here,
            limits: ImportLimits::default(),
        }
    }

    /// Where the table will be; refused when there is one that must stay.
    pub(super) fn target(&self) -> Result<PathBuf, ImportError> {
        for name in [&self.schema, &self.table] {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) {
                return Err(ImportError::Name(name.clone()));
            }
        }
        if self.limits.memory_bytes < MIN_MEMORY_BYTES {
            return Err(ImportError::LittleMemory(self.limits.memory_bytes));
        }
        let target = self.data_dir.join(&self.schema).join(&self.table);
        if target.exists() && !self.replace {
            return Err(ImportError::Exists(format!("{}.{}", self.schema, self.table)));
        }
        Ok(target)
    }

    /// What the table says about itself.
    pub(super) fn meta(&self, files: &[Input]) -> TableMeta {
        let rows: Vec<&Input> = files.iter().filter(|input| input.role == Role::Rows).collect();
        let origin = match rows[..] {
            [only] => {
                format!("Imported from {}", only.path.file_name().unwrap_or_default().to_string_lossy())
            }
            _ => format!("Imported from {} files", rows.len()),
        };
        TableMeta {
            name: self.table.clone(),
            title: self.table.clone(),
            description: self.description.clone().unwrap_or(origin),
            kind: match self.kind {
                TableKind::Catalogue => hats::Kind::Catalogue,
                TableKind::EpochPhotometry | TableKind::EpochAstrometry | TableKind::Spectra(_) => {
                    hats::Kind::Epochs
                }
            },
            ra_column: "ra".to_owned(),
            dec_column: "dec".to_owned(),
            properties: BTreeMap::new(),
        }
    }
}

/// What makes a request another one: everything that changes the bytes of the table, except what is in the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestKey {
    /// The program, because another version may write other bytes.
    version: String,
    files: Vec<(Role, PathBuf)>,
    kind: String,
    format: Option<Format>,
    rename: Vec<(String, String)>,
    max_tile_rows: u64,
}

impl RequestKey {
    pub fn new(request: &ImportRequest, files: &[Input]) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            files: files.iter().map(|input| (input.role, input.path.clone())).collect(),
            kind: format!("{:?}", request.kind),
            format: request.format,
            rename: request.rename.clone(),
            max_tile_rows: request.limits.max_tile_rows,
        }
    }
}
