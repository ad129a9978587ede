//! Comparisons of numbers, none of which is NaN. The engine compares by the total order of IEEE 754, in which NaN is below or
//! above everything by its sign, with zeros made equal; of other numbers that is the usual order.

use std::iter::repeat_n;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_schema::Schema;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::BinaryExpr;

use crate::engine::number::{Block, Number, Ready};

/// Two numbers, and how they must compare.
#[derive(Debug)]
pub(super) struct Comparison {
    left: Number,
    order: Order,
    right: Number,
}

/// How the left number compares with the right one.
#[derive(Clone, Copy, Debug)]
enum Order {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Comparison {
    /// The comparison that an expression is.
    pub(super) fn of(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Option<Self> {
        let binary = expr.downcast_ref::<BinaryExpr>()?;
        let order = match binary.op() {
            Operator::Lt => Order::Below,
            Operator::LtEq => Order::AtMost,
            Operator::Gt => Order::Above,
            Operator::GtEq => Order::AtLeast,
            _ => return None,
        };
        let (left, right) = (Number::of(binary.left(), schema)?, Number::of(binary.right(), schema)?);
        (left.is_arithmetic() && right.is_arithmetic()).then_some(Self { left, order, right })
    }

    /// Leaves of a block of `rows` those for which the comparison holds. Gives up where a number is NaN: its sign may
    /// depend on how processors compute.
    pub(super) fn narrow(
        &self,
        batch: &RecordBatch,
        rows: Range<usize>,
        rooms: &mut [Block; 2],
        hold: &mut [bool],
    ) -> Option<()> {
        let [left, right] = rooms;
        let left = self.left.each(batch, rows.clone(), left);
        let nan = match self.right.ready(batch, rows.clone()) {
            Some(Ready::Same(right)) => {
                self.order.narrow(hold, left, repeat_n(right, left.len()));
                right.is_nan()
            }
            _ => {
                let right = self.right.each(batch, rows, right);
                self.order.narrow(hold, left, right.iter().copied());
                any_nan(right)
            }
        };
        (!nan && !any_nan(left)).then_some(())
    }
}

fn any_nan(numbers: &[f64]) -> bool {
    numbers.iter().fold(false, |nan, number| nan | number.is_nan())
}

impl Order {
    fn narrow(self, hold: &mut [bool], left: &[f64], right: impl Iterator<Item = f64>) {
        let rows = hold.iter_mut().zip(left.iter().copied().zip(right));
        match self {
            Self::Below => rows.for_each(|(hold, (left, right))| *hold &= left < right),
            Self::AtMost => rows.for_each(|(hold, (left, right))| *hold &= left <= right),
            Self::Above => rows.for_each(|(hold, (left, right))| *hold &= left > right),
            Self::AtLeast => rows.for_each(|(hold, (left, right))| *hold &= left >= right),
        }
    }
}
