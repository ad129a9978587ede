//! A hundred thousand random cones, polygons and sets of identifiers, asked of the engine and of every row in turn.

mod condition;
mod stars;
mod vectors;

use std::cell::Cell;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use catalogue::engine::{Catalogue, User};
use futures::TryStreamExt;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::Builder;

use condition::{Condition, cone, ids, polygon, several};
use stars::{TABLE, stars};

/// Questions of each kind.
const CASES: u32 = 25_000;

#[test]
fn random_cones_are_answered_as_by_a_look_at_every_row() {
    ask_many("cones", &cone());
}

#[test]
fn random_polygons_are_answered_as_by_a_look_at_every_row() {
    ask_many("polygons", &polygon());
}

#[test]
fn random_sets_of_identifiers_are_answered_as_by_a_look_at_every_row() {
    ask_many("identifiers", &ids());
}

#[test]
fn random_combinations_are_answered_as_by_a_look_at_every_row() {
    ask_many("combinations", &several());
}

/// The same questions in every run: the name is the seed. Each kind has a user of its own.
fn ask_many(name: &str, conditions: &impl Strategy<Value = Condition>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let user = User { name: name.parse().expect("a good user name") };
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let found_some = Cell::new(0);
    let outcome = TestRunner::new_with_rng(config, seed).run(conditions, |condition| {
        let found = runtime.block_on(ask(stars::catalogue(), &user, &condition));
        found_some.set(found_some.get() + u32::from(!found.is_empty()));
        check(&condition, &found)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let found_some = found_some.get();
    assert!(found_some > CASES / 3, "many must find stars, or they compare nothing: {found_some}");
}

/// The identifiers for which the engine says that the condition is true, in order.
async fn ask(catalogue: &Catalogue, user: &User, condition: &Condition) -> Vec<i64> {
    let sql = format!("SELECT source_id FROM {TABLE} WHERE {}", condition.sql());
    let query = catalogue.plan(user, &sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = query.execute().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let batches: Vec<_> = rows.try_collect().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let ids = batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values());
    let mut ids: Vec<i64> = ids.copied().collect();
    ids.sort_unstable();
    ids
}

/// Every star that must be found is, once, and none that must not; on an edge both are right.
fn check(condition: &Condition, found: &[i64]) -> Result<(), TestCaseError> {
    let known = stars().iter().filter_map(|star| match condition.holds(star) {
        Some(holds) => holds.then_some(star.id),
        None => found.binary_search(&star.id).is_ok().then_some(star.id),
    });
    let expected: Vec<i64> = known.collect();
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("found {found:?}, not {expected:?}, where {}", condition.sql())))
}
