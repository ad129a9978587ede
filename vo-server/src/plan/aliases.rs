//! Whether the tables of a query can be told apart by their own names, without their schemas. Then the engine gets those
//! as aliases, because it takes `gaia_source.*` and `gaiadr3.gaia_source.ra` only for what a table is called exactly.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, Query, visit_relations};

/// Whether no two tables of the query have the same name in different schemas.
pub(super) fn suffice(query: &Query) -> bool {
    let mut schemas: HashMap<String, String> = HashMap::new();
    let visited = visit_relations(query, |relation: &ObjectName| {
        let [schema, table] = small(relation);
        match schemas.insert(table, schema.clone()) {
            Some(other) if other != schema => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    visited.is_continue()
}

/// Everything before the last part of a name, and the last part, in small letters.
fn small(name: &ObjectName) -> [String; 2] {
    let mut parts: Vec<String> =
        name.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.to_lowercase()).collect();
    let table = parts.pop().unwrap_or_default();
    [parts.join("."), table]
}
