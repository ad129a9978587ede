//! Arithmetic on two numbers.

use datafusion::logical_expr::Operator;

/// What is done with two numbers, by the rules of IEEE 754.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Plus,
    Minus,
    Times,
    DividedBy,
}

impl Operation {
    /// The operation that an operator stands for.
    pub(super) fn of(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Plus => Self::Plus,
            Operator::Minus => Self::Minus,
            Operator::Multiply => Self::Times,
            Operator::Divide => Self::DividedBy,
            _ => return None,
        })
    }

    /// Does it with every number of `left`, which becomes what comes out.
    pub(super) fn apply(self, left: &mut [f64], right: impl Iterator<Item = f64>) {
        let pairs = left.iter_mut().zip(right);
        match self {
            Self::Plus => pairs.for_each(|(left, right)| *left += right),
            Self::Minus => pairs.for_each(|(left, right)| *left -= right),
            Self::Times => pairs.for_each(|(left, right)| *left *= right),
            Self::DividedBy => pairs.for_each(|(left, right)| *left /= right),
        }
    }
}
