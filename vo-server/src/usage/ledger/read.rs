//! Reading the ledger: requests for operators, counts of days for everybody.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::Ledger;
use crate::state::{State, StateError};

/// A request as it was kept: when, entrance, client, version, complexity, outcome, milliseconds.
pub(crate) struct Kept {
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// Entrance, client, version, complexity and outcome.
    pub texts: [String; 5],
    /// Until the answer began.
    pub elapsed_ms: i64,
}

/// How many requests of a kind there were on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DayCount {
    /// Days since 1970.
    pub day: i64,
    /// Entrance, client, version and complexity.
    pub texts: [String; 4],
    /// Requests.
    pub queries: i64,
}

impl Ledger {
    /// The requests that are kept, the oldest first.
    pub(crate) async fn requests(&self, state: &State) -> Result<Vec<Kept>, StateError> {
        self.settle().await;
        let sql = "SELECT entrance, client, version, complexity, outcome, asked_at, elapsed_ms FROM usage_requests \
             ORDER BY id";
        let rows = sqlx::query(sql).fetch_all(state.pool()).await?;
        let kept = |row: &AnyRow| -> Result<Kept, sqlx::Error> {
            Ok(Kept { at: row.try_get(5)?, texts: texts(row)?, elapsed_ms: row.try_get(6)? })
        };
        Ok(rows.iter().map(kept).collect::<Result<_, _>>()?)
    }

    /// Counts of at least `smallest`, by day. Smaller ones might tell of single people, and are left out.
    pub(crate) async fn days(&self, state: &State, smallest: i64) -> Result<Vec<DayCount>, StateError> {
        self.settle().await;
        let sql = "SELECT entrance, client, version, complexity, day, queries FROM usage_days WHERE queries >= $1 \
             ORDER BY day, entrance, client, version, complexity";
        let rows = sqlx::query(sql).bind(smallest).fetch_all(state.pool()).await?;
        let count = |row: &AnyRow| -> Result<DayCount, sqlx::Error> {
            Ok(DayCount { day: row.try_get(4)?, texts: texts(row)?, queries: row.try_get(5)? })
        };
        Ok(rows.iter().map(count).collect::<Result<_, _>>()?)
    }
}

/// The first `N` columns.
fn texts<const N: usize>(row: &AnyRow) -> Result<[String; N], sqlx::Error> {
    let mut texts = std::array::from_fn(|_| String::new());
    for (column, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(column)?;
    }
    Ok(texts)
}
