//! Random tables, grouped by place and by the engine.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::util::pretty::pretty_format_batches;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;

use super::*;

/// Two keys and a number.
type Row = (Option<i64>, Option<i64>, Option<f64>);

/// Keys that lie close together but for few, and others anywhere.
fn keys() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        20 => (-6..6i64).prop_map(Some),
        4 => (-400..400i64).prop_map(Some),
        2 => Just(None),
    ]
}

fn far() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        60 => keys(),
        1 => any::<i64>().prop_map(Some),
        1 => Just(Some(i64::MIN)),
        1 => Just(Some(i64::MAX)),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    // Whole numbers, whose sums do not depend on their order.
    let number = prop_oneof![9 => (-100..100i32).prop_map(|number| Some(f64::from(number))), 1 => Just(None)];
    let close = (keys(), keys(), number.clone());
    let wide = (far(), far(), number);
    let batch = |row| prop::collection::vec(row, 0..40);
    prop_oneof![
        prop::collection::vec(batch(close.boxed()), 0..12),
        prop::collection::vec(batch(wide.boxed()), 0..12),
    ]
}

fn kinds() -> impl Strategy<Value = DataType> {
    use DataType::{Int16, Int32, Int64, UInt32};
    prop::sample::select(vec![Int16, Int32, Int64, UInt32])
}

fn schema(kind: &DataType) -> SchemaRef {
    let fields = [("colour", kind.clone()), ("bin", DataType::Int64), ("flux", DataType::Float64)];
    Arc::new(Schema::new(fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec()))
}

/// A key that its type cannot hold becomes null.
fn batch(rows: &[Row], kind: &DataType) -> RecordBatch {
    let colour: Int64Array = rows.iter().map(|row| row.0).collect();
    let bin: Int64Array = rows.iter().map(|row| row.1).collect();
    let flux: Float64Array = rows.iter().map(|row| row.2).collect();
    let columns: Vec<ArrayRef> =
        vec![cast(&colour, kind).expect("whole numbers"), Arc::new(bin), Arc::new(flux)];
    RecordBatch::try_new(schema(kind), columns).expect("three columns")
}

/// The answer and the plan, with the rule or without it.
fn ask(batches: &[RecordBatch], kind: &DataType, sql: &str, by_place: bool) -> (String, String) {
    let (some, others) = batches.split_at(batches.len() / 2);
    answer(schema(kind), vec![some.to_vec(), others.to_vec()], sql, by_place)
}

fn answer(schema: SchemaRef, parts: Vec<Vec<RecordBatch>>, sql: &str, by_place: bool) -> (String, String) {
    let config = SessionConfig::new().with_target_partitions(2).with_batch_size(32);
    let mut state = SessionStateBuilder::new().with_config(config).with_default_features();
    if by_place {
        state = state.with_physical_optimizer_rule(Arc::new(ByPlace));
    }
    let session = SessionContext::new_with_state(state.build());
    let table = MemTable::try_new(schema, parts).expect("a table");
    session.register_table("stars", Arc::new(table)).expect("a new name");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let rows = |sql: &str| {
        let rows = runtime.block_on(async { session.sql(sql).await?.collect().await });
        pretty_format_batches(&rows.expect("an answer")).expect("a text").to_string()
    };
    (rows(sql), rows(&format!("EXPLAIN {sql}")))
}

const QUERIES: [&str; 6] = [
    "SELECT colour, bin, count(*) FROM stars GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT bin, count(flux), sum(flux), min(flux), max(flux), avg(flux) FROM stars GROUP BY 1 ORDER BY 1",
    "SELECT colour, sum(flux) FILTER (WHERE bin > 0), count(*) FROM stars GROUP BY 1 ORDER BY 1",
    "SELECT CAST(floor(flux / 7 - 2.5) AS BIGINT), count(*), sum(bin % 9) FROM stars GROUP BY 1 ORDER BY 1",
    "SELECT CAST(floor(log10(flux * flux + 0.25) * 3) AS BIGINT), colour, count(*) FROM stars GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT colour + 1, bin FROM stars WHERE flux IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
];

proptest! {
    #[test]
    fn groups_are_those_of_the_engine(rows in rows(), kind in kinds(), query in 0..QUERIES.len()) {
        let batches: Vec<RecordBatch> = rows.iter().map(|rows| batch(rows, &kind)).collect();
        let (ours, plan) = ask(&batches, &kind, QUERIES[query], true);
        let (theirs, _) = ask(&batches, &kind, QUERIES[query], false);
        prop_assert!(plan.contains("SmallGroups: "), "{}", plan);
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn groups_that_move_keep_what_was_counted() {
    // Every batch has keys farther out, to both sides, and at last too far for a table.
    let reach = [1i64, 3, 20, 150, 1_000_000];
    let rows = |&reach: &i64| -> Vec<Row> {
        (-reach..=reach)
            .step_by((reach as usize / 10).max(1))
            .map(|key| (Some(key % 7), Some(key), Some(1.0)))
            .collect()
    };
    let batches: Vec<RecordBatch> = reach.iter().map(|reach| batch(&rows(reach), &DataType::Int64)).collect();
    for sql in QUERIES {
        let (ours, _) = ask(&batches, &DataType::Int64, sql, true);
        let (theirs, _) = ask(&batches, &DataType::Int64, sql, false);
        assert_eq!(ours, theirs, "{sql}");
    }
}

#[test]
fn texts_and_unsigned_keys_of_64_bits_and_all_rows_in_one_stay_the_engines() {
    let name: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let id = cast(&Int64Array::from(vec![1, 2]), &DataType::UInt64).expect("whole numbers");
    let rows = RecordBatch::try_from_iter([("name", name), ("id", id)]).expect("two columns");
    for query in [
        "SELECT name, count(*) FROM stars GROUP BY 1",
        "SELECT id, count(*) FROM stars GROUP BY 1",
        "SELECT sum(id), count(*) FROM stars",
    ] {
        let (_, plan) = answer(rows.schema(), vec![vec![rows.clone()], vec![rows.clone()]], query, true);
        assert!(plan.contains("mode=Partial") && !plan.contains("SmallGroups"), "{plan}");
    }
}
