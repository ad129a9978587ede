//! Connections to PostgreSQL over TLS: who answers is who was meant, or there is no connection.

use database::{Database, Location, Part, Step};
use test_postgres::Secured;

const PART: Part =
    Part { name: "notes", steps: &[Step::same("notes", "CREATE TABLE notes (id BIGINT PRIMARY KEY)")] };

async fn opened(url: &str) -> Result<Database, String> {
    let location: Location = url.parse().expect("a place");
    Database::open(&location, &PART).await.map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    })
}

#[tokio::test]
async fn a_named_authority_means_an_encrypted_connection_to_the_server_that_was_meant() {
    let server = Secured::start();
    let authority = format!("sslrootcert={}", server.authority().display());
    let database = opened(&server.url("localhost", &authority)).await.expect("it is who it says");
    let encrypted = "SELECT COUNT(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    let encrypted: i64 = sqlx::query_scalar(encrypted).fetch_one(database.pool()).await.expect("an answer");
    assert_eq!(encrypted, 1);
    database.close().await;
    for (host, options, why) in [
        ("127.0.0.1", authority.clone(), "not valid for"),
        ("localhost", "sslmode=verify-full".to_owned(), "UnknownIssuer"),
        ("localhost", "sslmode=disable".to_owned(), "no pg_hba.conf entry"),
    ] {
        let refused = opened(&server.url(host, &options)).await.expect_err(host);
        assert!(refused.contains(why), "{host} {options}: {refused}");
    }
}

#[tokio::test]
async fn the_certificate_of_another_authority_is_no_good() {
    let (server, other) = (Secured::start(), Secured::start());
    let authority = format!("sslrootcert={}", other.authority().display());
    let refused = opened(&server.url("localhost", &authority)).await.expect_err("another authority");
    assert!(refused.contains("invalid peer certificate"), "{refused}");
}
