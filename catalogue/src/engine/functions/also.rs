//! Second names for functions that the engine has: those of ADQL 2.1 (section 2.3) and of the Gaia archive.

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

/// The engine's name, and what else the function is called.
const SCALAR: [(&str, &[&str]); 20] = [
    ("array_avg", &["arr_avg"]),
    ("array_dims", &["esdc_array_dims"]),
    ("array_length", &["esdc_array_length", "arr_count"]),
    ("array_max", &["arr_max"]),
    ("array_min", &["arr_min"]),
    ("array_ndims", &["esdc_array_ndims"]),
    ("array_sum", &["arr_sum"]),
    ("cardinality", &["esdc_cardinality"]),
    ("ceil", &["ceiling"]),
    ("character_length", &["esdc_length"]),
    ("coalesce", &["esdc_coalesce"]),
    ("greatest", &["esdc_greatest"]),
    ("least", &["esdc_least"]),
    ("left", &["esdc_left"]),
    ("make_array", &["esdc_array_element"]),
    ("nullif", &["esdc_nullif"]),
    ("right", &["esdc_right"]),
    ("substr", &["esdc_substring"]),
    ("translate", &["esdc_translate"]),
    ("trunc", &["truncate"]),
];

/// The functions, with their second names.
pub(super) fn scalar(functions: Vec<Arc<ScalarUDF>>) -> Vec<Arc<ScalarUDF>> {
    let named = |function: Arc<ScalarUDF>| match SCALAR.iter().find(|(name, _)| *name == function.name()) {
        Some((_, also)) => Arc::new(function.as_ref().clone().with_aliases(also.iter().copied())),
        None => function,
    };
    functions.into_iter().map(named).collect()
}

/// The aggregates, with their second names.
pub(super) fn aggregate(functions: Vec<Arc<AggregateUDF>>) -> Vec<Arc<AggregateUDF>> {
    let named = |function: Arc<AggregateUDF>| match function.name() {
        "stddev" => Arc::new(function.as_ref().clone().with_aliases(["esdc_stddev"])),
        _ => function,
    };
    functions.into_iter().map(named).collect()
}
