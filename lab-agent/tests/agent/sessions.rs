//! Sessions as the front end uses them.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Lab, shared};

async fn session(lab: &Lab, path: &str) -> Value {
    let wish = json!({"path": path, "type": "notebook", "name": "n", "kernel": {"name": "python3"}});
    let (status, model) = lab.post("api/sessions", wish).await;
    assert_eq!(status, StatusCode::CREATED, "{model}");
    model
}

async fn patch(lab: &Lab, id: &Value, body: Value) -> (StatusCode, Value) {
    let path = format!("api/sessions/{}", id.as_str().expect("an id"));
    let response = lab.send(Method::PATCH, &path, Some(body)).await;
    (response.status(), response.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_session_has_a_kernel_and_a_second_request_gets_the_same_one() {
    let Some(lab) = shared() else { return };
    let (one, two) = tokio::join!(session(lab, "same.ipynb"), session(lab, "same.ipynb"));
    assert_eq!((&one["id"], &one["kernel"]["id"]), (&two["id"], &two["kernel"]["id"]));
    let mut shape = one.clone();
    shape["kernel"].take();
    let expected = json!({"id": one["id"], "path": "same.ipynb", "name": "n", "type": "notebook", "kernel": null,
                          "notebook": {"path": "same.ipynb", "name": "n"}});
    assert_eq!(shape, expected);
    let (_, all) = lab.get("api/sessions").await;
    let with_this_path = all.as_array().expect("a list").iter().filter(|s| s["path"] == "same.ipynb").count();
    assert_eq!(with_this_path, 1);
}

#[tokio::test]
async fn a_session_needs_a_path_and_a_type_and_a_kernel_that_exists() {
    let Some(lab) = shared() else { return };
    let (status, body) = lab.post("api/sessions", json!({"type": "notebook"})).await;
    assert_eq!(
        (status, &body["message"]),
        (StatusCode::BAD_REQUEST, &json!("Missing field in JSON data: path"))
    );
    let (status, body) = lab.post("api/sessions", json!({"path": "a"})).await;
    assert_eq!(
        (status, &body["message"]),
        (StatusCode::BAD_REQUEST, &json!("Missing field in JSON data: type"))
    );
    let wish = json!({"path": "a", "type": "notebook", "kernel": {"name": "cobol"}});
    let (status, body) = lab.post("api/sessions", wish).await;
    assert_eq!((status, &body["short_message"]), (StatusCode::NOT_IMPLEMENTED, &json!("cobol not found")));
}

#[tokio::test]
async fn a_renamed_document_keeps_its_kernel_and_a_changed_kernel_replaces_the_old_one() {
    let Some(lab) = shared() else { return };
    let old = session(lab, "old.ipynb").await;
    let (status, renamed) = patch(lab, &old["id"], json!({"path": "new.ipynb", "name": "new"})).await;
    assert_eq!(
        (status, &renamed["path"], &renamed["kernel"]["id"]),
        (StatusCode::OK, &json!("new.ipynb"), &old["kernel"]["id"])
    );
    let (status, changed) = patch(lab, &old["id"], json!({"kernel": {"name": "python3"}})).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(changed["kernel"]["id"], old["kernel"]["id"]);
    let kernel = |model: &Value| format!("api/kernels/{}", model["kernel"]["id"].as_str().expect("an id"));
    let alive = [lab.get(&kernel(&old)).await.0, lab.get(&kernel(&changed)).await.0];
    assert_eq!(alive, [StatusCode::NOT_FOUND, StatusCode::OK]);
}

#[tokio::test]
async fn deleting_a_session_ends_its_kernel_and_a_session_without_kernel_is_gone() {
    let Some(lab) = shared() else { return };
    let paths = |model: &Value| {
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        (
            format!("api/sessions/{}", text(&model["id"])),
            format!("api/kernels/{}", text(&model["kernel"]["id"])),
        )
    };
    let (first, first_kernel) = paths(&session(lab, "first.ipynb").await);
    assert_eq!(lab.delete(&first).await, StatusCode::NO_CONTENT);
    assert_eq!(lab.get(&first_kernel).await.0, StatusCode::NOT_FOUND);
    assert_eq!(lab.delete(&first).await, StatusCode::NOT_FOUND);
    let (second, second_kernel) = paths(&session(lab, "second.ipynb").await);
    assert_eq!(lab.delete(&second_kernel).await, StatusCode::NO_CONTENT);
    assert_eq!(lab.delete(&second).await, StatusCode::GONE);
}
