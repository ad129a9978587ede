//! What a message of Arrow IPC claims about its own size (Arrow columnar format, "Encapsulated message format").

use arrow::ipc::{MessageHeader, RecordBatch, root_as_message};
use arrow_flight::FlightData;
use tonic::Status;

use crate::tables::Limits;

/// Bytes before a compressed buffer, which say how long it becomes.
const LENGTH_BYTES: usize = 8;

/// Refuses a message that claims more rows or bytes than may be, or a place outside of itself.
pub(crate) fn check(message: &FlightData, limits: Limits) -> Result<(), Status> {
    if message.data_header.is_empty() {
        return Ok(());
    }
    let header = root_as_message(&message.data_header);
    let header = header.map_err(|error| refused(&format!("its header is broken ({error})")))?;
    let batch = match header.header_type() {
        MessageHeader::RecordBatch => header.header_as_record_batch(),
        MessageHeader::DictionaryBatch => {
            header.header_as_dictionary_batch().and_then(|dictionary| dictionary.data())
        }
        _ => None,
    };
    batch.map_or(Ok(()), |batch| check_batch(batch, &message.data_body, limits))
}

fn check_batch(batch: RecordBatch<'_>, body: &[u8], limits: Limits) -> Result<(), Status> {
    if usize::try_from(batch.length()).map_or(true, |rows| rows > limits.batch_rows) {
        let most = limits.batch_rows;
        return Err(refused(&format!(
            "it says that it has {} rows, of {most} permitted: send smaller batches",
            batch.length()
        )));
    }
    let bytes = decoded_bytes(batch, body).ok_or_else(|| refused("its buffers are not inside of it"))?;
    if bytes > limits.batch_bytes as u64 {
        let most = limits.batch_bytes;
        return Err(refused(&format!("it becomes {bytes} bytes, of {most} permitted: send smaller batches")));
    }
    // Every value but a null takes a bit at least; nulls are as many as rows.
    let most = bytes.saturating_mul(8).max(limits.batch_rows as u64);
    let fits = |length: i64| u64::try_from(length).is_ok_and(|length| length <= most);
    match batch.nodes().is_some_and(|nodes| nodes.iter().any(|node| !fits(node.length()))) {
        true => Err(refused("a column says that it has more values than it has room for")),
        false => Ok(()),
    }
}

/// The bytes of all buffers once they are decompressed; nothing if one is not inside of `body`.
fn decoded_bytes(batch: RecordBatch<'_>, body: &[u8]) -> Option<u64> {
    let compressed = batch.compression().is_some();
    let mut sum: u64 = 0;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).ok()?;
        let end = start.checked_add(usize::try_from(buffer.length()).ok()?)?;
        let bytes = body.get(start..end)?;
        let length = match bytes.first_chunk::<LENGTH_BYTES>() {
            // -1 says that the rest is not compressed.
            Some(&length) if compressed => match i64::from_le_bytes(length) {
                -1 => bytes.len() as u64,
                length => u64::try_from(length).ok()?,
            },
            _ => bytes.len() as u64,
        };
        sum = sum.checked_add(length)?;
    }
    Some(sum)
}

fn refused(problem: &str) -> Status {
    Status::invalid_argument(format!("a message of the upload cannot be read: {problem}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, NullArray, RecordBatch};
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::IpcWriteOptions;
    use arrow_flight::utils::batches_to_flight_data;

    use super::*;

    const LIMITS: Limits = Limits { batch_bytes: 1 << 20, batch_rows: 1 << 20 };

    fn message(column: arrow::array::ArrayRef) -> FlightData {
        let batch = RecordBatch::try_from_iter([("x", column)]).expect("a batch");
        let schema = batch.schema();
        let mut messages = batches_to_flight_data(&schema, vec![batch]).expect("messages");
        messages.pop().expect("the last is the batch")
    }

    #[test]
    fn an_honest_message_passes() {
        check(&message(Arc::new(Int64Array::from_iter_values(0..1_000))), LIMITS).expect("it is honest");
    }

    #[test]
    fn more_rows_than_may_be_are_refused_even_if_they_take_no_room() {
        let refused = check(&message(Arc::new(NullArray::new(2 << 20))), LIMITS).expect_err("too many rows");
        assert!(refused.message().contains("2097152 rows, of 1048576 permitted"), "{refused}");
    }

    #[test]
    fn more_bytes_than_may_be_are_refused() {
        let refused = check(&message(Arc::new(Int64Array::from_iter_values(0..200_000))), LIMITS);
        assert!(refused.expect_err("too many bytes").message().contains("bytes, of 1048576 permitted"));
    }

    #[test]
    fn a_compressed_buffer_that_lies_about_its_length_is_refused() {
        let batch = RecordBatch::try_from_iter([(
            "x",
            Arc::new(Int64Array::from(vec![7; 10_000])) as arrow::array::ArrayRef,
        )]);
        let batch = batch.expect("a batch");
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME));
        let options = options.expect("LZ4");
        let generator = arrow::ipc::writer::IpcDataGenerator::default();
        let mut dictionaries = arrow::ipc::writer::DictionaryTracker::new(false);
        let (_, encoded) =
            generator.encode(&batch, &mut dictionaries, &options, &mut Default::default()).expect("encoded");
        let mut message = FlightData::from(encoded);
        check(&message, LIMITS).expect("it is honest");
        let mut body = message.data_body.to_vec();
        let claim = i64::MAX.to_le_bytes();
        let at =
            body.windows(8).position(|bytes| bytes == 80_000_i64.to_le_bytes()).expect("its true length");
        body[at..at + 8].copy_from_slice(&claim);
        message.data_body = body.into();
        assert!(check(&message, LIMITS).is_err());
    }
}
