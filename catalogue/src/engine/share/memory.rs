//! Memory of queries in three circles: the query's own, its user's, the server's. A query asks all three, and
//! spills or ends when one has no more. A query that is to stop gets nothing: a sort asks for memory with every batch
//! while it gathers what it will write, and does not look up otherwise.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

use crate::engine::stop::Stop;

/// Bytes that several queries hold together, and may hold.
#[derive(Debug)]
pub(crate) struct Account {
    /// Names it in errors.
    name: &'static str,
    limit_bytes: usize,
    held: AtomicUsize,
}

impl Account {
    pub(super) fn new(name: &'static str, limit_bytes: usize) -> Self {
        Self { name, limit_bytes, held: AtomicUsize::new(0) }
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let fits = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.limit_bytes);
        match self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            // Operators spill on this error and no other.
            Err(_) => {
                let Self { name, limit_bytes, .. } = self;
                Err(DataFusionError::ResourcesExhausted(format!("{name}: {limit_bytes}")))
            }
        }
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The name and limit of the account that an engine's error is about.
pub(crate) fn exhausted_account(message: &str) -> Option<(&'static str, u64)> {
    let (name, limit) = message.lines().next()?.rsplit_once(": ")?;
    let name = [SERVER, USER].into_iter().find(|known| name.ends_with(known))?;
    Some((name, limit.parse().ok()?))
}

/// What errors call the server's account.
pub(super) const SERVER: &str = "server's memory";

/// What errors call a user's account.
pub(super) const USER: &str = "memory of all your queries";

/// The memory of one query.
#[derive(Debug)]
pub(crate) struct QueryMemory {
    own: FairSpillPool,
    accounts: [Arc<Account>; 2],
    stop: Stop,
}

impl QueryMemory {
    pub(super) fn new(limit_bytes: usize, accounts: [Arc<Account>; 2], stop: Stop) -> Self {
        Self { own: FairSpillPool::new(limit_bytes), accounts, stop }
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let [user, server] = &self.accounts;
        user.take(bytes)?;
        server.take(bytes).inspect_err(|_| user.give_back(bytes))
    }
}

impl fmt::Display for QueryMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueryMemory({})", self.own)
    }
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &'static str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        // What cannot fail is counted all the same, so that others see it.
        for account in &self.accounts {
            account.held.fetch_add(additional, Ordering::Relaxed);
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        for account in &self.accounts {
            account.give_back(shrink);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.stop.check()?;
        self.own.try_grow(reservation, additional)?;
        self.take(additional).inspect_err(|_| self.own.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(account: &Account) -> usize {
        account.held.load(Ordering::Relaxed)
    }

    #[test]
    fn a_query_takes_from_all_three_or_from_none() {
        let (user, server) = (Arc::new(Account::new(USER, 100)), Arc::new(Account::new(SERVER, 120)));
        let query = |limit| -> Arc<dyn MemoryPool> {
            Arc::new(QueryMemory::new(limit, [Arc::clone(&user), Arc::clone(&server)], Stop::after(60)))
        };
        let (first, second) = (query(80), query(80));
        let a = MemoryConsumer::new("a").register(&first);
        let b = MemoryConsumer::new("b").register(&second);
        a.try_grow(70).expect("all three have room");
        assert!(a.try_grow(20).is_err(), "its own is full");
        let refused = b.try_grow(40).expect_err("the user's is full").to_string();
        assert_eq!(exhausted_account(&refused), Some((USER, 100)));
        assert_eq!((held(&user), held(&server), first.reserved(), second.reserved()), (70, 70, 70, 0));
        drop(a);
        b.try_grow(40).expect("the first query ended");
        assert_eq!((held(&user), held(&server)), (40, 40));
    }

    #[test]
    fn a_full_server_takes_nothing_from_the_user() {
        let (user, server) = (Arc::new(Account::new(USER, 100)), Arc::new(Account::new(SERVER, 10)));
        let query: Arc<dyn MemoryPool> =
            Arc::new(QueryMemory::new(100, [Arc::clone(&user), Arc::clone(&server)], Stop::after(60)));
        let reservation = MemoryConsumer::new("a").register(&query);
        let refused = reservation.try_grow(11).expect_err("the server's is full").to_string();
        assert_eq!(exhausted_account(&refused), Some((SERVER, 10)));
        assert_eq!((held(&user), held(&server), query.reserved()), (0, 0, 0));
    }

    #[test]
    fn a_query_that_is_to_stop_gets_no_more() {
        let (user, server) = (Arc::new(Account::new(USER, 100)), Arc::new(Account::new(SERVER, 100)));
        let stop = Stop::after(60);
        let query: Arc<dyn MemoryPool> =
            Arc::new(QueryMemory::new(100, [Arc::clone(&user), server], stop.clone()));
        let reservation = MemoryConsumer::new("a").register(&query);
        reservation.try_grow(10).expect("there is room");
        stop.cancel();
        reservation.try_grow(10).expect_err("nobody wants what it is for");
        drop(reservation);
        assert_eq!((held(&user), query.reserved()), (0, 0));
    }
}
