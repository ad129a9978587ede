//! What a cell prints while nobody watches comes home into its notebook.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Lab, eventually, shared};
use crate::websocket::{Client, Form};

/// A notebook with these cells, by id and source, and the kernel of its session.
async fn notebook(lab: &Lab, name: &str, cells: &[(&str, &str)]) -> (PathBuf, String) {
    let path = lab.home.path().join(name);
    write(&path, cells);
    let wish = json!({"path": name, "type": "notebook", "kernel": {"name": "python3"}});
    let (_, session) = lab.post("api/sessions", wish).await;
    (path, session["kernel"]["id"].as_str().expect("an id").to_owned())
}

fn write(path: &PathBuf, cells: &[(&str, &str)]) {
    let cell = |(id, source): &(&str, &str)| json!({"cell_type": "code", "id": id, "source": source, "outputs": [], "execution_count": null, "metadata": {}});
    let cells: Vec<Value> = cells.iter().map(cell).collect();
    let notebook = json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    std::fs::write(path, serde_json::to_string_pretty(&notebook).expect("JSON")).expect("written");
}

fn cells(path: &PathBuf) -> Vec<Value> {
    let notebook: Value = serde_json::from_slice(&std::fs::read(path).expect("a notebook")).expect("JSON");
    notebook["cells"].as_array().expect("cells").clone()
}

/// Waits until a cell has outputs, and returns what it printed.
fn printed(path: &PathBuf, cell: &str) -> Value {
    eventually("an output in the notebook", || {
        let cell = cells(path).into_iter().find(|candidate| candidate["id"] == cell)?;
        cell["outputs"].get(0).map(|output| output["text"].clone())
    })
}

/// A cell that goes on until the test says so, by making a file.
fn waiting(lab: &Lab, file: &str) -> String {
    let path = lab.home.path().join(file);
    format!(
        "import os, time\nprint('before', flush=True)\nwhile not os.path.exists({path:?}): time.sleep(0.01)\nprint('after')"
    )
}

fn go_on(lab: &Lab, file: &str) {
    std::fs::write(lab.home.path().join(file), "").expect("written");
}

#[tokio::test]
async fn a_cell_that_ends_while_nobody_watches_has_its_outputs_in_the_notebook_also_when_the_agent_was_killed()
 {
    let Some(python) = crate::harness::python() else { return };
    let lab = Lab::start(python, |_| ());
    let code = waiting(&lab, "go");
    let (path, kernel) = notebook(&lab, "alone.ipynb", &[("first", "1"), ("second", &code)]).await;
    let before = cells(&path);
    let mut client = Client::connect(&lab, &kernel, "page", Form::V1).await;
    client.execute_cell("second", &code).await;
    client.until(|message| message.kind() == "stream").await;
    drop(client);
    lab.kill_agent();
    go_on(&lab, "go");
    assert_eq!(printed(&path, "second"), "before\nafter\n");
    let after = cells(&path);
    assert_eq!((&after[0], &after[1]["execution_count"], after.len()), (&before[0], &json!(1), 2));
}

#[tokio::test]
async fn a_cell_that_was_edited_meanwhile_is_not_overwritten() {
    let Some(lab) = shared() else { return };
    let code = waiting(lab, "go-edited");
    let (path, kernel) = notebook(lab, "edited.ipynb", &[("cell", &code), ("next", "2")]).await;
    let mut client = Client::connect(lab, &kernel, "page", Form::V1).await;
    client.execute_cell("cell", &code).await;
    client.until(|message| message.kind() == "stream").await;
    drop(client);
    write(&path, &[("cell", "my new text"), ("next", "2")]);
    let edited = cells(&path);
    go_on(lab, "go-edited");
    let after = eventually("another cell", || Some(cells(&path)).filter(|cells| cells.len() == 3));
    assert_eq!([&after[0], &after[2]], [&edited[0], &edited[1]]);
    assert_eq!(
        (&after[1]["source"], &after[1]["outputs"][0]["text"]),
        (&json!(code), &json!("before\nafter\n"))
    );
}

#[tokio::test]
async fn a_page_that_saw_the_end_keeps_its_notebook_to_itself() {
    let Some(lab) = shared() else { return };
    let (path, kernel) = notebook(lab, "seen.ipynb", &[("seen", "print(1)"), ("unseen", "print(2)")]).await;
    let mut client = Client::connect(lab, &kernel, "page", Form::V1).await;
    let request = client.execute_cell("seen", "print(1)").await;
    client.finish(&request).await;
    let executions = format!("api/nearside/kernels/{kernel}/executions");
    // The pong to the last message goes out while the client waits for more.
    let look = async { while lab.get(&executions).await.1 != json!([]) {} };
    tokio::select! {
        () = look => {}
        _ = client.next() => panic!("there is nothing more to come"),
    }
    let request = client.execute_cell("unseen", "print(2)").await;
    client.until(|message| message.answers(&request)).await;
    drop(client);
    assert_eq!(printed(&path, "unseen"), "2\n");
    assert_eq!(cells(&path)[0]["outputs"], json!([]), "the page will save it, or its person has cleared it");
}

#[tokio::test]
async fn a_reloaded_page_learns_what_runs_and_reads_all_of_it_once() {
    let Some(lab) = shared() else { return };
    let code = waiting(lab, "go-reload");
    let (_, kernel) = notebook(lab, "reload.ipynb", &[("cell", &code)]).await;
    let mut client = Client::connect(lab, &kernel, "page", Form::V1).await;
    let request = client.execute_cell("cell", &code).await;
    client.until(|message| message.kind() == "stream").await;
    drop(client);
    let (_, executions) = lab.get(&format!("api/nearside/kernels/{kernel}/executions")).await;
    let sequence = executions[0]["sequence"].as_u64().expect("a number");
    let expected =
        json!({"request": request, "cell": "cell", "session": "page", "code": code, "done": false});
    let mut seen = executions[0].clone();
    let members = seen.as_object_mut().expect("an object");
    members.retain(|name, _| expected.get(name).is_some());
    assert_eq!(seen, expected);
    let mut page = Client::after(lab, &kernel, "reloaded", sequence).await.expect("attached");
    page.until(|message| message.kind() == "stream" && message.content["text"] == "before\n").await;
    go_on(lab, "go-reload");
    page.until(|message| message.kind() == "stream" && message.content["text"] == "after\n").await;
}
