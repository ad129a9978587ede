//! Positional crossmatch: pairs of rows of two inputs that are close on the sky.
//!
//! Two ways lead here: the relation `crossmatch(a, b, radius_arcsec => 1)` ([`call`]), and joins on
//! `distance_deg(...) < r` or `cone(...)`, which the optimiser rewrites ([`rewrite`]). Both become one node
//! ([`node`]) and one operator ([`exec`]): one side is cut into chunks of neighbouring rows, and the other side is
//! read only where each chunk's rows are. A chunk is matched on its own and then forgotten, so memory does not
//! grow with the catalogues, and tiles have no edges. Wide radii and conditions without a fixed radius are left
//! to the engine's nested loops.

mod blocks;
mod call;
mod cells;
mod condition;
mod cover;
mod exec;
mod grid;
mod input;
mod keyed;
mod matches;
mod motion;
mod names;
mod node;
mod options;
mod plan;
mod positions;
mod rewrite;
mod run;
mod shape;
mod sorted;
mod terms;
mod trace;

use std::sync::Arc;

use datafusion::execution::session_state::SessionStateBuilder;

use super::limits::Limits;
pub(crate) use call::NAME;
pub(crate) use exec::CrossmatchExec;
pub(crate) use names::name_tables;

/// A session that knows crossmatches.
pub(crate) fn install(builder: SessionStateBuilder, limits: &Limits) -> SessionStateBuilder {
    let widest_arcsec = f64::from(limits.crossmatch_radius_arcsec);
    builder
        .with_optimizer_rule(Arc::new(rewrite::JoinsToCrossmatches { widest_deg: widest_arcsec / 3600.0 }))
        .with_query_planner(Arc::new(plan::Planner))
        .with_relation_planners(vec![Arc::new(call::Call { widest_arcsec })])
}
