//! What the log says, and what it never does.

use std::io::Write;
use std::sync::{Arc, Mutex};

use api::token::Audience;

use crate::harness::Gateway;
use crate::sign_in::post;

/// Our own lines of the log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(line).contains("kernel_gateway") {
            self.0.lock().expect("unpoisoned").extend(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// From now on, everything that any test of this program logs.
    fn record() -> Self {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other test records");
        lines
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("unpoisoned").clone()).expect("text")
    }
}

#[tokio::test]
async fn no_secret_no_address_and_no_long_name_is_ever_logged() {
    let lines = Lines::record();
    let gateway = Gateway::start().await;
    gateway.ready_lab("maria").await;
    let maria = gateway.browser("maria").await;
    post(&gateway, &format!("canary-name{}", "m".repeat(3_000)), "canary-password", "").await;
    post(&gateway, "evil\x1b[31m\ncanary-line", "canary-password", "").await;
    let token = gateway.token("maria", &[Audience::Gateway]);
    gateway.get("/user/maria/x?q=canary-query").bearer_auth(&token).send().await.expect("an answer");
    maria.fetches(gateway.post("/api/token")).send().await.expect("an answer");
    let order = gateway.spawner.orders.lock().expect("unpoisoned")[0].clone();

    let logged = lines.text();
    assert!(logged.contains("signed in by a one-time link"), "something was logged");
    assert!(logged.contains(r#"evil\u{1b}[31m\ncanary-line"#), "names are escaped: {logged}");
    let login = maria.cookies.split(['=', ';']).nth(1).expect("a cookie");
    let secrets = [login, &maria.xsrf, &token, &order.agent_secret, &order.lab_secret];
    for canary in ["canary-password", "canary-query", "canary-name", "\x1b"].iter().chain(&secrets) {
        let leak = logged.lines().find(|line| line.contains(canary));
        assert!(leak.is_none(), "{leak:?}");
    }
}
