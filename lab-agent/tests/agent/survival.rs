//! Kernels outlive agents, and what they say meanwhile reaches every client once and in order.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{DEADLINE, Lab, eventually, python, shared};
use crate::websocket::{Client, Form, Received};

/// Frames of one flood.
const FRAMES: usize = 10_000;

/// How often the agent is killed during one flood; `NEARSIDE_KILLS` says another number.
fn kills() -> usize {
    std::env::var("NEARSIDE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Prints numbers, each in a frame of its own, so quickly that an agent that starts anew finds many waiting.
fn flood() -> String {
    format!(
        "from IPython.display import publish_display_data\n\
         for i in range({FRAMES}): publish_display_data({{'text/plain': str(i)}})"
    )
}

/// A client that comes back with its cursor whenever its connection breaks.
struct Persistent<'a> {
    lab: &'a Lab,
    kernel: String,
    cursor: u64,
    connection: Option<Client>,
    reloads: usize,
}

impl<'a> Persistent<'a> {
    fn new(lab: &'a Lab, kernel: &str, cursor: u64) -> Self {
        Self { lab, kernel: kernel.to_owned(), cursor, connection: None, reloads: 0 }
    }

    /// The next message; every message has a higher number than the one before.
    async fn next(&mut self) -> Received {
        let start = std::time::Instant::now();
        loop {
            if let Some(connection) = &mut self.connection
                && let Some(message) = connection.next().await
            {
                assert!(message.sequence() > self.cursor, "doubled or out of order: {message:?}");
                self.cursor = message.sequence();
                return message;
            }
            // A page that was reloaded has a new session.
            self.reloads += 1;
            let session = format!("page-{}", self.reloads);
            self.connection = Client::after(self.lab, &self.kernel, &session, self.cursor).await;
            assert!(start.elapsed() < DEADLINE, "the agent never came back");
        }
    }

    /// Reads all numbers, while the agent is killed now and then; every second time the page is reloaded as well,
    /// and what was on its way to it is lost.
    async fn count(&mut self, request: &str, kills: usize) {
        let every = FRAMES / kills;
        for expected in 0..FRAMES {
            let number = loop {
                let message = self.next().await;
                if message.kind() == "display_data" && message.answers(request) {
                    break message.content["data"]["text/plain"].as_str().map(str::to_owned);
                }
            };
            assert_eq!(number, Some(expected.to_string()), "lost, doubled or out of order");
            if expected % every == every / 2 {
                self.lab.kill_agent();
                self.connection.take_if(|_| expected / every % 2 == 1);
            }
        }
    }
}

#[tokio::test]
async fn killing_the_agent_during_output_loses_doubles_and_reorders_nothing() {
    let Some(python) = python() else { return };
    let lab = Lab::start(python, |_| ());
    let kernel = lab.kernel().await;
    let request = Client::connect(&lab, &kernel, "asks", Form::V1).await.execute(&flood()).await;
    let mut client = Persistent::new(&lab, &kernel, 0);
    client.count(&request, kills()).await;
    assert!(client.reloads > kills() / 2, "{} reloads", client.reloads);
}

#[tokio::test]
async fn a_kernel_its_session_and_its_variables_survive_the_agent() {
    let Some(python) = python() else { return };
    let lab = Lab::start(python, |_| ());
    let wish = json!({"path": "a.ipynb", "type": "notebook", "kernel": {"name": "python3"}});
    let (_, session) = lab.post("api/sessions", wish).await;
    let kernel = session["kernel"]["id"].as_str().expect("an id").to_owned();
    let mut before = Client::connect(&lab, &kernel, "tab", Form::V1).await;
    assert_eq!(before.run("x = 'M45'").await.1["status"], "ok");
    lab.kill_agent();
    while before.next().await.is_some() {}
    let (status, mut again) =
        lab.get(&format!("api/sessions/{}", session["id"].as_str().expect("an id"))).await;
    let mut expected = session.clone();
    for model in [&mut again, &mut expected] {
        model["kernel"]["last_activity"].take();
        model["kernel"]["execution_state"].take();
    }
    assert_eq!((status, again), (StatusCode::OK, expected));
    let mut after = Client::connect(&lab, &kernel, "tab", Form::V1).await;
    assert_eq!(after.run("print(x)").await.0, "M45\n");
    assert_eq!(lab.delete(&format!("api/kernels/{kernel}")).await, StatusCode::NO_CONTENT);
    eventually("an end of kernel and keeper", || {
        let keepers = lab.processes().into_iter().filter(|pid| {
            let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.contains("keep\0") || words.contains("ipykernel")
        });
        (keepers.count() == 0).then_some(())
    });
}

#[tokio::test]
async fn a_client_reads_from_any_message_and_knows_its_number() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut asks = Client::connect(lab, &kernel, "asks", Form::V1).await;
    let request = asks.execute("for i in range(3): display(i)").await;
    asks.finish(&request).await;
    let mut all = Vec::new();
    let mut reader = Persistent::new(lab, &kernel, 0);
    while all.len() < 3 {
        let message = reader.next().await;
        if message.kind() == "display_data" {
            all.push((message.sequence(), message.content["data"]["text/plain"].clone()));
        }
    }
    let mut rest = Persistent::new(lab, &kernel, all[0].0);
    assert_eq!((rest.next().await.sequence(), rest.next().await.sequence()), (all[1].0, all[2].0));
    assert_eq!(
        all.iter().map(|(_, number)| number.clone()).collect::<Vec<_>>(),
        ["0", "1", "2"].map(|n| json!(n))
    );
}

#[tokio::test]
async fn a_cursor_that_is_no_number_is_refused() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    assert!(Client::ask(lab, &kernel, "cursor=yesterday", Form::V1).await.is_none());
}
