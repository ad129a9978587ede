//! Names of the columns of an answer: a column's own, a function's, or `col_3`; each only once. With them ORDER BY after
//! DISTINCT names what is selected, as the engine wants it.

use std::collections::HashSet;

use sqlparser::ast::{
    Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, OrderByKind, Query,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Value,
};

/// Names what is selected without a name.
pub(super) fn name(query: &mut Query) {
    named(&mut query.body);
    if let (SetExpr::Select(select), Some(order)) = (query.body.as_ref(), &mut query.order_by)
        && select.distinct == Some(Distinct::Distinct)
        && let OrderByKind::Expressions(terms) = &mut order.kind
    {
        terms.iter_mut().for_each(|term| selected(&mut term.expr, &select.projection));
    }
}

fn named(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => items(&mut select.projection),
        SetExpr::SetOperation { left, right, .. } => {
            named(left);
            named(right);
        }
        _ => {}
    }
}

/// Replaces an expression that is selected under a name by the name.
fn selected(expr: &mut Expr, items: &[SelectItem]) {
    let same = items.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr: selected, alias } if selected == expr => Some(alias),
        _ => None,
    });
    if let Some(name) = same {
        *expr = Expr::Identifier(name.clone());
    }
}

fn items(items: &mut [SelectItem]) {
    let mut taken: HashSet<String> = items.iter().filter_map(given).collect();
    let mut own = HashSet::new();
    let stars = Stars::of(items);
    for (index, item) in items.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let column = column(expr);
        if let Some(name) = &column
            && stars.have(expr)
        {
            own.insert(name.clone());
        }
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

/// What `*` and `table.*` select besides.
struct Stars {
    all: bool,
    tables: Vec<String>,
}

impl Stars {
    fn of(items: &[SelectItem]) -> Self {
        let table = |item: &SelectItem| match item {
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                name.0.last()?.as_ident().map(plain)
            }
            _ => None,
        };
        let all = items.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        Self { all, tables: items.iter().filter_map(table).collect() }
    }

    /// Whether a column is probably among them.
    fn have(&self, expr: &Expr) -> bool {
        let of_table = match expr {
            Expr::CompoundIdentifier(parts) => {
                parts.iter().rev().nth(1).is_some_and(|table| self.tables.contains(&plain(table)))
            }
            _ => !self.tables.is_empty(),
        };
        self.all || of_table
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
