//! Random conditions on random numbers, against the engine's own evaluation.

use arrow::array::{AsArray, Float32Array, Float64Array};
use arrow_schema::Field;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{binary, cast, col, is_not_null, is_null, lit};
use proptest::prelude::*;

use super::*;

fn number() -> impl Strategy<Value = f64> {
    let special = prop::sample::select(vec![
        0.0,
        -0.0,
        1.0,
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
    ]);
    prop_oneof![4 => -3.0..3.0f64, 1 => special]
}

/// Columns `a` and `b` of 64 bits, and `c` of 32.
fn rows() -> impl Strategy<Value = RecordBatch> {
    let value = || prop::option::weighted(0.9, number());
    let ordinary = (-9.0..9.0f64).prop_map(Some);
    let row = prop_oneof![(value(), value(), value()), (ordinary.clone(), ordinary.clone(), ordinary)];
    prop::collection::vec(row, 0..3 * BLOCK).prop_map(|rows| {
        let a = Float64Array::from_iter(rows.iter().map(|row| row.0));
        let b = Float64Array::from_iter(rows.iter().map(|row| row.1));
        let c = Float32Array::from_iter(rows.iter().map(|row| row.2.map(|value| value as f32)));
        RecordBatch::try_from_iter_with_nullable([
            ("a", Arc::new(a) as _, true),
            ("b", Arc::new(b) as _, true),
            ("c", Arc::new(c) as _, true),
        ])
        .expect("three columns of the same length")
    })
}

fn schema() -> Schema {
    let kinds = [("a", DataType::Float64), ("b", DataType::Float64), ("c", DataType::Float32)];
    Schema::new(kinds.map(|(name, kind)| Field::new(name, kind, true)).to_vec())
}

type Expr = Arc<dyn PhysicalExpr>;

fn of(left: Expr, operator: Operator, right: Expr) -> Expr {
    binary(left, operator, right, &schema()).expect("both are of 64 bits")
}

fn column(name: &str) -> Expr {
    let column = col(name, &schema()).expect("a column");
    cast(column, &schema(), DataType::Float64).expect("a number")
}

fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["a", "b", "c"]).prop_map(column),
        number().prop_map(|value| lit(value) as Expr),
    ];
    let operators = vec![Operator::Plus, Operator::Minus, Operator::Multiply, Operator::Divide];
    leaf.prop_recursive(3, 8, 2, move |inner| {
        (inner.clone(), prop::sample::select(operators.clone()), inner)
            .prop_map(|(left, operator, right)| of(left, operator, right))
    })
}

fn condition() -> impl Strategy<Value = Expr> {
    let operators = vec![Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq, Operator::Eq];
    prop_oneof![
        6 => (expression(), prop::sample::select(operators), expression())
            .prop_map(|(left, operator, right)| of(left, operator, right)),
        1 => Just(is_not_null(column("c")).expect("a condition")),
        1 => Just(is_not_null(col("a", &schema()).expect("a column")).expect("a condition")),
        1 => Just(is_null(column("b")).expect("a condition")),
    ]
}

fn chosen(predicate: &Expr, rows: &RecordBatch) -> Vec<bool> {
    let chosen = predicate.evaluate(rows).expect("evaluated").into_array(rows.num_rows()).expect("an array");
    chosen.as_boolean().iter().map(|row| row == Some(true)).collect()
}

proptest! {
    #[test]
    fn filters_choose_the_rows_that_the_engine_chooses(
        rows in rows(),
        conditions in prop::collection::vec(condition(), 1..5),
    ) {
        let predicate = conjunction(conditions);
        if let Some(ours) = in_blocks(&predicate, &rows.schema()) {
            prop_assert_eq!(chosen(&ours, &rows), chosen(&predicate, &rows), "{}", predicate);
        }
    }
}

#[test]
fn what_can_be_evaluated_in_blocks_comes_first() {
    let above = of(column("a"), Operator::Gt, of(lit(5.0), Operator::Multiply, column("c")));
    let equal = of(column("a"), Operator::Eq, column("b"));
    let asked = conjunction([Arc::clone(&equal), Arc::clone(&above)]);
    let better = in_blocks(&asked, &Arc::new(schema())).expect("one of two");
    assert_eq!(better.to_string(), format!("{above} AND {equal}"));
    assert!(in_blocks(&equal, &Arc::new(schema())).is_none());
}
