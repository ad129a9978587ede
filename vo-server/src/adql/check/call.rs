//! Calls of functions: known names, as many arguments as they take, and none of SQL's additions.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function as Call, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, ObjectNamePart,
};

use super::{Checked, at, condition, geometry, invalid, not_adql, value};
use crate::adql::error::{AdqlError, Position};
use crate::adql::functions::{self, Function};
use crate::adql::reserved;

/// Functions whose arguments may be conditions.
const OF_CONDITIONS: [&str; 2] = ["esdc_if_then_else", "esdc_case_condition"];

/// A call.
pub(super) fn call(call: &Call) -> Checked {
    let Call { name, uses_odbc_syntax, parameters, args, filter, null_treatment, over, within_group } = call;
    let here = at(name);
    // The parser takes CURRENT_DATE and the like for calls without brackets.
    if let (FunctionArguments::None, [.., last]) = (args, name.0.as_slice()) {
        let word = last.to_string();
        return Err(AdqlError::Reserved { hint: reserved::hint(&word), word, position: here });
    }
    let function = known(&name.0, here)?;
    if over.is_some() {
        return not_adql("window function", "leave out OVER", here);
    }
    let plain = !uses_odbc_syntax
        && matches!(parameters, FunctionArguments::None)
        && filter.is_none()
        && null_treatment.is_none()
        && within_group.is_empty();
    if !plain {
        return not_adql("function call of this form", "write name(argument, ...)", here);
    }
    match args {
        FunctionArguments::List(list) => arguments(function, list, here),
        FunctionArguments::None | FunctionArguments::Subquery(_) => {
            not_adql("subquery as an argument", "join with it in FROM", here)
        }
    }
}

fn known(parts: &[ObjectNamePart], here: Position) -> Result<&'static Function, AdqlError> {
    let written: Vec<&str> =
        parts.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str()).collect();
    let name = written.join(".");
    functions::function(&name).ok_or_else(|| {
        let suggestion = functions::closest(&name);
        AdqlError::UnknownFunction { name, suggestion, position: here }
    })
}

fn arguments(function: &'static Function, list: &FunctionArgumentList, here: Position) -> Checked {
    let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
    if !clauses.is_empty() {
        return not_adql("ORDER BY in a function", "leave it out", here);
    }
    if matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct | DuplicateTreatment::All))
        && !function.group.is_aggregate()
    {
        return invalid("DISTINCT and ALL stand only in COUNT, SUM, AVG, MIN and MAX", here);
    }
    if let [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] = args.as_slice()
        && function.name == "count"
    {
        return Ok(());
    }
    let values = args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
        _ => Err(AdqlError::Arguments {
            problem: "an argument is no value".into(),
            syntax: function.signature,
            position: here,
        }),
    });
    let values: Vec<&Expr> = values.collect::<Result<_, _>>()?;
    if !function.arguments.contains(&values.len()) {
        let problem = format!("{} has {} arguments", function.name, values.len());
        return Err(AdqlError::Arguments { problem, syntax: function.signature, position: here });
    }
    let paired = match function.name {
        "esdc_case_condition" => values.len() % 2 == 1,
        "esdc_case_expression" => values.len().is_multiple_of(2),
        _ => true,
    };
    if !paired {
        let problem = format!("{} lacks a value at its end", function.name);
        return Err(AdqlError::Arguments { problem, syntax: function.signature, position: here });
    }
    let conditions = OF_CONDITIONS.contains(&function.name);
    for expr in &values {
        match conditions && condition::is_condition(expr) {
            true => condition::condition(expr)?,
            false => value::value(expr)?,
        }
    }
    geometry::arguments(function, &values, here)
}
