//! Small pieces of syntax trees.

use sqlparser::ast::helpers::attached_token::AttachedToken;
use sqlparser::ast::{
    CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Value,
};

/// A number.
pub(super) fn number(number: impl ToString) -> Expr {
    Expr::value(Value::Number(number.to_string(), false))
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> Expr {
    Expr::value(Value::SingleQuotedString(text.into()))
}

/// NULL, without its box.
pub(super) fn null() -> Box<Expr> {
    Box::new(Expr::value(Value::Null))
}

/// The call of a function of the engine.
pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// `CASE [operand] WHEN condition THEN value ... ELSE otherwise END`
pub(super) fn case(operand: Option<Expr>, branches: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    let conditions = branches.into_iter().map(|(condition, result)| CaseWhen { condition, result }).collect();
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: operand.map(Box::new),
        conditions,
        else_result: Some(Box::new(otherwise)),
    }
}
