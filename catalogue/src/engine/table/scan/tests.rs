//! Partitions of one scan that begin one after the other.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use crate::engine::sandbox::Own;
use crate::engine::stop::Stop;
use crate::engine::{Catalogue, Limits};
use crate::progress::Silent;
use crate::sky::{SampleOptions, write_sample};

use super::*;

/// A sort with a limit hands its worst key down to the scan below it, and changes it as it finds better ones.
#[tokio::test]
async fn a_partition_that_begins_late_reads_no_files_of_another() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = SampleOptions { seed: 5, sources: 60_000, variables: 10 };
    write_sample(directory.path(), &options, &Silent).expect("a sample sky");
    let limits = Limits { query_threads: 2, ..Limits::default() };
    let catalogue = Catalogue::open(directory.path(), limits).expect("the sample sky opens");
    let (sandbox, tables) = (&catalogue.shelf.sandbox, &catalogue.shelf.tables);
    let share = catalogue.shares.of(&"maria".parse().expect("a user name")).expect("a share");
    let stop = Stop::after(60);
    let session = sandbox.session(tables, &Own::default(), &share, &stop).expect("a session");
    let ids = async |plan: &Arc<dyn ExecutionPlan>, partitions: &[usize]| {
        let mut ids: Vec<i64> = Vec::new();
        for &partition in partitions {
            let task = sandbox.task(&session, &share, &stop).expect("a task");
            let mut rows = plan.execute(partition, task).expect("a stream");
            while let Some(batch) = rows.try_next().await.expect("rows") {
                ids.extend(batch.column(0).as_primitive::<Int64Type>().values());
            }
        }
        ids.sort_unstable();
        ids
    };
    let plan = async |sql: &str| {
        let query = session.create_logical_plan(sql).await.expect("a good query");
        session.create_physical_plan(&query).await.expect("a plan")
    };
    let all = ids(&plan("SELECT source_id FROM gaia_source").await, &[0, 1]).await;
    for order in [[0, 1], [1, 0]] {
        let merged = plan("SELECT source_id FROM gaia_source ORDER BY source_id LIMIT 20000").await;
        let sorted = merged.children()[0];
        assert_eq!(sorted.output_partitioning().partition_count(), 2);
        let found = ids(sorted, &order).await;
        assert!(found[..20_000] == all[..20_000], "rows are missing or came twice");
    }
}
