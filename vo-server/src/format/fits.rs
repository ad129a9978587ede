//! FITS binary tables (FITS 4.0 section 7.3). The head of a table has its number of rows and the widths of its texts,
//! so that rows wait in a file on the disk until the last is there.

mod cards;
mod layout;

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

use super::{Ending, Writer};
use crate::columns::{columns_of, of_schema};
use layout::Layout;

/// Bytes of a block: every part of a file is a whole number of them.
const BLOCK: u64 = 2880;

/// Writes FITS.
#[derive(Default)]
pub(super) struct Fits {
    layout: Layout,
    waiting: Option<StreamWriter<BufWriter<File>>>,
    part: Part,
    /// Bytes of the part so far.
    bytes: u64,
}

/// What is written next.
#[derive(Default)]
enum Part {
    #[default]
    Head,
    Rows(StreamReader<BufReader<File>>),
    /// The items of lists, which come after all rows.
    Heap(StreamReader<BufReader<File>>),
    Nothing,
}

impl Writer for Fits {
    fn begin(&mut self, schema: &Schema, _: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.layout = Layout::new(of_schema(schema));
        self.waiting = Some(StreamWriter::try_new(BufWriter::new(tempfile::tempfile()?), schema)?);
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, _: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.layout.measure(&columns_of(batch)?, batch.num_rows());
        match &mut self.waiting {
            Some(waiting) => waiting.write(batch),
            None => Ok(()),
        }
    }

    fn end(&mut self, _: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        let (part, before) = (std::mem::take(&mut self.part), out.len());
        self.part = match part {
            Part::Head => {
                out.append(&mut cards::head(&self.layout));
                Part::Rows(self.read_back()?)
            }
            Part::Rows(mut reader) => match reader.next().transpose()? {
                Some(batch) => {
                    self.layout.rows(&columns_of(&batch)?, batch.num_rows(), out);
                    self.bytes += (out.len() - before) as u64;
                    Part::Rows(reader)
                }
                None => Part::Heap(self.read_again(reader)?),
            },
            Part::Heap(mut reader) => match reader.next().transpose()? {
                Some(batch) => {
                    Layout::heap(&columns_of(&batch)?, batch.num_rows(), out);
                    self.bytes += (out.len() - before) as u64;
                    Part::Heap(reader)
                }
                None => {
                    let missing = self.bytes.next_multiple_of(BLOCK) - self.bytes;
                    out.extend((0..missing).map(|_| 0));
                    Part::Nothing
                }
            },
            Part::Nothing => Part::Nothing,
        };
        Ok(matches!(self.part, Part::Nothing))
    }
}

impl Fits {
    fn read_back(&mut self) -> Result<StreamReader<BufReader<File>>, ArrowError> {
        let waiting = self.waiting.take().ok_or_else(|| ArrowError::IpcError("no rows wait".to_owned()))?;
        let written = waiting.into_inner()?.into_inner();
        let mut file = written.map_err(|error| ArrowError::from(error.into_error()))?;
        file.rewind()?;
        StreamReader::try_new(BufReader::new(file), None)
    }

    fn read_again(
        &self,
        mut reader: StreamReader<BufReader<File>>,
    ) -> Result<StreamReader<BufReader<File>>, ArrowError> {
        let mut file = reader.get_mut().get_ref().try_clone()?;
        file.rewind()?;
        StreamReader::try_new(BufReader::new(file), None)
    }
}
