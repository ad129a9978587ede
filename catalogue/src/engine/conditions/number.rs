//! Numbers of rows, a block at a time: columns, literals, and arithmetic on them, all in 64 bits.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow_schema::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, Literal};

/// Rows of a block, at most: a few of them fit into the first cache of a processor.
pub(super) const BLOCK: usize = 1024;

/// How a number is computed.
#[derive(Debug)]
pub(super) enum Number {
    /// The value in this column. Every number of 32 bits is one of 64.
    Column(usize),
    /// The same in all rows.
    Literal(f64),
    /// An operation on two others.
    Operation(Box<Self>, Operation, Box<Self>),
}

/// What is done with two numbers, by the rules of IEEE 754.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    DividedBy,
}

impl Number {
    /// The number that an expression is; `None` where it may be another one when computed here.
    pub(super) fn of(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Self> {
        let kind = expr.data_type(schema).ok()?;
        if !matches!(kind, DataType::Float32 | DataType::Float64) {
            return None;
        }
        if let Some(column) = expr.downcast_ref::<Column>() {
            return Some(Self::Column(column.index()));
        }
        if let Some(literal) = expr.downcast_ref::<Literal>() {
            return match literal.value() {
                ScalarValue::Float32(value) => value.map(|value| Self::Literal(value.into())),
                ScalarValue::Float64(value) => value.map(Self::Literal),
                _ => None,
            };
        }
        // What follows rounds, so that it has to be done in 64 bits there too.
        if kind != DataType::Float64 {
            return None;
        }
        if let Some(cast) = expr.downcast_ref::<CastExpr>() {
            return Self::of(cast.expr(), schema);
        }
        let binary = expr.downcast_ref::<BinaryExpr>()?;
        let operation = match binary.op() {
            Operator::Plus => Operation::Plus,
            Operator::Minus => Operation::Minus,
            Operator::Multiply => Operation::Times,
            Operator::Divide => Operation::DividedBy,
            _ => return None,
        };
        let sides = (Self::of(binary.left(), schema)?, Self::of(binary.right(), schema)?);
        Some(Self::Operation(Box::new(sides.0), operation, Box::new(sides.1)))
    }

    /// Puts the numbers of the rows from `start` into `numbers`, which are a block at most. What it puts where a column
    /// has no value means nothing.
    pub(super) fn put(&self, batch: &RecordBatch, start: usize, numbers: &mut [f64]) {
        match self {
            Self::Column(column) => put_column(batch, *column, start, numbers),
            Self::Literal(value) => numbers.fill(*value),
            Self::Operation(left, operation, right) => {
                left.put(batch, start, numbers);
                let mut others = [0.0; BLOCK];
                let others = &mut others[..numbers.len()];
                right.put(batch, start, others);
                operation.apply(numbers, others);
            }
        }
    }
}

fn put_column(batch: &RecordBatch, column: usize, start: usize, numbers: &mut [f64]) {
    let (column, rows) = (batch.column(column), start..start + numbers.len());
    match column.as_primitive_opt::<Float32Type>() {
        Some(column) => {
            let values = &column.values()[rows];
            numbers.iter_mut().zip(values).for_each(|(number, value)| *number = f64::from(*value));
        }
        None => numbers.copy_from_slice(&column.as_primitive::<Float64Type>().values()[rows]),
    }
}

impl Operation {
    fn apply(self, left: &mut [f64], right: &[f64]) {
        let pairs = left.iter_mut().zip(right);
        match self {
            Self::Plus => pairs.for_each(|(left, right)| *left += right),
            Self::Minus => pairs.for_each(|(left, right)| *left -= right),
            Self::Times => pairs.for_each(|(left, right)| *left *= right),
            Self::DividedBy => pairs.for_each(|(left, right)| *left /= right),
        }
    }
}
