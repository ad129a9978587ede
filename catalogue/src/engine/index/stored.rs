//! The index on disk, in a file beside the table: three Arrow IPC streams, one after another, for the table's
//! columns, its files and its pages, and a mark of all these bytes. The same table gives the same bytes.
//!
//! An index is used only when it is newer than everything that it describes and every file has the size that
//! it says; otherwise it counts as missing, and the table is read and indexed again. A file that was replaced by one of
//! the same size and an older date is noticed when it is read; then the index is removed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};

use super::{Index, record};
use crate::engine::mark::{MARK_BYTES, mark, mark_of};
use crate::hats::{layout, properties};

/// The file in the table's directory.
const FILE_NAME: &str = "nearside.index";

/// The columns of the table in `dir` and its index, if there is one that fits the table.
pub(crate) fn load(dir: &Path) -> Option<(SchemaRef, Index)> {
    let path = dir.join(FILE_NAME);
    let written = fs::metadata(&path).and_then(|file| file.modified()).ok()?;
    let (schema, index) = match File::open(&path).map_err(ArrowError::from).and_then(decode) {
        Ok(stored) => stored,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the index cannot be used and is made anew");
            return None;
        }
    };
    match change(dir, &index, written) {
        None => Some((schema, index)),
        Some(changed) => {
            tracing::info!(table = %dir.display(), changed, "the index is older than the table and is made anew");
            None
        }
    }
}

/// Writes the index beside the table, whole or not at all. Where that is not permitted, the next start makes
/// it again.
pub(crate) fn save(dir: &Path, schema: &SchemaRef, index: &Index) {
    let write = || -> Result<(), ArrowError> {
        let staged = dir.join(format!(".{FILE_NAME}.{}", std::process::id()));
        fs::write(&staged, encode(schema, index)?)?;
        let placed = fs::rename(&staged, dir.join(FILE_NAME));
        if placed.is_err() {
            // What stays behind would be confusing, and the first error is the one that matters.
            let _ = fs::remove_file(&staged);
        }
        Ok(placed?)
    };
    if let Err(error) = write() {
        tracing::warn!(table = %dir.display(), %error, "the index cannot be kept, so every start makes it again");
    }
}

/// Removes the index of the table that `file` belongs to, because it does not describe this file. Fails with the
/// index that cannot be removed.
pub(crate) fn discard(data_dir: &Path, file: &Path) -> Result<(), PathBuf> {
    let above = file.ancestors().skip(1).take_while(|above| above.starts_with(data_dir));
    let index = above.map(|above| above.join(FILE_NAME)).find(|index| index.exists());
    index.map_or(Ok(()), |index| fs::remove_file(&index).map_err(|_| index))
}

/// What is not as it was when the index was written: the table's description, a file, or a directory, which
/// changes when a file is added.
fn change(dir: &Path, index: &Index, written: SystemTime) -> Option<String> {
    let is_older = |path: &Path| -> io::Result<(bool, u64)> {
        let file = fs::metadata(path)?;
        Ok((file.modified()? <= written, file.len()))
    };
    let list = Some(dir.join(layout::PARTITION_INFO)).filter(|list| list.exists());
    let mut undated: BTreeSet<PathBuf> = properties::file(dir).into_iter().chain(list).collect();
    for file in &index.files {
        let above = Path::new(&*file.location).ancestors().skip(1);
        undated.extend(above.filter(|above| !above.as_os_str().is_empty()).map(|above| dir.join(above)));
        let same =
            is_older(&dir.join(&*file.location)).is_ok_and(|(older, bytes)| older && bytes == file.bytes);
        if !same {
            return Some(file.location.to_string());
        }
    }
    let changed = undated.into_iter().find(|path| !is_older(path).is_ok_and(|(older, _)| older));
    changed.map(|path| path.display().to_string())
}

fn encode(schema: &SchemaRef, index: &Index) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = stream(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
    bytes.extend(stream(&record::files(index)?)?);
    bytes.extend(stream(&record::pages(index)?)?);
    bytes.extend(mark(&bytes).to_le_bytes());
    Ok(bytes)
}

fn stream(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
    writer.write(batch)?;
    writer.into_inner()
}

/// Reads the file twice, so that no byte of it is in memory but those of the index: the decoder of Arrow believes what
/// lengths it is told, so it gets no byte before all are known to be as they were written.
fn decode(mut file: File) -> Result<(SchemaRef, Index), ArrowError> {
    let bytes = file.metadata()?.len().saturating_sub(MARK_BYTES as u64);
    let (found, mut told) = (mark_of(&file, bytes)?, [0; MARK_BYTES]);
    file.read_exact(&mut told)?;
    if told != found.to_le_bytes() {
        return Err(ArrowError::ParseError("it is not as it was written".into()));
    }
    file.rewind()?;
    let mut bytes = BufReader::new(file.take(bytes));
    let mut next = || -> Result<RecordBatch, ArrowError> {
        let mut reader = StreamReader::try_new(&mut bytes, None)?;
        let batch = reader.next().ok_or_else(|| ArrowError::ParseError("it is cut short".into()))??;
        // The end of a stream is part of it.
        while reader.next().transpose()?.is_some() {}
        Ok(batch)
    };
    let (columns, files, pages) = (next()?, next()?, next()?);
    Ok((columns.schema(), record::read(&files, &pages)?))
}
