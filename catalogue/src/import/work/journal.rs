//! The journal: a line of JSON for the request, then one for every finished file and tile, each durable when the
//! next thing begins. A last line that a crash cut does not count.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::super::inputs::Input;
use super::super::request::RequestKey;
use super::super::summary::Remark;

/// Something that is finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::import) enum Entry {
    /// A file has been read, and its rows are in runs.
    Read(ReadEntry),
    /// A tile has been written.
    Tile(TileEntry),
}

/// A file that has been read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::import) struct ReadEntry {
    /// Its number in the request.
    pub input: usize,
    /// The file as it was.
    pub file: Input,
    /// The names of its runs.
    pub runs: Vec<String>,
    /// What a person should know about it.
    pub remarks: Vec<Remark>,
}

/// A tile that has been written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::import) struct TileEntry {
    pub order: u8,
    pub npix: u64,
    pub rows: u64,
    pub bytes: u64,
}

/// A journal that is written to.
pub(super) struct Journal {
    file: Mutex<File>,
    empty: AtomicBool,
}

/// The request of a journal and what is finished; nothing where there is no journal of ours.
pub(super) fn read(path: &Path) -> io::Result<Option<(RequestKey, Vec<Entry>)>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let mut lines = text[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let Some(key) = lines.next().and_then(|line| serde_json::from_slice(line).ok()) else { return Ok(None) };
    Ok(Some((key, lines.map_while(|line| serde_json::from_slice(line).ok()).collect())))
}

impl Journal {
    /// Begins a journal with what is finished already.
    pub fn create(path: &Path, key: &RequestKey, finished: &[Entry]) -> io::Result<Self> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&line(key)?)?;
        finished.iter().try_for_each(|entry| file.write_all(&line(entry)?))?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        Ok(Self { file: Mutex::new(file), empty: AtomicBool::new(finished.is_empty()) })
    }

    /// Adds an entry and waits until it is on disk.
    pub fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut file = self.file.lock().expect("no thread panics while it holds this lock");
        file.write_all(&line(entry)?)?;
        self.empty.store(false, Ordering::Relaxed);
        file.sync_data()
    }

    /// Whether nothing is finished.
    pub fn is_empty(&self) -> bool {
        self.empty.load(Ordering::Relaxed)
    }
}

fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}
