//! Since when the files of each release are what they are.
//!
//! A client that resumes without saying what it has the beginning of, as `curl -C -` does, gets the rest only where the
//! release has not changed lately.

use sqlx::Row;

use crate::app::App;
use crate::identity::Caller;
use crate::state::{StateError, now};

/// Remembers what the releases are, where they are not what they were before.
pub(crate) async fn note(app: &App) -> Result<(), StateError> {
    let tables = app.catalogue.releases(&Caller::Anonymous.user());
    let mut releases: Vec<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    releases.dedup();
    for release in releases {
        let newest = newest(app, release).await?;
        let snapshot = of(app, release);
        if newest.as_ref().is_some_and(|(known, _)| *known == snapshot) {
            continue;
        }
        sqlx::query("INSERT INTO snapshots (release, snapshot, since) VALUES ($1, $2, $3)")
            .bind(release)
            .bind(snapshot)
            .bind(newest.map_or(0, |(_, before)| now().max(before + 1)))
            .execute(app.state.pool())
            .await?;
    }
    Ok(())
}

/// What the files of a release are, as a text.
pub(super) fn of(app: &App, release: &str) -> String {
    format!("{:016x}", app.catalogue.snapshot(release))
}

/// Whether a release is what it was for a long while.
pub(super) async fn unchanged(app: &App, release: &str) -> Result<bool, StateError> {
    let longest = now() - app.config.traffic.unchanged_seconds;
    Ok(newest(app, release).await?.is_some_and(|(_, since)| since <= longest))
}

async fn newest(app: &App, release: &str) -> Result<Option<(String, i64)>, StateError> {
    let newest = "SELECT snapshot, since FROM snapshots WHERE release = $1 ORDER BY since DESC LIMIT 1";
    let row = sqlx::query(newest).bind(release).fetch_optional(app.state.pool()).await?;
    Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get("snapshot")?, row.try_get("since")?))).transpose()?)
}
