//! A statement as it travels in handles and tickets: its text, and the values that were bound to its parameters.

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use bytes::{BufMut, Bytes, BytesMut};
use tonic::Status;

use crate::statements::encoding;

/// What is to be run. It is sealed before it leaves the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The text.
    pub(crate) sql: String,
    /// One row of values as an Arrow IPC stream; empty where nothing is bound.
    bound: Bytes,
}

impl Statement {
    /// A text to which nothing is bound.
    pub(crate) fn of(sql: &str) -> Self {
        Self { sql: sql.to_owned(), bound: Bytes::new() }
    }

    /// The same text with a row of values.
    pub(crate) fn bind(&self, row: &RecordBatch) -> Result<Self, Status> {
        Ok(Self { sql: self.sql.clone(), bound: written(row).map_err(encoding)?.into() })
    }

    /// The row of values that is bound to it.
    pub(crate) fn values(&self) -> Result<Option<RecordBatch>, Status> {
        match self.bound.is_empty() {
            true => Ok(None),
            false => read(&self.bound).map_err(encoding),
        }
    }

    /// About the memory that it takes.
    pub(crate) fn size_bytes(&self) -> usize {
        self.sql.len() + self.bound.len()
    }

    /// As it is sealed.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(8 + self.size_bytes());
        bytes.put_u64(self.sql.len() as u64);
        bytes.put_slice(self.sql.as_bytes());
        bytes.put_slice(&self.bound);
        bytes.freeze()
    }

    /// As it was before it was sealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (sql, bound) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        Some(Self { sql: std::str::from_utf8(sql).ok()?.to_owned(), bound: Bytes::copy_from_slice(bound) })
    }
}

fn written(row: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), row.schema_ref())?;
    writer.write(row)?;
    writer.into_inner()
}

fn read(stream: &[u8]) -> Result<Option<RecordBatch>, ArrowError> {
    StreamReader::try_new(stream, None)?.next().transpose()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, StringArray};

    use super::*;

    #[test]
    fn text_and_values_survive_the_way_through_the_client() {
        let plain = Statement::of("SELECT ?, ?");
        assert_eq!(Statement::from_bytes(&plain.to_bytes()), Some(plain.clone()));
        assert_eq!(plain.values().expect("nothing to read"), None);
        let row = RecordBatch::try_from_iter([
            ("a", Arc::new(Float64Array::from(vec![1.5])) as _),
            ("b", Arc::new(StringArray::from(vec!["Kr\u{e4}he"])) as _),
        ]);
        let row = row.expect("a row");
        let bound = plain.bind(&row).expect("bound");
        let back = Statement::from_bytes(&bound.to_bytes()).expect("it is whole");
        assert_eq!((&back, back.values().expect("a row")), (&bound, Some(row)));
    }
}
