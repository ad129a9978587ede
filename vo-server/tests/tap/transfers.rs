//! Transfers of VOSpace: endpoints for clients, and moves, copies and own addresses as jobs.

use std::fs;

use crate::vospace::{Person, SPACE};
use crate::world::{send, told};

const CORE: &str = "ivo://ivoa.net/vospace/core";

pub fn transfer(target: &str, direction: &str, rest: &str) -> String {
    format!(
        "<vos:transfer xmlns:vos=\"http://www.ivoa.net/xml/VOSpace/v2.0\" version=\"2.1\">\
         <vos:target>{SPACE}{target}</vos:target><vos:direction>{direction}</vos:direction>{rest}</vos:transfer>"
    )
}

pub fn protocol(name: &str, rest: &str) -> String {
    format!("<vos:protocol uri=\"{CORE}#{name}\">{rest}</vos:protocol>")
}

pub fn endpoint(details: &str) -> String {
    let endpoint = details.split("<vos:endpoint>").nth(1).expect("an endpoint");
    endpoint.split('<').next().expect("its text").to_owned()
}

impl Person {
    /// Sends a document and follows to where it leads, whose address comes with the answer.
    pub async fn send_transfer(&self, to: &str, document: String) -> (String, String) {
        let sent = self.ask("POST", to).header("content-type", "text/xml").body(document);
        let answer = send(sent).await;
        assert_eq!(answer.status().as_u16(), 303, "{}", answer.text().await.expect("a text"));
        let location = answer.headers()["location"].to_str().expect("a URL").to_owned();
        let path =
            location.strip_prefix(&format!("{}/vospace", self.world.base())).expect("an address of ours");
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{text}");
        (path.to_owned(), text)
    }

    /// Carries out a transfer; phase and error of the job.
    pub async fn carried_out(&self, document: String) -> (String, String) {
        let (job, _) = self.send_transfer("/transfers?PHASE=RUN", document).await;
        for _ in 0..100 {
            let (_, told) = self.get(&format!("{job}?WAIT=10")).await;
            let phase =
                told.split("<uws:phase>").nth(1).and_then(|rest| rest.split('<').next()).expect("a phase");
            if !["PENDING", "QUEUED", "EXECUTING"].contains(&phase) {
                return (phase.to_owned(), self.get(&format!("{job}/error")).await.1);
            }
        }
        panic!("{job} does not end");
    }
}

#[tokio::test]
async fn bytes_go_in_and_out_through_endpoints_that_need_no_signing_in() {
    let maria = Person::new().await;
    let push = transfer("/home/maria/a", "pushToVoSpace", &protocol("httpput", ""));
    let (path, details) = maria.send_transfer("/synctrans", push).await;
    assert!(path.ends_with("/results/transferDetails"), "{path}");
    let client = reqwest::Client::new();
    let put = client.put(endpoint(&details)).body("hello");
    assert_eq!(told(put).await.0, 201);
    assert_eq!(fs::read_to_string(maria.on_disk("a")).expect("there"), "hello");
    assert_eq!(told(client.get(endpoint(&details))).await.0, 403, "an endpoint to write does not read");
    let pull = transfer("/home/maria/a", "pullFromVoSpace", &protocol("httpget", ""));
    let (_, details) = maria.send_transfer("/synctrans", pull).await;
    assert_eq!(told(client.get(endpoint(&details))).await, (200, "hello".to_owned()));
    assert_eq!(told(client.put(endpoint(&details)).body("x")).await.0, 403);
}

#[tokio::test]
async fn an_endpoint_is_good_after_a_restart() {
    let mut maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    let pull = transfer("/home/maria/a", "pullFromVoSpace", &protocol("httpget", ""));
    let (_, details) = maria.send_transfer("/synctrans", pull).await;
    let path = endpoint(&details).replacen(&maria.world.base(), "", 1);
    maria.world.restart().await;
    assert_eq!(told(maria.world.ask("GET", &path)).await, (200, "hello".to_owned()));
}

#[tokio::test]
async fn a_way_to_sign_in_gets_the_files_own_address() {
    let maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    let method = "<vos:securityMethod uri=\"ivo://ivoa.net/sso#token\"/>";
    let pull = transfer("/home/maria/a", "pullFromVoSpace", &protocol("httpget", method));
    let (_, details) = maria.send_transfer("/synctrans", pull).await;
    assert_eq!(endpoint(&details), format!("{}/vospace/files/home/maria/a", maria.world.base()));
    assert!(details.contains("ivo://ivoa.net/sso#token"), "{details}");
}

#[tokio::test]
async fn parameters_are_answered_at_once_and_lead_to_the_bytes() {
    let maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    let asked = format!(
        "/synctrans?TARGET={SPACE}/home/maria/a&DIRECTION=pullFromVoSpace&PROTOCOL={}%23httpget",
        CORE
    );
    let (status, details) = maria.get(&asked).await;
    assert_eq!(status, 200, "{details}");
    assert!(endpoint(&details).starts_with(&maria.world.base()), "{details}");
    let answer = send(maria.ask("GET", &format!("{asked}&REQUEST=redirect"))).await;
    assert_eq!(answer.status().as_u16(), 303);
    let location = answer.headers()["location"].to_str().expect("a URL").to_owned();
    assert_eq!(told(reqwest::Client::new().get(location)).await.1, "hello");
}

#[tokio::test]
async fn a_transfer_that_cannot_be_is_a_job_with_the_fault_and_no_protocols() {
    let maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    for (document, fault) in [
        (transfer("/home/maria/no", "pullFromVoSpace", &protocol("httpget", "")), "NodeNotFound"),
        (transfer("/home/john/a", "pullFromVoSpace", &protocol("httpget", "")), "PermissionDenied"),
        (transfer("/home/maria/no/a", "pushToVoSpace", &protocol("httpput", "")), "ContainerNotFound"),
        (transfer("/home/maria/a", "pullFromVoSpace", &protocol("ftpget", "")), "ProtocolNotSupported"),
        (
            transfer(
                "/home/maria/a",
                "pullFromVoSpace",
                &format!("<vos:view uri=\"urn:x\"/>{}", protocol("httpget", "")),
            ),
            "ViewNotSupported",
        ),
    ] {
        let (path, details) = maria.send_transfer("/synctrans", document).await;
        assert!(!details.contains("<vos:protocol"), "{details}");
        let job = path.strip_suffix("/results/transferDetails").expect("of a job");
        assert_eq!(maria.get(&format!("{job}/phase")).await.1, "ERROR");
        let (_, error) = maria.get(&format!("{job}/error")).await;
        assert_eq!(error.split(' ').next(), Some(fault), "{error}");
    }
}

#[tokio::test]
async fn nodes_are_moved_and_copied_as_jobs() {
    let maria = Person::new().await;
    maria.node("PUT", "/home/maria/c", "ContainerNode", "").await;
    maria.put("/home/maria/a", "hello").await;
    let done = async |document| maria.carried_out(document).await.0;
    let to = |path: &str| format!("{SPACE}{path}");
    let keep = "<vos:keepBytes>true</vos:keepBytes>";
    assert_eq!(done(transfer("/home/maria/a", &to("/home/maria/c"), keep)).await, "COMPLETED");
    assert_eq!(fs::read_to_string(maria.on_disk("c/a")).expect("copied into the container"), "hello");
    assert_eq!(done(transfer("/home/maria/c", &to("/home/maria/d"), "")).await, "COMPLETED");
    assert!(maria.on_disk("d/a").exists() && !maria.on_disk("c").exists(), "moved");
    for (document, fault) in [
        (transfer("/home/maria/a", &to("/home/maria/d/a"), keep), "DuplicateNode"),
        (transfer("/home/maria/no", &to("/home/maria/e"), keep), "NodeNotFound"),
        (transfer("/home/maria/d", &to("/home/maria/d/e"), keep), "InvalidArgument"),
        (transfer("/home/maria/a", &to("/home/john/a"), keep), "PermissionDenied"),
        (transfer("/home/maria", &to("/home/maria/e"), ""), "PermissionDenied"),
    ] {
        let (phase, error) = maria.carried_out(document).await;
        assert_eq!((phase.as_str(), error.split(' ').next()), ("ERROR", Some(fault)), "{error}");
    }
}

#[tokio::test]
async fn bytes_come_from_addresses_of_this_server_and_from_nowhere_else() {
    let maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    let own = format!("<vos:endpoint>{}/vospace/files/home/maria/a</vos:endpoint>", maria.world.base());
    let pull = transfer("/home/maria/b", "pullToVoSpace", &protocol("httpget", &own));
    assert_eq!(maria.carried_out(pull).await.0, "COMPLETED");
    assert_eq!(fs::read_to_string(maria.on_disk("b")).expect("there"), "hello");
    for (direction, method, url) in [
        ("pullToVoSpace", "httpget", "http://127.0.0.1:9/x".to_owned()),
        ("pullToVoSpace", "httpget", "file:///etc/passwd".to_owned()),
        (
            "pullToVoSpace",
            "httpget",
            format!("{}.example.org/vospace/files/home/maria/a", maria.world.base()),
        ),
        ("pushFromVoSpace", "httpput", "http://127.0.0.1:9/x".to_owned()),
    ] {
        let elsewhere = format!("<vos:endpoint>{url}</vos:endpoint>");
        let document = transfer("/home/maria/a", direction, &protocol(method, &elsewhere));
        let (phase, error) = maria.carried_out(document).await;
        assert_eq!(
            (phase.as_str(), error.split(' ').next()),
            ("ERROR", Some("OperationNotSupported")),
            "{url}"
        );
    }
}

#[tokio::test]
async fn transfers_and_queries_have_lists_of_their_own() {
    let maria = Person::new().await;
    maria.put("/home/maria/a", "hello").await;
    let push = transfer("/home/maria/b", "pushToVoSpace", &protocol("httpput", ""));
    let (job, document) = maria.send_transfer("/transfers", push).await;
    assert!(document.contains("<uws:jobInfo>") && document.contains("<uws:phase>PENDING"), "{document}");
    let id = job.rsplit('/').next().expect("a name");
    assert!(maria.get("/transfers").await.1.contains(id));
    let queries = maria.world.ask("GET", "/tap-server/tap/async").bearer_auth(maria.token());
    assert!(!told(queries).await.1.contains(id));
    let started = maria.ask("POST", &format!("{job}/phase?PHASE=RUN"));
    let started = send(started).await;
    assert!(started.headers()["location"].to_str().expect("a URL").ends_with(&job));
    assert_eq!(told(maria.ask("DELETE", &job)).await.0, 303);
    assert_eq!(maria.get(&job).await.0, 404);
}
