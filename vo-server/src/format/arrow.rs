//! Arrow IPC streams, with the units and descriptions of columns as metadata of their fields.

use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Schema};

use super::{Ending, Writer};

/// Writes an Arrow stream.
#[derive(Default)]
pub(super) struct Stream(Option<StreamWriter<Vec<u8>>>);

impl Stream {
    fn writer(&mut self) -> Result<&mut StreamWriter<Vec<u8>>, ArrowError> {
        self.0.as_mut().ok_or_else(|| ArrowError::IpcError("the stream has not begun".to_owned()))
    }
}

impl Writer for Stream {
    fn begin(&mut self, schema: &Schema, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let mut writer = StreamWriter::try_new(Vec::new(), schema)?;
        out.append(writer.get_mut());
        self.0 = Some(writer);
        Ok(())
    }

    fn rows(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let writer = self.writer()?;
        writer.write(batch)?;
        out.append(writer.get_mut());
        Ok(())
    }

    fn end(&mut self, _: &Ending, out: &mut Vec<u8>) -> Result<bool, ArrowError> {
        let writer = self.writer()?;
        writer.finish()?;
        out.append(writer.get_mut());
        Ok(true)
    }
}
