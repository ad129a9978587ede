//! Tables of people as nodes of VOSpace: made, listed, read, described, renamed and dropped, each by who may.

use api::token::Audience;

use crate::transfers::{endpoint, protocol, transfer};
use crate::vospace::{Person, SPACE, nodes, property};
use crate::world::{send, told};

const STARS: &str = "id,name\n1,Maia\n2,Atlas\n";
const OURS: &str = "ivo://nearside.local/vospace";

impl Person {
    async fn count(&self, table: &str) -> String {
        let form = [("QUERY", format!("SELECT COUNT(*) AS n FROM {table}")), ("FORMAT", "csv".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let asked = self.world.post("sync", &form).bearer_auth(self.token());
        told(asked).await.1.trim().replace('\n', " ")
    }

    /// The phase in which a job ends.
    async fn ended(&self, job: &str) -> String {
        for _ in 0..100 {
            let job = format!("{job}/phase?WAIT=10");
            let phase = told(self.world.ask("GET", &job).bearer_auth(self.token())).await.1;
            if !["PENDING", "QUEUED", "EXECUTING"].contains(&phase.as_str()) {
                return phase;
            }
        }
        panic!("{job} does not end");
    }

    /// Lets john read a table.
    async fn share(&self, table: &str) {
        let sent = async |form: &[(&str, &str)]| {
            assert_eq!(told(self.world.post("share", form).bearer_auth(self.token())).await.0, 200);
        };
        sent(&[("ACTION", "CreateOrUpdateGroup"), ("TITLE", "friends"), ("USERS_LIST", "john")]).await;
        let (_, groups) = told(self.world.get("share?ACTION=GetGroups").bearer_auth(self.token())).await;
        let id = groups
            .split("sharedGroup id=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .expect("a group");
        let items = format!("{id}|Group|Read");
        sent(&[("ACTION", "CreateOrUpdateItem"), ("TITLE", table), ("ITEMS_LIST", &items)]).await;
    }
}

fn own(document: &str, name: &str) -> Option<String> {
    let value = document.split_once(&format!("uri=\"{OURS}#{name}\""))?.1.split_once('>')?.1;
    Some(value.split('<').next()?.to_owned())
}

#[tokio::test]
async fn a_table_that_is_put_is_queried_listed_and_read_in_every_view() {
    let maria = Person::new().await;
    assert_eq!(maria.put("/tables/maria/stars", STARS).await, 201);
    assert_eq!(maria.count("user_maria.stars").await, "n 2");
    assert_eq!(nodes(&maria.get("/nodes").await.1), ["/", "/home", "/tables"]);
    assert_eq!(nodes(&maria.get("/nodes/tables").await.1), ["/tables", "/tables/maria"]);
    let (_, listed) = maria.get("/nodes/tables/maria?detail=min").await;
    assert_eq!(nodes(&listed), ["/tables/maria", "/tables/maria/stars"]);
    let (status, node) = maria.get("/nodes/tables/maria/stars").await;
    assert_eq!(status, 200, "{node}");
    assert!(node.contains("xsi:type=\"vos:StructuredDataNode\" busy=\"false\""), "{node}");
    let told_of = ["rows", "columns"].map(|name| own(&node, name));
    assert_eq!(told_of, [Some("2".to_owned()), Some("2".to_owned())], "{node}");
    assert!(own(&node, "bytes").and_then(|bytes| bytes.parse::<u64>().ok()).is_some_and(|bytes| bytes > 0));
    assert_eq!(property(&node, "creator").as_deref(), Some("maria"));
    assert_eq!(maria.get("/files/tables/maria/stars?view=csv").await, (200, STARS.to_owned()));
    for (view, media_type, begins) in [
        ("", "application/x-votable+xml", "<?xml".as_bytes()),
        ("?view=parquet", "application/vnd.apache.parquet", b"PAR1"),
        ("?view=ivo%3A%2F%2Fnearside.local%2Fvospace%23fits", "application/fits", b"SIMPLE"),
    ] {
        let answer = send(maria.ask("GET", &format!("/files/tables/maria/stars{view}"))).await;
        assert_eq!(answer.headers()["content-type"], media_type);
        assert!(answer.bytes().await.expect("bytes").starts_with(begins), "{view}");
    }
    assert_eq!(maria.get("/files/tables/maria/stars?view=gbin").await.0, 400);
    let (_, votable) = maria.get("/files/tables/maria/stars?view=votable_plain").await;
    assert_eq!(maria.put("/tables/maria/stars", &votable).await, 200, "replaced by its own VOTable");
    assert_eq!(maria.count("user_maria.stars").await, "n 2");
}

#[tokio::test]
async fn a_table_is_described_renamed_and_dropped_as_a_node() {
    let maria = Person::new().await;
    maria.put("/tables/maria/stars", STARS).await;
    let said = |uri: &str, text: &str| {
        format!("<vos:properties><vos:property uri=\"{uri}\">{text}</vos:property></vos:properties>")
    };
    let description = said("ivo://ivoa.net/vospace/core#description", "bright ones");
    let (status, node) = maria.node("POST", "/tables/maria/stars", "StructuredDataNode", &description).await;
    assert_eq!(status, 200, "{node}");
    assert_eq!(property(&node, "description").as_deref(), Some("bright ones"), "{node}");
    for (uri, fault) in [(format!("{OURS}#rows"), 403), ("urn:mine".to_owned(), 400)] {
        let refused = maria.node("POST", "/tables/maria/stars", "StructuredDataNode", &said(&uri, "7")).await;
        assert_eq!(refused.0, fault, "{}", refused.1);
    }
    let renamed = transfer("/tables/maria/stars", &format!("{SPACE}/tables/maria/pleiades"), "");
    assert_eq!(maria.carried_out(renamed).await.0, "COMPLETED");
    assert_eq!(maria.count("user_maria.pleiades").await, "n 2");
    assert_eq!(maria.get("/nodes/tables/maria/stars").await.0, 404);
    assert_eq!(told(maria.ask("DELETE", "/nodes/tables/maria/pleiades")).await.0, 204);
    let again = told(maria.ask("DELETE", "/nodes/tables/maria/pleiades")).await;
    assert_eq!((again.0, again.1.split(' ').next()), (404, Some("NodeNotFound")));
    assert_eq!(nodes(&maria.get("/nodes/tables/maria").await.1), ["/tables/maria"]);
}

#[tokio::test]
async fn a_table_goes_in_and_out_through_transfers() {
    let maria = Person::new().await;
    let push = transfer("/tables/maria/stars", "pushToVoSpace", &protocol("httpput", ""));
    let (_, details) = maria.send_transfer("/synctrans", push).await;
    let client = reqwest::Client::new();
    assert_eq!(told(client.put(endpoint(&details)).body(STARS)).await.0, 201);
    let view = format!("<vos:view uri=\"{OURS}#csv\"/>");
    let pull = |rest: &str| transfer("/tables/maria/stars", "pullFromVoSpace", &format!("{view}{rest}"));
    let (_, details) = maria.send_transfer("/synctrans", pull(&protocol("httpget", ""))).await;
    assert_eq!(told(client.get(endpoint(&details))).await, (200, STARS.to_owned()));
    let method = "<vos:securityMethod uri=\"ivo://ivoa.net/sso#token\"/>";
    let (_, details) = maria.send_transfer("/synctrans", pull(&protocol("httpget", method))).await;
    let url = endpoint(&details);
    assert_eq!(
        url,
        format!("{}/vospace/files/tables/maria/stars?view={}", maria.world.base(), encoded_csv())
    );
    assert_eq!(told(client.get(&url)).await.0, 401);
    assert_eq!(told(client.get(&url).bearer_auth(maria.token())).await, (200, STARS.to_owned()));
    maria.put("/home/maria/more.csv", "n\n1\n2\n3\n").await;
    let file =
        format!("<vos:endpoint>{}/vospace/files/home/maria/more.csv</vos:endpoint>", maria.world.base());
    let pulled = transfer("/tables/maria/more", "pullToVoSpace", &protocol("httpget", &file));
    assert_eq!(maria.carried_out(pulled).await.0, "COMPLETED");
    assert_eq!(maria.count("user_maria.more").await, "n 3", "a file of the home became a table");
}

fn encoded_csv() -> String {
    format!("{OURS}#csv").replace(':', "%3A").replace('/', "%2F").replace('#', "%23")
}

#[tokio::test]
async fn tables_of_others_are_not_there_until_they_are_shared() {
    let maria = Person::new().await;
    maria.put("/tables/maria/stars", STARS).await;
    let john = maria.world.token("john", Audience::Vo);
    let as_john =
        |method: &str, path: &str| maria.world.ask(method, &format!("/vospace{path}")).bearer_auth(&john);
    for table in ["stars", "nothing"] {
        for (method, tree) in [("GET", "nodes"), ("GET", "files"), ("PUT", "files"), ("DELETE", "nodes")] {
            let asked = as_john(method, &format!("/{tree}/tables/maria/{table}")).body(STARS);
            let (status, fault) = told(asked).await;
            let expected = if method == "GET" { (404, "NodeNotFound") } else { (403, "PermissionDenied") };
            assert_eq!((status, fault.split(' ').next()), (expected.0, Some(expected.1)), "{method} {table}");
        }
    }
    assert_eq!(told(as_john("GET", "/nodes/tables/maria")).await.0, 404);
    assert_eq!(nodes(&told(as_john("GET", "/nodes/tables")).await.1), ["/tables", "/tables/john"]);
    maria.share("stars").await;
    let (_, seen) = told(as_john("GET", "/nodes/tables/maria")).await;
    assert_eq!(nodes(&seen), ["/tables/maria", "/tables/maria/stars"]);
    assert_eq!(told(as_john("GET", "/files/tables/maria/stars?view=csv")).await, (200, STARS.to_owned()));
    for (method, tree) in [("PUT", "files"), ("DELETE", "nodes")] {
        let (status, fault) = told(as_john(method, &format!("/{tree}/tables/maria/stars")).body(STARS)).await;
        assert_eq!((status, fault.split(' ').next()), (403, Some("PermissionDenied")), "{method}: {fault}");
    }
    assert_eq!(maria.count("user_maria.stars").await, "n 2", "as it was");
}

#[tokio::test]
async fn what_is_no_table_is_refused_and_containers_of_tables_stay() {
    let maria = Person::new().await;
    maria.put("/tables/maria/stars", STARS).await;
    assert_eq!(maria.put("/tables/maria/stars", "<VOTABLE><cut").await, 400);
    assert_eq!(maria.put("/tables/maria/stars", "a,b\n1\n").await, 400);
    assert_eq!(maria.count("user_maria.stars").await, "n 2", "as it was");
    for (method, path) in [
        ("DELETE", "/nodes/tables"),
        ("DELETE", "/nodes/tables/maria"),
        ("PUT", "/files/tables/maria"),
        ("PUT", "/files/tables"),
    ] {
        assert_eq!(told(maria.ask(method, path).body(STARS)).await.0, 403, "{method} {path}");
    }
    let (status, fault) = maria.node("PUT", "/tables/maria/new", "StructuredDataNode", "").await;
    assert_eq!((status, fault.split(' ').next()), (400, Some("OperationNotSupported")), "{fault}");
    let copied = transfer("/tables/maria/stars", &format!("{SPACE}/home/maria/stars"), "");
    let (phase, fault) = maria.carried_out(copied).await;
    assert_eq!((phase.as_str(), fault.split(' ').next()), ("ERROR", Some("OperationNotSupported")));
}

#[tokio::test]
async fn files_and_tables_of_user_space_come_with_queries_and_jobs() {
    let maria = Person::new().await;
    maria.put("/home/maria/a%20b.csv", STARS).await;
    maria.put("/tables/maria/stars", STARS).await;
    let (_, votable) = maria.get("/files/tables/maria/stars?view=votable").await;
    maria.put("/home/maria/stars.vot", &votable).await;
    let query = "SELECT COUNT(*) AS n FROM tap_upload.mine WHERE id > 1";
    for node in ["home/maria/a%20b.csv", "home/maria/stars.vot", "tables/maria/stars"] {
        let upload = format!("mine,{SPACE}/{node}");
        let form = [("QUERY", query), ("FORMAT", "csv"), ("UPLOAD", upload.as_str())];
        let asked = maria.world.post("sync", &form).bearer_auth(maria.token());
        assert_eq!(told(asked).await, (200, "n\n1\n".to_owned()), "{node}");
        let run = [&form[..], &[("PHASE", "RUN")]].concat();
        let job = send(maria.world.post("async", &run).bearer_auth(maria.token())).await;
        let path = job.headers()["location"].to_str().expect("a URL").to_owned();
        let path = path.strip_prefix(&maria.world.base()).expect("of this server").to_owned();
        assert_eq!(maria.ended(&path).await, "COMPLETED");
        let result = maria.world.ask("GET", &format!("{path}/results/result")).bearer_auth(maria.token());
        assert_eq!(told(result).await.1, "n\n1\n");
    }
}

#[tokio::test]
async fn a_table_of_any_other_place_is_refused_with_the_reason() {
    let maria = Person::new().await;
    let refused = async |address: &str, token: Option<String>| {
        let upload = format!("mine,{address}");
        let form = [("QUERY", "SELECT * FROM tap_upload.mine"), ("UPLOAD", upload.as_str())];
        let asked = maria.world.post("sync", &form);
        told(if let Some(token) = token { asked.bearer_auth(token) } else { asked }).await
    };
    let elsewhere = "nothing is fetched from elsewhere";
    for (address, status, reason) in [
        ("http://127.0.0.1:22/x".to_owned(), 400, elsewhere),
        ("file:///etc/passwd".to_owned(), 400, elsewhere),
        (format!("{}/vospace/files/home/maria/x", maria.world.base()), 400, elsewhere),
        ("vos://elsewhere.org~vospace/home/maria/x".to_owned(), 400, "InvalidURI"),
        (format!("{SPACE}/home/maria/nothing"), 400, "NodeNotFound"),
        (format!("{SPACE}/home/john/x"), 400, "PermissionDenied"),
        (format!("{SPACE}/tables/john/x"), 400, "NodeNotFound"),
        (format!("{SPACE}/home/maria"), 400, "InvalidArgument"),
    ] {
        let (told_status, text) = refused(&address, Some(maria.token().to_owned())).await;
        assert_eq!((told_status, text.contains(reason)), (status, true), "{address}: {text}");
    }
    assert_eq!(refused(&format!("{SPACE}/home/maria/x"), None).await.0, 401);
}
