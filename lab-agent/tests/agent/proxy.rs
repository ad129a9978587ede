//! Everything that JupyterLab itself answers, through the agent; and who may ask.

use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{BASE, DEADLINE, shared};
use crate::websocket::open;

#[tokio::test]
async fn nothing_is_answered_without_the_secret() {
    let Some(lab) = shared() else { return };
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    for path in ["api/kernels", "api/nearside/status", "lab", "api", "api/kernels/x/channels"] {
        for secret in [None, Some(""), Some("wrong"), Some("the-secret-of-the-gateway2")] {
            let mut request = client.get(format!("http://{}{BASE}{path}", lab.addr));
            if let Some(secret) = secret {
                request = request.bearer_auth(secret);
            }
            let status = request.send().await.expect("an answer").status();
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {secret:?}");
        }
    }
}

#[tokio::test]
async fn the_page_of_jupyterlab_and_its_files_come_through() {
    let Some(lab) = shared() else { return };
    let page = lab.send(Method::GET, "lab", None).await;
    assert_eq!(page.status(), StatusCode::OK);
    let html = page.text().await.expect("a page");
    let start = html.find("id=\"jupyter-config-data\"").expect("the page has a configuration");
    let json = html[start..].split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    let config: Value = serde_json::from_str(json.expect("a script").0).expect("JSON");
    let seen = json!([config["baseUrl"], config["token"], config["quitButton"], config["news"]]);
    assert_eq!(seen, json!([BASE, "", false, {"disabled": true}]));
    let (status, mut state) = lab.get("api/nearside/status").await;
    state["warm_python"].take();
    assert_eq!(
        (status, state),
        (
            StatusCode::OK,
            json!({"jupyterlab": "ready", "message": "JupyterLab answers", "warm_python": null})
        )
    );
}

#[tokio::test]
async fn nobody_is_asked_about_news_and_settings_are_kept_in_home() {
    let Some(lab) = shared() else { return };
    let path = "lab/api/settings/@jupyterlab/apputils-extension:notification";
    let (_, settings) = lab.get(path).await;
    let default = |name: &str| settings["schema"]["properties"][name]["default"].clone();
    assert_eq!([default("fetchNews"), default("checkForUpdates")], [json!("false"), json!(false)]);
    let saved = lab.send(Method::PUT, path, Some(json!({"raw": "{\"doNotDisturbMode\": true}"}))).await;
    assert_eq!(saved.status(), StatusCode::NO_CONTENT);
    let file = ".jupyter/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings";
    assert!(lab.home.path().join(file).exists());
}

#[tokio::test]
async fn a_file_that_is_saved_is_in_the_home_directory() {
    let Some(lab) = shared() else { return };
    let text = "Maia ".repeat(500_000);
    let file = json!({"type": "file", "format": "text", "content": text});
    let saved = lab.send(Method::PUT, "api/contents/stars.txt", Some(file)).await;
    assert_eq!(saved.status(), StatusCode::CREATED);
    assert_eq!(std::fs::read_to_string(lab.home.path().join("stars.txt")).expect("a file"), text);
    let (_, model) = lab.get("api/contents/stars.txt").await;
    assert_eq!(model["content"], json!(text));
}

#[tokio::test]
async fn a_terminal_works_through_the_agent() {
    let Some(lab) = shared() else { return };
    let (status, terminal) = lab.post("api/terminals", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{terminal}");
    let name = terminal["name"].as_str().expect("a name");
    let (mut socket, _) = open(lab, &format!("terminals/websocket/{name}"), None).await;
    let command = json!(["stdin", "echo $NEARSIDE_USER-$((6 * 7))\n"]).to_string();
    socket.send(Message::Text(command.into())).await.expect("the terminal takes it");
    let mut shown = String::new();
    while !shown.contains("maria-42") {
        let frame = timeout(DEADLINE, socket.next()).await.expect("output").expect("open").expect("a frame");
        if let Message::Text(text) = frame {
            shown.push_str(&text);
        }
    }
    assert_eq!(lab.delete(&format!("api/terminals/{name}")).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_outside_the_base_is_not_found() {
    let Some(lab) = shared() else { return };
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("http://{}/user/other/lab", lab.addr);
    let answer = client.get(url).bearer_auth(crate::harness::SECRET).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
