//! Functions that SQL has here beyond the engine's own: the sky, the Gaia archive's list, and what else ADQL
//! expects. Units are in each function's documentation, which `SHOW FUNCTIONS` prints.

mod also;
mod archive;
mod cone;
mod epoch;
mod function;
mod geometry;
mod in_unit;
mod light_curve;
mod numbers;
mod ordered;
#[cfg(test)]
mod page;
mod sky_condition;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, DocSection, ScalarUDF};

use super::limits::Limits;
pub(crate) use geometry::DISTANCE;
pub(crate) use sky_condition::SkyCondition;

const POSITIONS: DocSection =
    DocSection { include: true, label: "Positions", description: Some("Functions on the celestial sphere") };

/// What the engine has, as queries may use it, and what is ours.
pub(crate) fn scalar(engine: Vec<Arc<ScalarUDF>>, limits: &Limits) -> Vec<Arc<ScalarUDF>> {
    let mut functions = ordered::repaired(also::scalar(engine));
    functions.extend(ours(limits));
    functions
}

/// The engine's aggregates, with the names that astronomers know as well.
pub(crate) fn aggregate(engine: Vec<Arc<AggregateUDF>>) -> Vec<Arc<AggregateUDF>> {
    also::aggregate(engine)
}

fn ours(limits: &Limits) -> impl Iterator<Item = Arc<ScalarUDF>> {
    let plain = std::iter::once(cone::cone()).chain(epoch::all()).chain(archive::all());
    let in_unit = Arc::new(ScalarUDF::from(in_unit::InUnit::new()));
    plain.map(function::Function::udf).chain(geometry::all()).chain([in_unit]).chain(light_curve::all(limits))
}
