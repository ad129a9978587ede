//! The heap behind a binary table, where arrays of different length lie (FITS Standard 4.0, section 7.3.5).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::super::file_error::FileError;
use super::super::source::{Source, cut};
use super::{exactly, malformed};

/// The bytes of a heap.
pub(super) struct Heap {
    bytes: HeapBytes,
    size: u64,
}

enum HeapBytes {
    /// In the file, from this byte on.
    InFile { file: File, begin: u64 },
    /// In memory, because a compressed file cannot be read at any place.
    InMemory(Vec<u8>),
}

impl Heap {
    /// The heap of so many bytes that begins at this byte of the file, without gzip.
    pub fn open(source: &Source, begin: u64, size: u64) -> Result<Self, FileError> {
        if !source.is_gzip() {
            let file = File::open(source.path())?;
            return Ok(Self { bytes: HeapBytes::InFile { file, begin }, size });
        }
        let mut bytes = source.open()?;
        io::copy(&mut bytes.by_ref().take(begin), &mut io::sink())?;
        Ok(Self { bytes: HeapBytes::InMemory(exactly(size as usize, bytes)?), size })
    }

    /// The bytes of one array; `row` is counted from 1.
    pub fn array(&self, row: u64, offset: u64, count: u64) -> Result<Vec<u8>, FileError> {
        let end = offset.checked_add(count).filter(|&end| end <= self.size);
        let Some(end) = end else {
            let size = self.size;
            return Err(malformed(format!(
                "row {row} has an array at byte {offset} of a heap of {size} bytes"
            )));
        };
        match &self.bytes {
            HeapBytes::InMemory(bytes) => {
                let array = bytes.get(offset as usize..end as usize);
                array.map(<[u8]>::to_vec).ok_or_else(cut)
            }
            HeapBytes::InFile { file, begin } => {
                let mut array = vec![0; count as usize];
                file.read_exact_at(&mut array, begin + offset)?;
                Ok(array)
            }
        }
    }
}
