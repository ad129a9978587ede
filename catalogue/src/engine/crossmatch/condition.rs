//! Conditions that say "these two positions are close", wherever they stand in the ON or WHERE of a join.

use datafusion::common::{Column, DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::terms::{Number, Within};
use crate::engine::functions::{DISTANCE, SkyCondition};

/// Two positions and how close they must be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Near {
    /// Right ascension and declination, in degrees.
    first: [Expr; 2],
    second: [Expr; 2],
    pub(super) radius_deg: f64,
    inclusive: bool,
    /// Whether the condition says nothing else; otherwise it has to be asked again for each pair.
    pub(super) exact: bool,
}

/// A [`Near`] whose positions belong to one side each.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) left: [Expr; 2],
    pub(super) right: [Expr; 2],
    pub(super) within: Within,
}

impl Near {
    /// What a condition says, if it is of this kind. An error when it can never be true.
    pub(super) fn of(condition: &Expr) -> Result<Option<Self>> {
        let near = match condition {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => comparison(left, *op, right),
            _ => None,
        };
        let Some(near) = near.or_else(|| otherwise(condition)) else { return Ok(None) };
        let radius_deg = near.radius_deg;
        if !(radius_deg >= 0.0 && (near.inclusive || radius_deg > 0.0)) {
            let sign = if near.inclusive { "<=" } else { "<" };
            return plan_err!(
                "a separation {sign} {radius_deg} degrees is never true: give a radius above 0 and up to 180 degrees"
            );
        }
        Ok(Some(near))
    }

    /// Which side each position belongs to; `None` when one needs columns of both sides, or of none.
    pub(super) fn sides(&self, left: &DFSchema, right: &DFSchema) -> Option<Sides> {
        let of = |schema, position| belongs(schema, position);
        let (first, second) = (self.first.clone(), self.second.clone());
        let within = |left_first| {
            // What is asked again later must not be lost to rounding now.
            let radius_deg = if self.exact { self.radius_deg } else { self.radius_deg * (1.0 + 1e-9) };
            let inclusive = self.inclusive || !self.exact;
            Within { radius_deg: Number::new(radius_deg), inclusive, left_first }
        };
        if of(left, &self.first) && of(right, &self.second) {
            Some(Sides { left: first, right: second, within: within(true) })
        } else if of(right, &self.first) && of(left, &self.second) {
            Some(Sides { left: second, right: first, within: within(false) })
        } else {
            None
        }
    }
}

fn belongs(schema: &DFSchema, position: &[Expr; 2]) -> bool {
    position.iter().all(|expr| {
        let columns = expr.column_refs();
        !columns.is_empty() && columns.iter().all(|column: &&Column| schema.has_column(column))
    })
}

/// `distance < radius`, or the other way around.
fn comparison(left: &Expr, op: Operator, right: &Expr) -> Option<Near> {
    let (distance, op, radius) = match number(right) {
        Some(radius) => (left, op, radius),
        None => (right, op.swap()?, number(left)?),
    };
    let inclusive = match op {
        Operator::Lt => false,
        Operator::LtEq => true,
        _ => return None,
    };
    let (positions, degrees) = scaled(distance)?;
    let [ra1, dec1, ra2, dec2] = positions;
    let exact = degrees == 1.0;
    Some(Near { first: [ra1, dec1], second: [ra2, dec2], radius_deg: radius / degrees, inclusive, exact })
}

/// The positions whose distance an expression is, and how many of its units make a degree.
fn scaled(expr: &Expr) -> Option<([Expr; 4], f64)> {
    match expr {
        // The planner keeps the words of the query as a name: `distance(...) AS distance_deg(...)`.
        Expr::Alias(alias) => scaled(&alias.expr),
        Expr::ScalarFunction(function) if function.name() == DISTANCE => {
            Some((function.args.clone().try_into().ok()?, 1.0))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            let (distance, factor) = match number(right) {
                Some(factor) => (left, factor),
                None => (right, number(left)?),
            };
            let (positions, degrees) = scaled(distance)?;
            (factor > 0.0).then_some((positions, degrees * factor))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => {
            let (positions, degrees) = scaled(left)?;
            let divisor = number(right).filter(|divisor| *divisor > 0.0)?;
            Some((positions, degrees / divisor))
        }
        _ => None,
    }
}

/// The same in other words: `cone(...)`, `1 = CONTAINS(POINT(...), CIRCLE(...))`, `DISTANCE(POINT, POINT) < r`.
fn otherwise(condition: &Expr) -> Option<Near> {
    let SkyCondition::Near { a, b, radius_deg } = SkyCondition::of(condition)? else { return None };
    let [first, second] = [a, b].map(|place| place.map(Expr::clone));
    Some(Near { first, second, radius_deg, inclusive: true, exact: false })
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(ScalarValue::Float64(value), _) => *value,
        Expr::Literal(ScalarValue::Int64(value), _) => value.map(|value| value as f64),
        _ => None,
    }
}
