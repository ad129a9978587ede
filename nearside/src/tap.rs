//! Asks a TAP service (IVOA TAP 1.1) for rows, and takes no answer for whole that is not.
//!
//! Services cut answers: at MAXREC, at limits of their own, with a mark (DALI 1.1 section 4.4.1) and without. So rows
//! are counted by the service first and here afterwards; what does not agree is asked again in smaller pieces, or is an
//! error. Answers are files; rows are read by the importer.

mod downloads;
mod job;
mod patch;
mod service;

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use catalogue::progress::Progress;

pub use downloads::Downloads;
pub use patch::Cone;
pub use service::{Access, Service, TapLimits};

/// The whole answer to a query, or an error.
pub async fn query(
    service: &Service,
    adql: &str,
    downloads: &Downloads,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let adql = adql.trim().trim_end_matches(';');
    let expected = match downloads.count(service, &format!("SELECT COUNT(*) AS n FROM ({adql}) AS q")).await {
        Ok(rows) => Some(rows),
        Err(error) => {
            eprintln!(
                "note: the service does not count the rows of this query ({error:#}); its own mark of a cut answer has to do"
            );
            None
        }
    };
    let max_rows = service.limits().max_rows;
    progress.begin("downloading", expected.unwrap_or(0), "rows");
    let answer = downloads.fetch(service, adql, max_rows).await;
    progress.end();
    let answer = answer?;
    ensure!(answer.rows > 0, "the answer has no rows");
    let whole = !answer.overflow && answer.rows < max_rows && expected.is_none_or(|rows| rows == answer.rows);
    if !whole {
        downloads.forget(&answer)?;
        let of = expected.map(|rows| format!(" of {rows}")).unwrap_or_default();
        bail!(
            "the service cut its answer at {}{of} rows: narrow the query, or take a --cone, which is asked in pieces",
            answer.rows
        );
    }
    Ok(vec![answer.file])
}

/// All rows of a cone. It is asked in pieces of few enough rows, and as many rows have to come as the service counts.
pub async fn cone(
    service: &Service,
    cone: &Cone,
    downloads: &Downloads,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let total =
        downloads.count(service, &cone.count(None)).await.context("failed to count the rows of the cone")?;
    ensure!(total > 0, "{} has no rows within this cone", cone.table);
    progress.begin("downloading", total, "rows");
    let files = pieces(service, cone, total, downloads, progress).await;
    progress.end();
    files
}

async fn pieces(
    service: &Service,
    cone: &Cone,
    total: u64,
    downloads: &Downloads,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let (mut files, mut fetched) = (Vec::new(), 0);
    let mut open = cone.patches();
    while let Some(patch) = open.pop() {
        let rows = downloads.count(service, &cone.count(Some(&patch))).await?;
        if rows == 0 {
            continue;
        }
        if rows > service.limits().rows_per_query && patch.can_split() {
            open.extend(patch.split());
            continue;
        }
        let answer = downloads.fetch(service, &cone.select(&patch), rows + 1).await?;
        if answer.rows < rows || answer.overflow {
            downloads.forget(&answer)?;
            ensure!(
                patch.can_split(),
                "the service gives {} of {rows} rows of {patch}: its limit is too low",
                answer.rows
            );
            open.extend(patch.split());
            continue;
        }
        ensure!(answer.rows == rows, "the table changes while it is read: {} rows, not {rows}", answer.rows);
        progress.advance(rows);
        fetched += rows;
        files.push(answer.file);
    }
    ensure!(
        fetched == total,
        "the pieces have {fetched} rows, the cone has {total}: the table changes while it is read"
    );
    Ok(files)
}
