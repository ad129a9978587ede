//! Names of the columns of an answer: a column's own, a function's, or `col_3`; each only once.

use std::collections::HashSet;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, SelectItem, SetExpr, Value,
};

/// Names what is selected without a name.
pub(super) fn named(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => items(&mut select.projection),
        SetExpr::SetOperation { left, right, .. } => {
            named(left);
            named(right);
        }
        _ => {}
    }
}

fn items(items: &mut [SelectItem]) {
    let mut taken: HashSet<String> = items.iter().filter_map(given).collect();
    let mut own = HashSet::new();
    for (index, item) in items.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let column = column(expr);
        // The first column of a name keeps it, so that its table still qualifies it.
        if let Some(column) = &column
            && !taken.contains(column)
            && own.insert(column.clone())
        {
            continue;
        }
        let name = column.unwrap_or_else(|| spoken(expr, index));
        let name = free(name, |name| taken.contains(name) || own.contains(name));
        taken.insert(name.clone());
        let alias = Ident::with_quote('"', name);
        let expr = std::mem::replace(expr, Expr::value(Value::Null));
        *item = SelectItem::ExprWithAlias { expr, alias };
    }
}

fn given(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(plain(alias)),
        _ => None,
    }
}

/// The name of a column, as the engine writes it.
fn column(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(plain(name)),
        Expr::CompoundIdentifier(parts) => parts.last().map(plain),
        _ => None,
    }
}

fn plain(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}

fn spoken(expr: &Expr, index: usize) -> String {
    match expr {
        Expr::Function(call) if all_rows(call) => "count_all".to_owned(),
        Expr::Function(call) => call.name.to_string().to_lowercase(),
        Expr::Floor { .. } => "floor".to_owned(),
        _ => format!("col_{}", index + 1),
    }
}

/// `COUNT(*)`
fn all_rows(call: &Function) -> bool {
    let FunctionArguments::List(list) = &call.args else { return false };
    matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}

fn free(name: String, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or(name)
}
