//! The call itself, read from the text of a query.

use std::fmt;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, SelectItem, SetExpr, Statement, Value,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::refusal::Refusal;

const NAME: &str = "crossmatch_positional";
/// Longest text that may be such a call, in bytes; it has little more than six names.
const TEXT_BYTES: usize = 2_000;
/// The largest radius, in arcseconds. The archive's is 10.
const RADIUS_ARCSEC: f64 = 600.0;

/// Two tables, how near their rows are, and where the pairs go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub tables: [TableOf; 2],
    pub radius_arcsec: f64,
    /// The name of the table of pairs, without a schema.
    pub result: String,
}

/// A table as the caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableOf {
    pub schema: String,
    pub name: String,
}

impl fmt::Display for TableOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl Call {
    /// The call that a query is; nothing where it is none.
    pub(super) fn read(adql: &str) -> Result<Option<Self>, Refusal> {
        if adql.len() > TEXT_BYTES || !adql.to_ascii_lowercase().contains(NAME) {
            return Ok(None);
        }
        // What is no SQL at all is refused as ADQL, with the place.
        let Ok(statements) = Parser::parse_sql(&GenericDialect {}, adql) else { return Ok(None) };
        let Some(function) = only_function(&statements) else { return Ok(None) };
        if !function.name.to_string().eq_ignore_ascii_case(NAME) {
            return Ok(None);
        }
        Self::of(&literals(function)).ok_or_else(wrong).map(Some)
    }

    fn of(arguments: &[Option<&Value>]) -> Option<Self> {
        let text = |index: usize| match arguments.get(index)? {
            Some(Value::SingleQuotedString(text)) => Some(text.clone()),
            _ => None,
        };
        let table = |index: usize| Some(TableOf { schema: text(index)?, name: text(index + 1)? });
        let radius_arcsec = match arguments.get(4)? {
            Some(Value::Number(number, _)) => number.parse().ok()?,
            _ => return None,
        };
        let fits = arguments.len() == 6 && radius_arcsec > 0.0 && radius_arcsec <= RADIUS_ARCSEC;
        fits.then_some(())?;
        Some(Self { tables: [table(0)?, table(2)?], radius_arcsec, result: text(5)? })
    }
}

/// The function, where a query selects the value of one and nothing else.
fn only_function(statements: &[Statement]) -> Option<&Function> {
    let [Statement::Query(query)] = statements else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.as_slice() {
        [
            SelectItem::UnnamedExpr(Expr::Function(function))
            | SelectItem::ExprWithAlias { expr: Expr::Function(function), .. },
        ] => Some(function),
        _ => None,
    }
}

fn literals(function: &Function) -> Vec<Option<&Value>> {
    let FunctionArguments::List(list) = &function.args else { return Vec::new() };
    list.args.iter().map(literal).collect()
}

fn literal(argument: &FunctionArg) -> Option<&Value> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value))) => Some(&value.value),
        _ => None,
    }
}

fn wrong() -> Refusal {
    Refusal::Value {
        name: "QUERY",
        value: NAME.to_owned(),
        hint: format!(
            "it is {NAME}('schema', 'table', 'schema', 'table', radius, 'result') with a radius above 0 and up to \
             {RADIUS_ARCSEC} arcseconds"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_of_astroquery_is_read() {
        let adql = "SELECT crossmatch_positional('user_maria','mine','gaiadr3','gaia_source',1.5, 'pairs') FROM dual;";
        let table = |schema: &str, name: &str| TableOf { schema: schema.into(), name: name.into() };
        let expected = Call {
            tables: [table("user_maria", "mine"), table("gaiadr3", "gaia_source")],
            radius_arcsec: 1.5,
            result: "pairs".into(),
        };
        assert_eq!(Call::read(adql).expect("a call"), Some(expected));
    }

    #[test]
    fn a_call_that_makes_no_sense_is_refused_and_another_query_is_none() {
        for arguments in
            ["'a','b','c','d',1", "'a','b','c','d',0,'e'", "'a','b','c','d',601,'e'", "a,b,c,d,1,e"]
        {
            let refused = Call::read(&format!("SELECT Crossmatch_Positional({arguments}) FROM dual"));
            let told = refused.expect_err(arguments).to_string();
            assert!(told.starts_with("QUERY = 'crossmatch_positional' is not possible: it is"), "{told}");
        }
        for other in ["SELECT 'crossmatch_positional' AS a FROM dual", "crossmatch_positional", "SELECT 1"] {
            assert_eq!(Call::read(other).expect("no call"), None, "{other}");
        }
    }
}
