//! Channels: execution, questions, buffers, and what happens to a connection.

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{DEADLINE, shared};
use crate::websocket::{Client, Form};

#[tokio::test]
async fn a_cell_executes_over_both_forms() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    for form in [Form::V1, Form::Legacy] {
        let mut client = Client::connect(lab, &kernel, &format!("{form:?}"), form).await;
        let (printed, reply) = client.run("print('Alcyone')").await;
        assert_eq!((printed.as_str(), reply["status"].as_str()), ("Alcyone\n", Some("ok")), "{form:?}");
    }
    assert_eq!(lab.delete(&format!("api/kernels/{kernel}")).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn broadcasts_reach_every_client_and_replies_only_the_one_that_asked() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut asks = Client::connect(lab, &kernel, "asks", Form::V1).await;
    let mut looks = Client::connect(lab, &kernel, "looks", Form::Legacy).await;
    let request = asks.execute("6 * 7").await;
    let (_, reply) = asks.finish(&request).await;
    assert_eq!(reply["status"], "ok");
    let mut seen = Vec::new();
    loop {
        let message = looks.until(|message| message.answers(&request)).await;
        seen.push((message.channel.clone(), message.kind().to_owned()));
        if message.content["execution_state"] == "idle" {
            break;
        }
    }
    let expected = ["status", "execute_input", "execute_result", "status"];
    assert_eq!(seen, expected.map(|kind| ("iopub".to_owned(), kind.to_owned())));
}

#[tokio::test]
async fn a_question_of_the_kernel_reaches_the_client_that_asked() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    for form in [Form::V1, Form::Legacy] {
        let mut client = Client::connect(lab, &kernel, &format!("{form:?}"), form).await;
        let request = client.execute("print(input('Which cluster? '))").await;
        let question = client.until(|message| message.kind() == "input_request").await;
        assert_eq!(
            question.says(),
            ("stdin", "input_request", &json!({"prompt": "Which cluster? ", "password": false}))
        );
        client.send("stdin", "input_reply", json!({"value": "M45", "status": "ok"}), &[]).await;
        assert_eq!(client.finish(&request).await.0, "M45\n", "{form:?}");
    }
}

/// The kernel sends its buffers back, reversed.
const ECHO: &str = "
from comm import get_comm_manager
def opened(comm, message):
    comm.send({'n': 2}, buffers=[bytes(reversed(buffer)) for buffer in message['buffers']])
get_comm_manager().register_target('echo', opened)
";

#[tokio::test]
async fn buffers_pass_unchanged_both_ways_in_both_forms() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    for form in [Form::V1, Form::Legacy] {
        let mut client = Client::connect(lab, &kernel, &format!("{form:?}"), form).await;
        assert_eq!(client.run(ECHO).await.1["status"], "ok");
        let content = json!({"comm_id": format!("c{form:?}"), "target_name": "echo", "data": {}});
        client.send("shell", "comm_open", content, &[&[0, 1, 255], b"Pleione"]).await;
        let echo = client.until(|message| message.kind() == "comm_msg").await;
        assert_eq!(echo.content["data"], json!({"n": 2}));
        assert_eq!(echo.buffers, [vec![255, 1, 0], b"enoielP".to_vec()], "{form:?}");
    }
}

#[tokio::test]
async fn of_two_connections_with_one_session_the_newer_one_wins() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut old = Client::connect(lab, &kernel, "same", Form::V1).await;
    assert_eq!(old.run("1").await.1["status"], "ok");
    let mut new = Client::connect(lab, &kernel, "same", Form::V1).await;
    while old.next().await.is_some() {}
    assert_eq!(new.run("print('new')").await.0, "new\n");
    let (_, model) = lab.get(&format!("api/kernels/{kernel}")).await;
    assert_eq!(model["connections"], 1);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_the_reply_to_what_it_asked_before() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut before = Client::connect(lab, &kernel, "back", Form::V1).await;
    let request = before.execute("import time; print('on'); time.sleep(1); 'done'").await;
    before.until(|message| message.kind() == "stream").await;
    drop(before);
    let mut after = Client::connect(lab, &kernel, "back", Form::V1).await;
    let reply = after.until(|message| message.kind() == "execute_reply").await;
    assert!(reply.answers(&request));
}

#[tokio::test]
async fn a_flood_of_output_arrives_whole_and_in_order() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "flood", Form::V1).await;
    let (printed, _) = client.run("for i in range(20000): print(i)").await;
    assert_eq!(printed, (0..20000).map(|i| format!("{i}\n")).collect::<String>());
}

#[tokio::test]
async fn a_frame_that_is_no_message_ends_the_connection() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let path = format!("api/kernels/{kernel}/channels");
    let (mut socket, _) = crate::websocket::open(lab, &path, Some(crate::websocket::V1)).await;
    use futures::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    socket.send(Message::Binary(vec![255; 24].into())).await.expect("the frame is sent");
    loop {
        if let Message::Close(frame) = socket.next().await.expect("a close frame").expect("a frame") {
            let reason = frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
            let expected = "this frame is no kernel message: its offsets are wrong".to_owned();
            assert_eq!(reason, Some((1003, expected)));
            break;
        }
    }
}

#[tokio::test]
async fn a_request_is_carried_out_also_when_its_client_leaves_at_once() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    for number in 0..30 {
        let form = if number % 2 == 0 { Form::V1 } else { Form::Legacy };
        let mut client = Client::connect(lab, &kernel, &format!("leaves-{number}"), form).await;
        client.execute(&format!("left = {{*globals().get('left', ()), {number}}}")).await;
    }
    let mut asks = Client::connect(lab, &kernel, "asks", Form::V1).await;
    let start = std::time::Instant::now();
    while asks.run("print(len(left))").await.0 != "30\n" {
        assert!(start.elapsed() < DEADLINE, "some requests were lost");
    }
}

#[tokio::test]
async fn subshells_are_made_listed_and_used_by_their_id() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "shells", Form::V1).await;
    client.send("control", "create_subshell_request", json!({}), &[]).await;
    let reply = client.until(|message| message.kind() == "create_subshell_reply").await;
    let subshell = reply.content["subshell_id"].as_str().expect("an id").to_owned();
    // The main shell is busy until the other one, which answers meanwhile, lets it go.
    let waits = "import threading; go = threading.Event(); print('waits'); print(go.wait(60))";
    let main = client.execute(waits).await;
    client.until(|message| message.kind() == "stream" && message.answers(&main)).await;
    let other = client.execute_in(&subshell, "go.set()").await;
    assert_eq!(client.finish(&main).await.0, "True\n");
    client.send("control", "list_subshell_request", json!({}), &[]).await;
    let list = client.until(|message| message.kind() == "list_subshell_reply").await;
    assert_eq!(list.content["subshell_id"], json!([subshell]), "{other}");
    client.send("control", "delete_subshell_request", json!({"subshell_id": subshell}), &[]).await;
    let deleted = client.until(|message| message.kind() == "delete_subshell_reply").await;
    assert_eq!(deleted.content["status"], "ok");
}
