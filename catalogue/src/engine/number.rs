//! Numbers of rows, a block at a time: columns, literals, and arithmetic on them, all in 64 bits.

mod operation;

use std::iter::repeat_n;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow_schema::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use operation::Operation;

/// Rows of a block, at most: a few of them fit into the first cache of a processor.
pub(crate) const BLOCK: usize = 1024;

/// Room for the numbers of a block.
pub(crate) type Block = [f64; BLOCK];

/// A block before anything is computed.
pub(crate) const NO_NUMBERS: Block = [0.0; BLOCK];

/// How a number is computed.
#[derive(Debug)]
pub(crate) enum Number {
    /// The value in this column. Every number of 32 bits is one of 64.
    Column(usize),
    /// The same in all rows.
    Literal(f64),
    /// An operation on two others.
    Operation(Box<Self>, Operation, Box<Self>),
    /// The logarithm of another to base 10.
    Log10(Box<Self>),
}

impl Number {
    /// The number that an expression is; `None` where it may be another one when computed here.
    pub(crate) fn of(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Self> {
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
        if let Some(function) = expr.downcast_ref::<ScalarFunctionExpr>() {
            let [of] = function.args() else { return None };
            let of = (function.fun().name() == "log10").then(|| Self::of(of, schema))??;
            return Some(Self::Log10(Box::new(of)));
        }
        let binary = expr.downcast_ref::<BinaryExpr>()?;
        let operation = Operation::of(*binary.op())?;
        let (left, right) = (Self::of(binary.left(), schema)?, Self::of(binary.right(), schema)?);
        // What is computed goes where the left number was, which a literal would first have to fill.
        let (left, right) = match (&left, operation) {
            (Self::Literal(_), Operation::Plus | Operation::Times) => (right, left),
            _ => (left, right),
        };
        Some(Self::Operation(Box::new(left), operation, Box::new(right)))
    }

    /// Whether it is computed by nothing but arithmetic, which seldom gives NaN.
    pub(crate) fn is_arithmetic(&self) -> bool {
        match self {
            Self::Column(_) | Self::Literal(_) => true,
            Self::Operation(left, _, right) => left.is_arithmetic() && right.is_arithmetic(),
            Self::Log10(_) => false,
        }
    }

    /// The numbers of `rows`, which are a block at most. They are in `room` where the batch does not have them. What stands
    /// where a column has no value means nothing.
    pub(crate) fn each<'a>(
        &self,
        batch: &'a RecordBatch,
        rows: Range<usize>,
        room: &'a mut Block,
    ) -> &'a [f64] {
        match self.ready(batch, rows.clone()) {
            Some(Ready::Double(numbers)) => numbers,
            _ => {
                let room = &mut room[..rows.len()];
                self.put(batch, rows, room);
                room
            }
        }
    }

    /// The same where nothing is to be computed.
    pub(crate) fn ready<'a>(&self, batch: &'a RecordBatch, rows: Range<usize>) -> Option<Ready<'a>> {
        match self {
            Self::Column(column) => Some(Ready::of(batch.column(*column), rows)),
            Self::Literal(number) => Some(Ready::Same(*number)),
            Self::Operation(..) | Self::Log10(_) => None,
        }
    }

    fn put(&self, batch: &RecordBatch, rows: Range<usize>, numbers: &mut [f64]) {
        match self {
            Self::Column(column) => match Ready::of(batch.column(*column), rows) {
                Ready::Single(column) => {
                    numbers.iter_mut().zip(column).for_each(|(number, value)| *number = f64::from(*value));
                }
                Ready::Double(column) => numbers.copy_from_slice(column),
                Ready::Same(number) => numbers.fill(number),
            },
            Self::Literal(number) => numbers.fill(*number),
            Self::Log10(of) => {
                of.put(batch, rows, numbers);
                numbers.iter_mut().for_each(|number| *number = number.log10());
            }
            Self::Operation(left, operation, right) => {
                left.put(batch, rows.clone(), numbers);
                match right.ready(batch, rows.clone()) {
                    Some(Ready::Single(right)) => {
                        operation.apply(numbers, right.iter().copied().map(f64::from))
                    }
                    Some(Ready::Double(right)) => operation.apply(numbers, right.iter().copied()),
                    Some(Ready::Same(right)) => operation.apply(numbers, repeat_n(right, rows.len())),
                    None => {
                        let mut others = NO_NUMBERS;
                        let others = right.each(batch, rows, &mut others);
                        operation.apply(numbers, others.iter().copied());
                    }
                }
            }
        }
    }
}

/// Numbers that need not be computed.
pub(crate) enum Ready<'a> {
    /// Those of a column of 32 bits.
    Single(&'a [f32]),
    /// Those of a column of 64 bits.
    Double(&'a [f64]),
    /// The same in all rows.
    Same(f64),
}

impl<'a> Ready<'a> {
    fn of(column: &'a ArrayRef, rows: Range<usize>) -> Self {
        match column.as_primitive_opt::<Float32Type>() {
            Some(column) => Self::Single(&column.values()[rows]),
            None => Self::Double(&column.as_primitive::<Float64Type>().values()[rows]),
        }
    }
}
