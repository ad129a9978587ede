//! Functions under the engine's names, and those that the engine says with other words.

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName,
    Value, ValueWithSpan,
};

use super::build::{call, case, number, text};
use crate::adql::error::AdqlError;
use crate::adql::stc::Shape;

/// Functions that the engine calls otherwise. Its `log` is to base 10.
const RENAMED: [(&str, &str); 6] = [
    ("ivo_epoch_prop_pos", "epoch_prop_pos"),
    ("ivo_string_agg", "string_agg"),
    ("log", "ln"),
    ("rand", "random"),
    ("sign", "signum"),
    ("variance", "var"),
];

/// A call in the engine's words. `None` where it stays a call, under a name that may have changed.
pub(super) fn translated(function: &mut Function) -> Result<Option<Expr>, AdqlError> {
    let name = function.name.to_string().to_lowercase();
    let args = || arguments(function);
    let other = match name.as_str() {
        "region" => args().first().and_then(literal).and_then(|text| Shape::parse(&text).ok()).map(shape),
        "ivo_nocasematch" => pair(args()).map(|(value, pattern)| one_if(like(value, pattern))),
        "ivo_hashlist_has" => pair(args()).map(|(list, item)| one_if(has(list, item))),
        "esdc_case_condition" => Some(chosen(None, args())),
        "esdc_case_expression" => {
            let mut args = args();
            let input = args.remove(0);
            Some(chosen(Some(input), args))
        }
        _ => None,
    };
    if other.is_none() {
        rename(function, &name);
    }
    Ok(other)
}

fn rename(function: &mut Function, name: &str) {
    if let Some((_, other)) = RENAMED.iter().find(|(adql, _)| *adql == name) {
        function.name = ObjectName::from(vec![Ident::new(*other)]);
    }
    let FunctionArguments::List(list) = &mut function.args else { return };
    match name {
        // The seed has no meaning (section 2.3).
        "rand" => list.args.clear(),
        "point" | "circle" | "box" | "polygon" | "ellipse" if list.args.first().is_some_and(is_system) => {
            list.args.remove(0);
        }
        _ => {}
    }
}

/// A call that makes a shape.
pub(super) fn shape(shape: Shape) -> Expr {
    match shape {
        Shape::Numbers(function, numbers) => call(function, numbers.into_iter().map(signed).collect()),
        Shape::Moc(moc) => call("moc", vec![text(moc)]),
    }
}

fn signed(value: f64) -> Expr {
    let size = number(format!("{:?}", value.abs()));
    match value < 0.0 {
        true => Expr::UnaryOp { op: sqlparser::ast::UnaryOperator::Minus, expr: Box::new(size) },
        false => size,
    }
}

/// A coordinate system was checked to be ours; only it is a literal of text or null among numbers.
fn is_system(argument: &FunctionArg) -> bool {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else { return false };
    matches!(expr, Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(_) | Value::Null, .. }))
}

fn arguments(function: &Function) -> Vec<Expr> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    let value = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().filter_map(value).collect()
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

fn pair(args: Vec<Expr>) -> Option<(Expr, Expr)> {
    let [first, second] = <[Expr; 2]>::try_from(args).ok()?;
    Some((first, second))
}

fn one_if(condition: Expr) -> Expr {
    case(None, vec![(condition, number(1))], number(0))
}

fn like(value: Expr, pattern: Expr) -> Expr {
    let (expr, pattern) = (Box::new(value), Box::new(pattern));
    Expr::ILike { negated: false, any: false, expr, pattern, escape_char: None }
}

/// Whether `#list#` has `#item#` in it, in small letters.
fn has(list: Expr, item: Expr) -> Expr {
    let marked = |expr| call("concat", vec![text("#"), call("lower", vec![expr]), text("#")]);
    let found = call("strpos", vec![marked(list), marked(item)]);
    Expr::BinaryOp { left: Box::new(found), op: BinaryOperator::Gt, right: Box::new(number(0)) }
}

/// `otherwise, condition, value, condition, value, ...`
fn chosen(operand: Option<Expr>, mut args: Vec<Expr>) -> Expr {
    let otherwise = args.remove(0);
    let (branches, _) = args.as_chunks::<2>();
    let branches = branches.iter().map(|[condition, value]| (condition.clone(), value.clone())).collect();
    case(operand, branches, otherwise)
}
