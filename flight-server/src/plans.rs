//! Plans between a query's offer and its rows: DoGet nearly always follows GetFlightInfo at once, and planning takes
//! longer than a small query's rows.
//!
//! Nothing depends on them: a ticket says what is to be run, and who finds no plan here plans again. So few are kept,
//! for a short time.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use api::names::Username;
use catalogue::engine::Query;

use crate::statement::Statement;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Plans.
    pub(crate) plans: usize,
    /// Bytes of their statements together; a plan is several times as large.
    pub(crate) sql_bytes: usize,
    /// Age.
    pub(crate) age: Duration,
}

/// The plans of the last offers.
pub(crate) struct Plans<P = Query> {
    limits: Limits,
    kept: Mutex<VecDeque<Kept<P>>>,
}

struct Kept<P> {
    user: Username,
    statement: Statement,
    epoch: u64,
    plan: P,
    since: Instant,
}

impl<P> Plans<P> {
    /// None yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, kept: Mutex::default() }
    }

    /// Keeps what was planned for a user's query in an epoch of users' tables; the oldest go when there are too many.
    pub(crate) fn keep(&self, user: &Username, statement: &Statement, epoch: u64, plan: P) {
        let mut kept = self.kept();
        let (user, statement) = (user.clone(), statement.clone());
        kept.push_back(Kept { user, statement, epoch, plan, since: Instant::now() });
        let mut bytes: usize = kept.iter().map(|kept| kept.statement.size_bytes()).sum();
        while kept.len() > self.limits.plans || bytes > self.limits.sql_bytes {
            bytes -= kept.pop_front().map_or(bytes, |oldest| oldest.statement.size_bytes());
        }
    }

    /// The plan of a user's query, which is then no longer kept: a plan runs once. One of another epoch may read
    /// what the user may no longer see, or what is no longer there.
    pub(crate) fn take(&self, user: &Username, statement: &Statement, epoch: u64) -> Option<P> {
        let mut kept = self.kept();
        let same = |kept: &Kept<P>| kept.user == *user && kept.statement == *statement && kept.epoch == epoch;
        let found = kept.iter().position(same)?;
        kept.remove(found).map(|kept| kept.plan)
    }

    /// Those that are not too old.
    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept<P>>> {
        let mut kept = self.kept.lock().expect("no thread panics while it holds this lock");
        kept.retain(|kept| kept.since.elapsed() < self.limits.age);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Username {
        name.parse().expect("a good user name")
    }

    fn of(sql: &str) -> Statement {
        Statement::of(sql)
    }

    fn plans(age: Duration) -> Plans<u32> {
        Plans::new(Limits { plans: 2, sql_bytes: 10, age })
    }

    #[test]
    fn a_plan_is_taken_once_and_by_its_user() {
        let plans = plans(Duration::MAX);
        plans.keep(&user("maria"), &of("SELECT 1"), 1, 1);
        assert_eq!(plans.take(&user("vera"), &of("SELECT 1"), 1), None);
        assert_eq!(plans.take(&user("maria"), &of("SELECT 2"), 1), None);
        assert_eq!(plans.take(&user("maria"), &of("SELECT 1"), 1), Some(1));
        assert_eq!(plans.take(&user("maria"), &of("SELECT 1"), 1), None);
    }

    #[test]
    fn a_plan_is_of_its_epoch() {
        let plans = plans(Duration::MAX);
        plans.keep(&user("maria"), &of("SELECT 1"), 1, 1);
        assert_eq!(plans.take(&user("maria"), &of("SELECT 1"), 2), None);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_long_ones() {
        let plans = plans(Duration::MAX);
        let maria = user("maria");
        (0..3).for_each(|n| plans.keep(&maria, &of(&n.to_string()), 1, n));
        assert_eq!([0, 1, 2].map(|n| plans.take(&maria, &of(&n.to_string()), 1)), [None, Some(1), Some(2)]);
        plans.keep(&maria, &of("short"), 1, 3);
        plans.keep(&maria, &of("ten bytes!"), 1, 4);
        assert_eq!(
            [plans.take(&maria, &of("short"), 1), plans.take(&maria, &of("ten bytes!"), 1)],
            [None, Some(4)]
        );
        plans.keep(&maria, &of("eleven bytes"), 1, 5);
        assert_eq!(plans.take(&maria, &of("eleven bytes"), 1), None);
    }

    #[test]
    fn old_plans_are_forgotten() {
        let plans = plans(Duration::ZERO);
        plans.keep(&user("maria"), &of("SELECT 1"), 1, 1);
        assert_eq!(plans.take(&user("maria"), &of("SELECT 1"), 1), None);
    }
}
