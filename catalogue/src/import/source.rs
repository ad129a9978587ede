//! The bytes of one input file, with gzip taken off, and how far it has been read. Knows no format.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::file_error::FileError;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 256 << 10;

/// One input file, which can be read from its beginning as often as needed.
pub(super) struct Source {
    path: PathBuf,
    size: u64,
    gzip: bool,
    offset: Arc<AtomicU64>,
}

/// The bytes of a source, without gzip.
pub(super) type Bytes = BufReader<Box<dyn Read>>;

impl Source {
    /// Looks at a file. Refused when it has no bytes at all.
    pub fn new(path: &Path) -> Result<Self, FileError> {
        let mut magic = Vec::new();
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        file.take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic.is_empty() {
            return Err(FileError::Empty);
        }
        Ok(Self { path: path.to_owned(), size, gzip: magic == GZIP_MAGIC, offset: Arc::default() })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file on disk, before gzip is taken off.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file is compressed, so that its bytes cannot be read at any place.
    pub fn is_gzip(&self) -> bool {
        self.gzip
    }

    /// Bytes of the file on disk that were read since it was opened last.
    pub fn offset(&self) -> u64 {
        self.offset.load(Ordering::Relaxed)
    }

    /// Reads from the beginning.
    pub fn open(&self) -> Result<Bytes, FileError> {
        self.offset.store(0, Ordering::Relaxed);
        let file = BufReader::with_capacity(
            BUFFER_BYTES,
            Counted { file: File::open(&self.path)?, offset: Arc::clone(&self.offset) },
        );
        let plain: Box<dyn Read> =
            if self.gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(BufReader::with_capacity(BUFFER_BYTES, plain))
    }

    /// The first bytes, at most `count`.
    pub fn head(&self, count: usize) -> Result<Vec<u8>, FileError> {
        let mut head = Vec::new();
        self.open()?.take(count as u64).read_to_end(&mut head)?;
        Ok(head)
    }
}

/// Counts the bytes that are read from a file.
struct Counted {
    file: File,
    offset: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.offset.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// What a reader says when bytes end before the format does; becomes [`FileError::Truncated`] with the offset.
pub(super) fn cut() -> FileError {
    FileError::Read(io::ErrorKind::UnexpectedEof.into())
}
