//! VOSpace as clients see it: nodes, properties, bytes and faults.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use api::token::Audience;
use reqwest::RequestBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{World, send, told};

pub const SPACE: &str = "vos://nearside.local~vospace";

/// Somebody who is signed in, and their home.
pub struct Person {
    pub world: World,
    token: String,
}

impl Person {
    pub async fn new() -> Self {
        let world = World::new().await;
        let token = world.token("maria", Audience::Vo);
        Self { world, token }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        self.world.ask(method, &format!("/vospace{path}")).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        told(self.ask("GET", path)).await
    }

    pub async fn put(&self, path: &str, bytes: &str) -> u16 {
        told(self.ask("PUT", &format!("/files{path}")).body(bytes.to_owned())).await.0
    }

    /// Asks for an address as it is written here: clients resolve `..` before they send it. The text of the answer.
    async fn get_as_written(&self, path: &str) -> String {
        let address = self.world.base().replace("http://", "");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let head = format!(
            "GET /vospace{path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
    }

    /// Asks for a node of a type by its document.
    pub async fn node(&self, method: &str, path: &str, kind: &str, inner: &str) -> (u16, String) {
        let document = format!(
            "<vos:node xmlns:vos=\"http://www.ivoa.net/xml/VOSpace/v2.0\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"vos:{kind}\" \
             uri=\"{SPACE}{path}\">{inner}</vos:node>"
        );
        told(self.ask(method, &format!("/nodes{path}")).body(document)).await
    }

    /// Where the lab sees something.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        self.world.homes().join("maria").join(path)
    }
}

/// The identifiers of all nodes in a document, below `SPACE`, the first without what is in it.
pub fn nodes(document: &str) -> Vec<String> {
    let uris = document.split("<vos:node ").skip(1);
    let uri = |node: &str| Some(node.split_once(&format!("uri=\"{SPACE}"))?.1.split('"').next()?.to_owned());
    uris.filter_map(uri).collect()
}

/// The value of a standard property.
pub fn property(document: &str, name: &str) -> Option<String> {
    let uri = format!("uri=\"ivo://ivoa.net/vospace/core#{name}\"");
    let value = document.split_once(&uri)?.1.split_once('>')?.1;
    Some(value.split('<').next()?.to_owned())
}

#[tokio::test]
async fn a_file_that_is_put_is_a_node_and_the_lab_sees_it() {
    let maria = Person::new().await;
    assert_eq!(maria.node("PUT", "/home/maria/data", "ContainerNode", "").await.0, 201);
    assert_eq!(maria.put("/home/maria/data/a%20b.fits", "hello").await, 201);
    assert_eq!(fs::read_to_string(maria.on_disk("data/a b.fits")).expect("on disk"), "hello");
    let (status, document) = maria.get("/nodes/home/maria/data/a%20b.fits").await;
    assert_eq!(status, 200, "{document}");
    assert_eq!(nodes(&document), ["/home/maria/data/a%20b.fits"]);
    assert!(document.contains("xsi:type=\"vos:DataNode\" busy=\"false\""), "{document}");
    for (name, value) in
        [("length", "5"), ("MD5", "5d41402abc4b2a76b9719d911017c592"), ("type", "application/fits")]
    {
        assert_eq!(property(&document, name).as_deref(), Some(value), "{document}");
    }
    let answer = send(maria.ask("GET", "/files/home/maria/data/a%20b.fits")).await;
    assert_eq!(answer.headers()["digest"], "md5=XUFAKrxLKna5cZ2REBfFkg==");
    assert_eq!(answer.headers()["content-type"], "application/fits");
    assert_eq!(answer.headers()["content-disposition"], "attachment;filename*=UTF-8''a%20b.fits");
    assert_eq!(answer.text().await.expect("text"), "hello");
    assert_eq!(maria.put("/home/maria/data/a%20b.fits", "again").await, 200, "replaced");
}

#[tokio::test]
async fn what_the_lab_writes_is_a_node_until_the_lab_removes_it() {
    let maria = Person::new().await;
    assert_eq!(maria.get("/nodes/home/maria").await.0, 200, "a home is made for who asks first");
    fs::create_dir(maria.on_disk("notebooks")).expect("made");
    fs::write(maria.on_disk("notebooks/fit.ipynb"), "{}").expect("written");
    let (_, document) = maria.get("/nodes/home/maria/notebooks?detail=min").await;
    assert_eq!(nodes(&document), ["/home/maria/notebooks", "/home/maria/notebooks/fit.ipynb"]);
    assert_eq!(maria.get("/files/home/maria/notebooks/fit.ipynb").await, (200, "{}".to_owned()));
    fs::remove_file(maria.on_disk("notebooks/fit.ipynb")).expect("removed");
    let (status, fault) = maria.get("/nodes/home/maria/notebooks/fit.ipynb").await;
    assert_eq!((status, fault.split(' ').next()), (404, Some("NodeNotFound")));
}

#[tokio::test]
async fn the_space_begins_with_the_home_of_who_asks() {
    let maria = Person::new().await;
    let (_, root) = maria.get("/nodes").await;
    assert_eq!(nodes(&root), ["/", "/home", "/tables"]);
    let (_, homes) = maria.get("/nodes/home/").await;
    assert_eq!(nodes(&homes), ["/home", "/home/maria"]);
    let (_, home) = maria.get("/nodes/home/maria").await;
    assert_eq!(property(&home, "quota").as_deref(), Some("21474836480"));
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_anothers() {
    let maria = Person::new().await;
    fs::create_dir_all(maria.world.homes().join("john")).expect("made");
    fs::write(maria.world.homes().join("john/secret"), "secret").expect("written");
    for (method, path) in [
        ("GET", "/nodes/home/john"),
        ("GET", "/nodes/home/john/secret"),
        ("GET", "/nodes/home/nobody"),
        ("GET", "/files/home/john/secret"),
        ("PUT", "/files/home/john/secret"),
        ("DELETE", "/nodes/home/john/secret"),
        ("DELETE", "/files/home/john/secret"),
        ("DELETE", "/nodes/home/maria"),
        ("DELETE", "/nodes/home"),
    ] {
        let (status, fault) = told(maria.ask(method, path)).await;
        assert_eq!((status, fault.split(' ').next()), (403, Some("PermissionDenied")), "{method} {path}");
    }
    let anonymous = told(maria.world.ask("GET", "/vospace/nodes/home/maria")).await;
    assert_eq!((anonymous.0, anonymous.1.split(' ').next()), (401, Some("PermissionDenied")));
}

#[tokio::test]
async fn no_path_leads_out_of_a_home() {
    let maria = Person::new().await;
    maria.get("/nodes/home/maria").await;
    fs::write(maria.world.homes().join("outside"), "secret").expect("written");
    symlink(maria.world.homes(), maria.on_disk("up")).expect("linked");
    symlink("../outside", maria.on_disk("out")).expect("linked");
    for (path, fault) in [
        ("/home/maria/%2e%2e/outside", "InvalidURI"),
        ("/home/maria/../outside", "InvalidURI"),
        ("/home/maria/..%2Foutside", "InvalidURI"),
        ("/home/maria/a%00b", "InvalidURI"),
        ("/home/maria//outside", "InvalidURI"),
        ("/home/maria/up/outside", "LinkFound"),
        ("/home/maria/out", "LinkFound"),
        ("/home/%2e%2e/outside", "PermissionDenied"),
        ("/home/maria/%EF%BC%8E%EF%BC%8E/outside", "ContainerNotFound"),
        ("/home/maria/%C0%AE%C0%AE/outside", "ContainerNotFound"),
    ] {
        let told = maria.get_as_written(&format!("/files{path}")).await;
        assert_eq!(told.split(' ').next(), Some(fault), "{path}: {told}");
    }
    let (_, link) = maria.get("/nodes/home/maria/out").await;
    assert!(link.contains("<vos:target>file:../outside</vos:target>"), "{link}");
}

#[tokio::test]
async fn the_faults_of_the_standard_have_their_names_and_codes() {
    let maria = Person::new().await;
    maria.put("/home/maria/file", "x").await;
    let nested = "<vos:target>vos://nearside.local~vospace/home/john/x</vos:target>";
    for (path, kind, inner, status, fault) in [
        ("/home/maria/file", "DataNode", "", 409, "DuplicateNode"),
        ("/home/maria/file", "ContainerNode", "", 409, "DuplicateNode"),
        ("/home/maria/no/file", "DataNode", "", 404, "ContainerNotFound"),
        ("/home/maria/file/file", "DataNode", "", 404, "ContainerNotFound"),
        ("/home/maria/new", "StructuredDataNode", "", 400, "TypeNotSupported"),
        ("/home/maria/new", "Wine", "", 400, "TypeNotSupported"),
        ("/home/maria/new", "LinkNode", "", 400, "InvalidArgument"),
        ("/home/maria/new", "LinkNode", nested, 403, "PermissionDenied"),
    ] {
        let (got, told) = maria.node("PUT", path, kind, inner).await;
        assert_eq!((got, told.split(' ').next()), (status, Some(fault)), "{path} {kind}: {told}");
    }
    let other = format!("<node uri=\"{SPACE}/home/maria/other\"/>");
    let bomb = "<!DOCTYPE a [<!ENTITY x \"y\">]><node uri=\"&x;\"/>".to_owned();
    for (body, status, fault) in [
        (other, 400, "InvalidURI"),
        (bomb, 400, "InvalidArgument"),
        (String::new(), 400, "InvalidArgument"),
        ("<x/>".repeat(400_000), 413, "InvalidArgument"),
    ] {
        let (got, told) = told(maria.ask("PUT", "/nodes/home/maria/new").body(body)).await;
        assert_eq!((got, told.split(' ').next()), (status, Some(fault)), "{told}");
    }
}

#[tokio::test]
async fn properties_are_set_kept_and_removed() {
    let maria = Person::new().await;
    maria.put("/home/maria/file", "x").await;
    let set = "<vos:properties><vos:property uri=\"urn:mine\">&lt;1&gt;</vos:property>\
               <vos:property uri=\"ivo://ivoa.net/vospace/core#title\">Mine</vos:property></vos:properties>";
    let (status, document) = maria.node("POST", "/home/maria/file", "DataNode", set).await;
    assert_eq!(status, 200, "{document}");
    assert!(document.contains("<vos:property uri=\"urn:mine\" readOnly=\"false\">&lt;1&gt;</vos:property>"));
    assert_eq!(property(&document, "title").as_deref(), Some("Mine"));
    let unset = "<vos:properties><vos:property uri=\"urn:mine\" xsi:nil=\"true\"/></vos:properties>";
    let (_, document) = maria.node("POST", "/home/maria/file", "DataNode", unset).await;
    assert!(!document.contains("urn:mine") && document.contains("Mine"), "{document}");
    let length = "<vos:properties><vos:property uri=\"ivo://ivoa.net/vospace/core#length\">9</vos:property>\
                  </vos:properties>";
    let (status, told) = maria.node("POST", "/home/maria/file", "DataNode", length).await;
    assert_eq!((status, told.split(' ').next()), (403, Some("PermissionDenied")));
}

#[tokio::test]
async fn a_container_is_listed_in_pages_that_miss_nothing() {
    let maria = Person::new().await;
    maria.node("PUT", "/home/maria/c", "ContainerNode", "").await;
    for number in 0..10 {
        fs::write(maria.on_disk(&format!("c/f{number}")), "").expect("written");
    }
    let (_, first) = maria.get("/nodes/home/maria/c?detail=min&limit=4").await;
    let first = nodes(&first);
    assert_eq!(first.len(), 5, "the container and four nodes");
    let next = format!("/nodes/home/maria/c?detail=min&limit=100&uri={SPACE}{}", first[4]);
    let (_, rest) = maria.get(&next).await;
    let rest = nodes(&rest);
    let all: Vec<_> = first[1..4].iter().chain(&rest[1..]).cloned().collect();
    let expected: Vec<_> = (0..10).map(|number| format!("/home/maria/c/f{number}")).collect();
    assert_eq!(all, expected);
    let (_, none) = maria.get("/nodes/home/maria/c?limit=0").await;
    assert_eq!(nodes(&none), ["/home/maria/c"]);
}

#[tokio::test]
async fn a_link_is_a_link_for_the_lab_too() {
    let maria = Person::new().await;
    maria.node("PUT", "/home/maria/c", "ContainerNode", "").await;
    maria.put("/home/maria/file", "x").await;
    let target = format!("<vos:target>{SPACE}/home/maria/file</vos:target>");
    let (status, document) = maria.node("PUT", "/home/maria/c/link", "LinkNode", &target).await;
    assert_eq!(status, 201, "{document}");
    assert!(document.contains(&target), "{document}");
    assert_eq!(fs::read_to_string(maria.on_disk("c/link")).expect("the lab follows it"), "x");
    assert_eq!(told(maria.ask("DELETE", "/nodes/home/maria/c/link")).await.0, 204);
    assert!(maria.on_disk("file").exists(), "what it led to is there still");
}

#[tokio::test]
async fn a_file_with_another_checksum_than_was_said_is_not_stored() {
    let maria = Person::new().await;
    let put = |md5: &'static str| maria.ask("PUT", "/files/home/maria/f").header("digest", md5).body("hello");
    assert_eq!(told(put("md5=AAAAAAAAAAAAAAAAAAAAAA==")).await.0, 412);
    assert_eq!(maria.get("/nodes/home/maria/f").await.0, 404);
    assert_eq!(told(put("md5=XUFAKrxLKna5cZ2REBfFkg==")).await.0, 201);
}

#[tokio::test]
async fn the_service_says_what_it_can_do() {
    let maria = Person::new().await;
    for (path, what) in [
        ("/protocols", "<vos:protocol uri=\"ivo://ivoa.net/vospace/core#httpput\"/>"),
        ("/views", "<vos:view uri=\"ivo://ivoa.net/vospace/core#anyview\"/>"),
        ("/properties", "<vos:property uri=\"ivo://ivoa.net/vospace/core#length\"/>"),
        ("/capabilities", "standardID=\"ivo://ivoa.net/std/VOSpace/v2.0#nodes\""),
        ("/availability", "<vosi:available>true</vosi:available>"),
    ] {
        let (status, document) = told(maria.world.ask("GET", &format!("/vospace{path}"))).await;
        assert_eq!(status, 200, "{path}");
        assert!(document.contains(what), "{document}");
    }
}
