//! Kernels: start, interrupt, restart, and the ways in which they die.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Lab, python, shared};
use crate::websocket::{Client, Form};

#[tokio::test]
async fn a_new_kernel_has_a_location_and_a_model_and_disappears_when_deleted() {
    let Some(lab) = shared() else { return };
    let response = lab.send(Method::POST, "api/kernels", None).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().expect("text").to_owned();
    let mut model: serde_json::Value = response.json().await.expect("a model");
    let id = model["id"].as_str().expect("an id").to_owned();
    assert_eq!(location, format!("/user/maria/api/kernels/{id}"));
    let time = model["last_activity"].take();
    assert_eq!(time.as_str().map(|text| (text.len(), text.ends_with('Z'))), Some((27, true)));
    let state = model["execution_state"].take();
    assert!(["starting", "busy", "idle"].contains(&state.as_str().expect("a state")), "{state}");
    let expected = json!({"id": id, "name": "python3", "last_activity": null, "execution_state": null,
                          "connections": 0});
    assert_eq!(model, expected);
    let path = format!("api/kernels/{id}");
    assert_eq!(lab.delete(&path).await, StatusCode::NO_CONTENT);
    let (status, body) = lab.get(&path).await;
    let message = format!("Kernel does not exist: {id}");
    assert_eq!((status, body), (StatusCode::NOT_FOUND, json!({"reason": "Not Found", "message": message})));
}

#[tokio::test]
async fn kernelspecs_have_the_shape_that_clients_expect() {
    let Some(lab) = shared() else { return };
    let (_, mut all) = lab.get("api/kernelspecs").await;
    assert_eq!(all["default"], "python3");
    let mut spec = all["kernelspecs"]["python3"].take();
    assert_eq!(lab.get("api/kernelspecs/python3").await, (StatusCode::OK, spec.clone()));
    let logo = spec["resources"]["logo-64x64"].as_str().expect("a logo").to_owned();
    assert_eq!(logo, "/user/maria/kernelspecs/python3/logo-64x64.png");
    let image = lab.send(Method::GET, "kernelspecs/python3/logo-64x64.png", None).await;
    assert_eq!(
        (image.status(), &image.headers()["content-type"]),
        (StatusCode::OK, &"image/png".parse().expect("text"))
    );
    spec["spec"]["argv"].take();
    spec["spec"]["metadata"].take();
    let expected = json!({"argv": null, "display_name": "Python 3 (ipykernel)", "env": {}, "interrupt_mode": "signal",
                          "language": "python", "metadata": null});
    assert_eq!(spec["spec"], expected);
    for path in
        ["api/kernelspecs/none", "kernelspecs/python3/kernel.json", "kernelspecs/python3/..%2fkernel.json"]
    {
        assert_eq!(lab.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_kernel_knows_where_its_data_are_and_not_the_token_itself() {
    let Some(lab) = shared() else { return };
    std::fs::create_dir_all(lab.home.path().join("m45")).expect("a directory");
    let (_, model) =
        lab.post("api/kernels", json!({"path": "m45/a.ipynb", "env": {"KERNEL_X": "y", "PATH": "/"}})).await;
    let kernel = model["id"].as_str().expect("an id");
    let mut client = Client::connect(lab, kernel, "env", Form::V1).await;
    let names = "['NEARSIDE_USER', 'NEARSIDE_FLIGHT_URL', 'NEARSIDE_TOKEN_FILE', 'NEARSIDE_CA_FILE', 'HOME',
                  'JPY_SESSION_NAME', 'KERNEL_X']";
    let code =
        format!("import os, json; print(json.dumps([os.environ.get(n) for n in {names}] + [os.getcwd()]))");
    let (printed, _) = client.run(&code).await;
    let seen: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let (home, run_dir) = (lab.home.path(), lab.run_dir.path());
    let expected = json!([
        "maria",
        "grpc://127.0.0.1:1",
        run_dir.join("data-token"),
        null,
        home,
        home.join("m45/a.ipynb"),
        "y",
        home.join("m45")
    ]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn an_endless_cell_is_interrupted() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "interrupt", Form::V1).await;
    let request = client.execute("print('on')\nwhile True: pass").await;
    client.until(|message| message.kind() == "stream").await;
    let (_, model) = lab.get(&format!("api/kernels/{kernel}")).await;
    assert_eq!(model["execution_state"], "busy");
    let (status, _) = lab.post(&format!("api/kernels/{kernel}/interrupt"), json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, reply) = client.finish(&request).await;
    assert_eq!(reply["ename"], "KeyboardInterrupt");
    assert_eq!(client.run("print('alive')").await.0, "alive\n");
}

#[tokio::test]
async fn a_restart_keeps_the_id_and_the_connection_and_forgets_variables() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "restart", Form::V1).await;
    assert_eq!(client.run("x = 1").await.1["status"], "ok");
    client.execute("print('on')\nwhile True: pass").await;
    client.until(|message| message.kind() == "stream").await;
    // Queued behind an endless cell: it must not be executed by the new process. The answer on the control
    // channel says that it has arrived, since it was sent before on the same connection.
    client.execute("x = 2").await;
    let asked = client.send("control", "kernel_info_request", json!({}), &[]).await;
    client.until(|message| message.kind() == "kernel_info_reply" && message.answers(&asked)).await;
    let (status, model) = lab.post(&format!("api/kernels/{kernel}/restart"), json!({})).await;
    assert_eq!((status, &model["id"]), (StatusCode::OK, &json!(kernel)));
    assert_eq!(client.run("print('x' in globals())").await.0, "False\n");
}

#[tokio::test]
async fn a_kernel_that_dies_at_start_shows_its_stderr() {
    let Some(lab) = shared() else { return };
    let code = "import sys; print('no module named sky', file=sys.stderr); sys.exit(7)";
    lab.add_kernelspec("broken", &["python", "-c", code, "{connection_file}"]);
    let expected = json!({
        "reason": "Internal Server Error",
        "message": "the kernel died while it started: it ended with exit status 7. The end of its stderr:\n\
                    no module named sky",
        "traceback": "no module named sky\n",
    });
    let wish = json!({"path": "broken.ipynb", "type": "notebook", "kernel": {"name": "broken"}});
    for (path, body) in [("api/kernels", json!({"name": "broken"})), ("api/sessions", wish)] {
        assert_eq!(
            lab.post(path, body).await,
            (StatusCode::INTERNAL_SERVER_ERROR, expected.clone()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_kernel_that_dies_says_why_and_is_there_again() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "die", Form::V1).await;
    let now = lab.home.path().join("die-now");
    let waits = format!(
        "import os, time\nwhile not os.path.exists({now:?}): time.sleep(0.01)\nos.kill(os.getpid(), 9)"
    );
    let request = client.execute(&waits).await;
    // A kernel that is killed before its first word has not said which cell it runs.
    client.until(|message| message.answers(&request)).await;
    std::fs::write(now, "").expect("written");
    let death = client.until(|message| message.content["text"].to_string().contains("The kernel died")).await;
    assert!(death.answers(&request), "it belongs to the cell that was running");
    assert_eq!(death.content["name"], "stderr");
    assert!(death.content["text"].to_string().contains("killed by SIGKILL"), "{}", death.content);
    let status = client.until(|message| message.kind() == "status").await;
    assert_eq!(status.content, json!({"execution_state": "restarting"}));
    assert_eq!(client.run("print('again')").await.0, "again\n");
}

#[tokio::test]
async fn a_kernel_that_dies_too_often_is_dead() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "often", Form::V1).await;
    for _ in 0..4 {
        client.execute("import os; os._exit(1)").await;
        client.until(|message| message.content["text"].to_string().contains("exit status 1")).await;
    }
    let mut states = Vec::new();
    while let Some(message) = client.next().await {
        states.push(message.content["execution_state"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(states, ["dead"]);
    assert_eq!(lab.get(&format!("api/kernels/{kernel}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_kernel_that_was_asked_to_shut_down_is_not_started_again() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let mut client = Client::connect(lab, &kernel, "leave", Form::V1).await;
    client.send("control", "shutdown_request", json!({"restart": false}), &[]).await;
    while client.next().await.is_some() {}
    assert_eq!(lab.get(&format!("api/kernels/{kernel}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_idle_kernel_is_culled_although_a_tab_is_open_and_a_busy_one_is_not() {
    let Some(python) = python() else { return };
    let lab = Lab::start(python, |config| config.kernel_idle_seconds = 5);
    let busy = lab.kernel().await;
    let mut works = Client::connect(&lab, &busy, "a", Form::V1).await;
    let go = lab.home.path().join("go");
    let waits =
        format!("import os, time\nwhile not os.path.exists({go:?}): time.sleep(0.1)\nprint('finished')");
    let request = works.execute(&waits).await;
    works.until(|message| message.answers(&request)).await;
    let idle = lab.kernel().await;
    let mut open = Client::connect(&lab, &idle, "b", Form::V1).await;
    while open.next().await.is_some() {}
    let status = |kernel: String| async { lab.get(&format!("api/kernels/{}", { kernel })).await.0 };
    assert_eq!([status(busy).await, status(idle).await], [StatusCode::OK, StatusCode::NOT_FOUND]);
    std::fs::write(go, "").expect("written");
    assert_eq!(works.finish(&request).await.0, "finished\n");
}

#[tokio::test]
async fn a_kernels_channels_are_sockets_that_only_the_owner_reaches() {
    let Some(lab) = shared() else { return };
    let kernel = lab.kernel().await;
    let file = lab.run_dir.path().join(format!("kernel-{kernel}.json"));
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).expect("it exists").permissions().mode() & 0o777;
    assert_eq!([mode(&file), mode(lab.run_dir.path())], [0o600, 0o700]);
    let text = std::fs::read_to_string(&file).expect("a connection file");
    let connection: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&connection["transport"], connection["key"].as_str().map(str::len)),
        (&json!("ipc"), Some(64))
    );
    for port in ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] {
        let socket = format!("{}-{}", connection["ip"].as_str().expect("a path"), connection[port]);
        let kind = std::fs::metadata(&socket).expect("a socket").file_type();
        assert!(
            kind.is_socket() && socket.starts_with(lab.run_dir.path().to_str().expect("text")),
            "{socket}"
        );
    }
}

#[tokio::test]
async fn a_hostile_path_is_a_name_and_never_a_command() {
    let Some(lab) = shared() else { return };
    let path = "a; touch owned $(touch owned) `touch owned` | {x} '\".ipynb";
    let wish = json!({"path": path, "type": "notebook", "kernel": {"name": "python3"}});
    let (status, model) = lab.post("api/sessions", wish).await;
    assert_eq!((status, &model["path"]), (StatusCode::CREATED, &json!(path)));
    assert!(!lab.home.path().join("owned").exists());
}

#[tokio::test]
async fn a_kernelspec_that_cannot_work_and_a_path_that_leads_out_are_refused() {
    let Some(lab) = shared() else { return };
    lab.add_kernelspec("deaf", &["python", "-m", "ipykernel_launcher"]);
    lab.add_kernelspec("empty", &[]);
    for wish in [
        json!({"name": "deaf"}),
        json!({"name": "empty"}),
        json!({"name": "../python3"}),
        json!({"name": "python3/../python3"}),
        json!({"name": "python3", "path": "../../etc/a.ipynb"}),
        json!({"name": "python3", "env": {"KERNEL_X": 1}}),
        json!({"name": "python3", "env": {"KERNEL_X": "x".repeat(4097)}}),
    ] {
        let (status, body) = lab.post("api/kernels", wish.clone()).await;
        assert_eq!(
            (status, body["reason"].as_str()),
            (StatusCode::BAD_REQUEST, Some("Bad Request")),
            "{wish} {body}"
        );
    }
}

#[tokio::test]
async fn a_kernel_that_wants_to_be_interrupted_by_a_message_gets_one() {
    let Some(lab) = shared() else { return };
    lab.add_kernelspec("asked", &["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]);
    let file = lab.home.path().join(".local/share/jupyter/kernels/asked/kernel.json");
    let text = std::fs::read(&file).expect("written");
    let mut spec: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    spec["interrupt_mode"] = json!("message");
    std::fs::write(&file, spec.to_string()).expect("a kernel.json");
    let (_, model) = lab.post("api/kernels", json!({"name": "asked"})).await;
    let kernel = model["id"].as_str().expect("an id").to_owned();
    let mut client = Client::connect(lab, &kernel, "stops", Form::V1).await;
    let request = client.execute("print('on')\nwhile True: pass").await;
    client.until(|message| message.kind() == "stream").await;
    let path = format!("api/kernels/{kernel}/interrupt");
    assert_eq!(lab.post(&path, json!({})).await.0, StatusCode::NO_CONTENT);
    let (mut asked, mut stopped) = (false, false);
    while !(asked && stopped) {
        let message = client.until(|_| true).await;
        asked |= message.parent["msg_type"] == "interrupt_request";
        stopped |= message.answers(&request) && message.content["ename"] == "KeyboardInterrupt";
    }
}
