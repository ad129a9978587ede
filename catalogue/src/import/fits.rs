//! FITS (Standard 4.0): the only table extension of a file, binary (section 7.3) or ASCII (section 7.2).
//!
//! A small reader of our own, because rows and bytes have to be named when they are wrong, and rows have to arrive
//! piece by piece. Images are passed over; compressed tables (section 10.3) are refused; columns of bits and complex
//! numbers are left out with a note.

mod ascii;
mod binary;
mod column;
mod header;
mod heap;
mod scale;

use std::io::{self, Read};

use super::file_error::FileError;
use super::frame::Framer;
use super::source::{Bytes, Source, cut};
use header::Header;

/// Headers and data fill blocks of this size (section 3.1).
const BLOCK_BYTES: u64 = 2880;
/// Bytes of the longest row; the archive's widest tables have some kilobytes.
const MAX_ROW_BYTES: u64 = 64 << 20;

/// Reads a FITS file.
pub(super) fn read(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let mut stream = Stream { bytes: source.open()?, at: 0 };
    let mut tables = 0;
    while let Some(header) = header::next(&mut stream)? {
        let (begin, size) = (stream.at, header.data_bytes()?);
        let kind = header.text("XTENSION").unwrap_or_default();
        if matches!(kind, "BINTABLE" | "TABLE") {
            tables += 1;
            if tables > 1 {
                return Err(malformed(
                    "it has several tables: write the one to import into a file of its own",
                ));
            }
            refuse_short(source, &header, begin, size)?;
        }
        match kind {
            "BINTABLE" => binary::read(source, &header, &mut stream, framer)?,
            "TABLE" => ascii::read(&header, &mut stream, framer)?,
            _ => {}
        }
        stream.skip_to(begin + size.next_multiple_of(BLOCK_BYTES))?;
    }
    if tables == 0 { Err(malformed("there is no table in it")) } else { Ok(()) }
}

/// A header that promises more than the file holds is found before anything is made of it.
fn refuse_short(source: &Source, header: &Header, offset: u64, size: u64) -> Result<(), FileError> {
    if source.is_gzip() || offset.saturating_add(size) <= source.size() {
        return Ok(());
    }
    let rows = header.number("NAXIS2")?;
    Err(FileError::Short { rows, offset, promised_bytes: size, found_bytes: source.size() - offset })
}

/// The bytes of a file, without gzip, and where they are.
struct Stream {
    bytes: Bytes,
    at: u64,
}

impl Stream {
    /// Fills the buffer, or fails because the file was cut.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), FileError> {
        self.bytes.read_exact(buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    /// Passes over bytes. The end of the file may come first: the last block need not be full.
    fn skip_to(&mut self, at: u64) -> Result<(), FileError> {
        let count = at.saturating_sub(self.at);
        self.at += io::copy(&mut self.bytes.by_ref().take(count), &mut io::sink())?;
        Ok(())
    }
}

/// Room for one row.
fn empty_row(width: u64) -> Result<Vec<u8>, FileError> {
    if width > MAX_ROW_BYTES {
        return Err(malformed(format!("its rows have {width} bytes, more than {MAX_ROW_BYTES}")));
    }
    Ok(vec![0; width as usize])
}

fn malformed(what: impl Into<String>) -> FileError {
    FileError::Malformed { format: "FITS", what: what.into() }
}

/// The whole of an array that lies in the file, or the refusal that says that it was cut.
fn exactly(count: usize, from: impl Read) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let read = from.take(count as u64).read_to_end(&mut bytes)?;
    if read == count { Ok(bytes) } else { Err(cut()) }
}
