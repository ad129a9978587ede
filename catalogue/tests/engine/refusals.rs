//! What nobody may do with SQL: read files, change anything, or exhaust the server.

use catalogue::engine::QueryError;

use crate::sky::ask;

const FORBIDDEN: [&str; 28] = [
    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE SCHEMA s",
    "CREATE DATABASE d",
    "CREATE FUNCTION f(DOUBLE) RETURNS DOUBLE RETURN $1",
    "DROP TABLE gaiadr3.gaia_source",
    "DROP SCHEMA gaiadr3 CASCADE",
    "INSERT INTO gaiadr3.gaia_source SELECT * FROM gaiadr3.gaia_source",
    "UPDATE gaiadr3.gaia_source SET ra = 0",
    "DELETE FROM gaiadr3.gaia_source",
    "TRUNCATE TABLE gaiadr3.gaia_source",
    "COPY gaiadr3.gaia_source TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO 'http://127.0.0.1/x.csv'",
    "EXPLAIN COPY (SELECT 1) TO '/tmp/x.csv'",
    "EXPLAIN ANALYZE VERBOSE SELECT 1",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/x.csv'",
    "SET datafusion.execution.batch_size = 1",
    "RESET datafusion.execution.batch_size",
    "SHOW ALL",
    "SHOW datafusion.runtime.temp_directory",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "BEGIN",
    "COMMIT",
    "USE gaiadr3",
    "SELECT 1; DROP TABLE gaiadr3.gaia_source",
];

#[tokio::test]
async fn statements_that_do_more_than_read_are_forbidden() {
    for sql in FORBIDDEN {
        let refused = ask(sql).await.expect_err(sql);
        assert!(
            matches!(refused, QueryError::Forbidden { .. } | QueryError::Syntax { .. }),
            "{sql}: {refused:?}"
        );
    }
    assert!(!std::path::Path::new("/tmp/stolen.csv").exists());
}

#[tokio::test]
async fn writing_inside_a_query_is_refused_too() {
    for sql in ["SELECT 1 INTO t", "WITH t AS (SELECT 1) INSERT INTO gaiadr3.gaia_source SELECT * FROM t"] {
        assert!(ask(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn files_and_urls_are_not_tables() {
    for file in [
        "/etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x.parquet",
        "nearside://data/",
        "s3://a/b.csv",
    ] {
        for sql in [
            format!("SELECT * FROM '{file}'"),
            format!("SELECT * FROM \"{file}\""),
            format!("SELECT * FROM read_csv('{file}')"),
            format!("SELECT * FROM read_parquet('{file}')"),
            format!("SELECT * FROM parquet_metadata('{file}')"),
        ] {
            assert!(ask(&sql).await.is_err(), "{sql}");
        }
    }
}

#[tokio::test]
async fn the_settings_of_the_server_are_not_listed() {
    let refused = ask("SELECT * FROM information_schema.df_settings").await.expect_err("a hidden table");
    assert!(matches!(refused, QueryError::UnknownTable { .. }), "{refused:?}");
}

#[tokio::test]
async fn deep_expressions_are_an_error_and_not_an_abort() {
    for sql in [
        format!("SELECT 1{}", " + 1".repeat(10_000)),
        format!("SELECT 1 WHERE 1=1{}", " OR 1=1".repeat(20_000)),
        format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT {}1{}", "abs(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}1{}", "coalesce(1, ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}true", "NOT ".repeat(20_000)),
        format!("SELECT {}1", "- ".repeat(20_000)),
        format!("SELECT 1{}", "::INT".repeat(20_000)),
        format!("SELECT 1{}", " IS NULL".repeat(20_000)),
        format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(5_000), " END".repeat(5_000)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(5_000)),
        format!("{}SELECT 1{}", "SELECT * FROM (".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}1{}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("SELECT a{}", "['b']".repeat(5_000)),
        format!("SELECT * FROM gaia_source{}", ", gaia_source".repeat(5_000)),
        format!("SELECT CAST(NULL AS {}INT{})", "ARRAY<".repeat(5_000), ">".repeat(5_000)),
        format!("SELECT '{}'", "x".repeat(2 << 20)),
    ] {
        let refused = ask(&sql).await.expect_err("too deep");
        assert!(
            matches!(refused, QueryError::TooComplex { .. } | QueryError::Syntax { .. }),
            "{}...: {refused:?}",
            &sql[..40]
        );
    }
}

#[tokio::test]
async fn the_deepest_permitted_expressions_run() {
    for sql in [
        format!("SELECT 1{}", " + 1".repeat(900)),
        format!("SELECT count(*) FROM vari_rrlyrae WHERE pf = 1{}", " OR pf = 2".repeat(400)),
        format!("SELECT {}1{}", "(".repeat(30), ")".repeat(30)),
        format!("SELECT 1 WHERE 1 IN ({})", vec!["-7"; 10_000].join(",")),
    ] {
        assert!(ask(&sql).await.is_ok(), "{}...", &sql[..40]);
    }
}

#[tokio::test]
async fn common_table_expressions_cannot_multiply_without_end() {
    let doubled = |n: usize| format!("t{n} AS (SELECT a.x FROM t{0} a JOIN t{0} b ON a.x = b.x)", n - 1);
    let chain: Vec<String> = (1..30).map(doubled).collect();
    let sql = format!("WITH t0 AS (SELECT 1 AS x), {} SELECT * FROM t29", chain.join(", "));
    assert!(matches!(ask(&sql).await, Err(QueryError::TooComplex { .. })));
}
