//! Says a checked query in the engine's words: TOP as a limit, functions under the engine's names, casts to its types,
//! and a name for every column of the answer. What the query asks for does not change.

mod build;
mod calls;
mod casts;
mod columns;
mod rows;

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Query, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use super::error::{AdqlError, Position};

pub use rows::limit;

/// Translates a query in place.
pub(super) fn query(query: &mut Query) -> Result<(), AdqlError> {
    match query.visit(&mut Translator) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Translator;

impl VisitorMut for Translator {
    type Break = AdqlError;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<AdqlError> {
        rows::top_to_limit(query);
        columns::name(query);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<AdqlError> {
        let translated = match expr {
            Expr::Function(call) => calls::translated(call),
            Expr::Cast { .. } => casts::translated(expr),
            Expr::Value(literal) => hexadecimal(literal),
            Expr::UnaryOp { op: UnaryOperator::BitwiseNot, expr } => {
                Ok(Some(complement(std::mem::replace(expr, build::null()))))
            }
            _ => Ok(None),
        };
        match translated {
            Ok(Some(other)) => *expr = other,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// The engine reads 0x1F as bytes.
fn hexadecimal(literal: &ValueWithSpan) -> Result<Option<Expr>, AdqlError> {
    let Value::HexStringLiteral(digits) = &literal.value else { return Ok(None) };
    match i64::from_str_radix(digits, 16) {
        Ok(number) => Ok(Some(build::number(number))),
        Err(_) => Err(AdqlError::Invalid {
            message: "a hexadecimal number is too large".into(),
            position: Position::of(literal.span),
        }),
    }
}

/// The engine has no ~: it is the exclusive or with all bits.
fn complement(expr: Box<Expr>) -> Expr {
    let all_bits = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(build::number(1)) };
    let both = Expr::BinaryOp { left: expr, op: BinaryOperator::BitwiseXor, right: Box::new(all_bits) };
    Expr::Nested(Box::new(both))
}
