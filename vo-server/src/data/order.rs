//! Rows of a group in the order of its identifiers, a few at a time, so that files begin and end at the same bytes
//! whenever they are made.

use std::collections::HashMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::Int64Type;
use arrow_schema::ArrowError;

/// Rows that are written together. Spectra are 20 kB each, and several times that as text.
const TOGETHER: usize = 64;

/// The rows of `found`, whose first column is an identifier, in the order of `ids`.
pub(super) fn in_order(
    found: Vec<RecordBatch>,
    ids: &[i64],
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, ArrowError> {
    let place_of: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    let mut rows = Vec::new();
    for (number, batch) in found.iter().enumerate() {
        let ids = batch.column(0).as_primitive_opt::<Int64Type>();
        let ids = ids.ok_or_else(|| ArrowError::SchemaError("identifiers are whole numbers".to_owned()))?;
        rows.extend(
            ids.values().iter().enumerate().map(|(row, id)| (place_of.get(id).copied(), (number, row))),
        );
    }
    rows.sort_unstable();
    let rows: Vec<(usize, usize)> = rows.into_iter().map(|(_, row)| row).collect();
    let starts = (0..rows.len()).step_by(TOGETHER);
    Ok(starts.map(move |start| {
        let some = &rows[start..rows.len().min(start + TOGETHER)];
        interleave_record_batch(&found.iter().collect::<Vec<_>>(), some)
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn however_the_rows_come_they_leave_in_the_order_of_the_request() {
        let batch = |ids: &[i64]| {
            let column = Arc::new(Int64Array::from(ids.to_vec()));
            RecordBatch::try_from_iter([("source_id", column as _)]).expect("a batch")
        };
        let asked: Vec<i64> = (0..200).map(|n| (n * 37) % 200).collect();
        let backwards: Vec<i64> = (0..200).rev().collect();
        let found = backwards.chunks(33).map(batch).collect();
        let made: Vec<RecordBatch> =
            in_order(found, &asked).expect("rows").collect::<Result<_, _>>().expect("all");
        let expected: Vec<RecordBatch> = asked.chunks(TOGETHER).map(batch).collect();
        assert_eq!(made, expected);
    }
}
