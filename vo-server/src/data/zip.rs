//! A zip file on its way out (APPNOTE 6.3.10): entries are written as they come, sizes after them, and the list of all
//! at the end. With the extensions for more than 65,535 entries and 4 GiB (section 4.3.14).

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Writes entries one after the other. The list of entries, about 100 bytes for each, waits on the disk for the end.
pub(super) struct Zip {
    directory: BufWriter<File>,
    directory_bytes: u64,
    entries: u64,
    offset: u64,
    open: Option<Entry>,
}

struct Entry {
    name: String,
    start: u64,
    plain: u64,
    crc: Crc,
    encoder: DeflateEncoder<Vec<u8>>,
}

const VERSION: u16 = 45;
/// Sizes follow the data; names are UTF-8.
const FLAGS: u16 = 0x0808;
const DEFLATE: u16 = 8;
/// 1 January 1980: the same request gives the same bytes.
const DATE: u16 = 0x0021;
const LARGE: u32 = u32::MAX;
/// Bytes of the list that are sent together.
const PIECE_BYTES: u64 = 1 << 20;

impl Zip {
    /// An archive without files.
    pub(super) fn new() -> io::Result<Self> {
        let directory = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { directory, directory_bytes: 0, entries: 0, offset: 0, open: None })
    }

    /// Begins a file.
    pub(super) fn begin(&mut self, name: &str, out: &mut Vec<u8>) {
        let start = out.len();
        let encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        self.open =
            Some(Entry { name: name.to_owned(), start: self.offset, plain: 0, crc: Crc::new(), encoder });
        out.extend(0x0403_4b50u32.to_le_bytes());
        for word in [VERSION, FLAGS, DEFLATE, 0, DATE] {
            out.extend(word.to_le_bytes());
        }
        out.extend([0; 4]);
        // Sizes are in the extension, and there they are 0 until the data has been written.
        out.extend(LARGE.to_le_bytes());
        out.extend(LARGE.to_le_bytes());
        out.extend(length(name).to_le_bytes());
        out.extend(20u16.to_le_bytes());
        out.extend_from_slice(name.as_bytes());
        out.extend([1, 0, 16, 0]);
        out.extend([0; 16]);
        self.offset += (out.len() - start) as u64;
    }

    /// More of the file.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        if let Some(entry) = &mut self.open {
            entry.crc.update(bytes);
            entry.plain += bytes.len() as u64;
            entry.encoder.write_all(bytes)?;
            self.offset += entry.encoder.get_ref().len() as u64;
            out.append(entry.encoder.get_mut());
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(Entry { name, start, plain, crc, encoder }) = self.open.take() else { return Ok(()) };
        let mut rest = encoder.finish()?;
        self.offset += rest.len() as u64;
        out.append(&mut rest);
        let data = start + 30 + name.len() as u64 + 20;
        let packed = self.offset - data;
        out.extend(0x0807_4b50u32.to_le_bytes());
        out.extend(crc.sum().to_le_bytes());
        out.extend(packed.to_le_bytes());
        out.extend(plain.to_le_bytes());
        self.offset += 24;
        self.list(&name, crc.sum(), [plain, packed, start])
    }

    fn list(&mut self, name: &str, crc: u32, sizes: [u64; 3]) -> io::Result<()> {
        let mut directory = Vec::new();
        directory.extend(0x0201_4b50u32.to_le_bytes());
        for word in [VERSION, VERSION, FLAGS, DEFLATE, 0, DATE] {
            directory.extend(word.to_le_bytes());
        }
        directory.extend(crc.to_le_bytes());
        directory.extend(LARGE.to_le_bytes());
        directory.extend(LARGE.to_le_bytes());
        directory.extend(length(name).to_le_bytes());
        directory.extend(28u16.to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(LARGE.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        directory.extend([1, 0, 24, 0]);
        sizes.iter().for_each(|size| directory.extend(size.to_le_bytes()));
        self.entries += 1;
        self.directory_bytes += directory.len() as u64;
        self.directory.write_all(&directory)
    }

    /// Ends the files: what is left is their list.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.directory.flush()?;
        self.directory.get_mut().rewind()
    }

    /// A piece of the list, and the end after the last one; whether that was it.
    pub(super) fn rest(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.directory.get_mut().take(PIECE_BYTES).read_to_end(out)? > 0 {
            return Ok(false);
        }
        let (start, size) = (self.offset, self.directory_bytes);
        out.extend(0x0606_4b50u32.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend([0; 8]);
        for number in [self.entries, self.entries, size, start] {
            out.extend(number.to_le_bytes());
        }
        out.extend(0x0706_4b50u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend((start + size).to_le_bytes());
        out.extend(1u32.to_le_bytes());
        out.extend(0x0605_4b50u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend([0xff; 12]);
        out.extend([0; 2]);
        Ok(true)
    }
}

/// Names are made here and short.
fn length(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}
