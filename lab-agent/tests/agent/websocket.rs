//! A Jupyter client of a kernel's WebSocket in both forms, written from the protocol and not from the agent.

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{BASE, DEADLINE, Lab, SECRET};

pub const V1: &str = "v1.kernel.websocket.jupyter.org";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    V1,
    Legacy,
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    form: Form,
    subshell: Option<String>,
}

#[derive(Debug)]
pub struct Received {
    pub channel: String,
    pub header: Value,
    pub parent: Value,
    pub metadata: Value,
    pub content: Value,
    pub buffers: Vec<Vec<u8>>,
}

impl Received {
    pub fn kind(&self) -> &str {
        self.header["msg_type"].as_str().unwrap_or_default()
    }

    pub fn answers(&self, request: &str) -> bool {
        self.parent["msg_id"] == request
    }

    /// Its number, for a client that attached by cursor.
    pub fn sequence(&self) -> u64 {
        self.metadata["nearside_sequence"].as_u64().expect("messages are numbered")
    }

    /// What arrived, without what differs from run to run.
    pub fn says(&self) -> (&str, &str, &Value) {
        (self.channel.as_str(), self.kind(), &self.content)
    }
}

impl Client {
    pub async fn connect(lab: &Lab, kernel: &str, session: &str, form: Form) -> Self {
        let query = format!("session_id={session}");
        Self::ask(lab, kernel, &query, form).await.expect("a WebSocket")
    }

    /// A client that has everything up to message `cursor`, if the agent answers.
    pub async fn after(lab: &Lab, kernel: &str, session: &str, cursor: u64) -> Option<Self> {
        Self::ask(lab, kernel, &format!("session_id={session}&cursor={cursor}"), Form::V1).await
    }

    pub async fn ask(lab: &Lab, kernel: &str, query: &str, form: Form) -> Option<Self> {
        let path = format!("api/kernels/{kernel}/channels?{query}");
        let protocol = (form == Form::V1).then_some(V1);
        let (socket, answered) = try_open(lab, &path, protocol).await?;
        assert_eq!(answered.as_deref(), protocol, "the subprotocol is echoed when it is offered");
        Some(Self { socket, form, subshell: None })
    }

    /// Sends a request and returns its id.
    pub async fn send(&mut self, channel: &str, kind: &str, content: Value, buffers: &[&[u8]]) -> String {
        self.send_with(channel, kind, json!({}), content, buffers).await
    }

    async fn send_with(
        &mut self,
        channel: &str,
        kind: &str,
        metadata: Value,
        content: Value,
        buffers: &[&[u8]],
    ) -> String {
        let id = uuid::Uuid::new_v4().to_string();
        let mut header = json!({
            "msg_id": id, "msg_type": kind, "session": "s", "username": "maria",
            "date": "2026-08-01T12:00:00.000000Z", "version": "5.3",
        });
        if let Some(subshell) = &self.subshell {
            header["subshell_id"] = json!(subshell);
        }
        let frame = match self.form {
            Form::V1 => {
                let json = [header.to_string(), "{}".into(), metadata.to_string(), content.to_string()];
                let mut pieces = vec![channel.as_bytes()];
                pieces.extend(json.iter().map(String::as_bytes));
                pieces.extend(buffers);
                Frame::Binary(v1_frame(&pieces).into())
            }
            Form::Legacy => {
                let json = json!({
                    "channel": channel, "header": header, "parent_header": {}, "metadata": metadata, "content": content,
                });
                match buffers {
                    [] => Frame::Text(json.to_string().into()),
                    _ => Frame::Binary(legacy_frame(&json.to_string(), buffers).into()),
                }
            }
        };
        self.socket.send(frame).await.expect("the agent takes the message");
        id
    }

    pub async fn execute(&mut self, code: &str) -> String {
        self.execute_with(json!({}), code).await
    }

    /// Executes in a subshell.
    pub async fn execute_in(&mut self, subshell: &str, code: &str) -> String {
        self.subshell = Some(subshell.to_owned());
        let request = self.execute(code).await;
        self.subshell = None;
        request
    }

    /// Executes the cell of a notebook, as JupyterLab says it.
    pub async fn execute_cell(&mut self, cell: &str, code: &str) -> String {
        self.execute_with(json!({"cellId": cell}), code).await
    }

    async fn execute_with(&mut self, metadata: Value, code: &str) -> String {
        let content = json!({"code": code, "silent": false, "store_history": true, "user_expressions": {},
                             "allow_stdin": true, "stop_on_error": true});
        self.send_with("shell", "execute_request", metadata, content, &[]).await
    }

    /// The next message, or `None` when the agent closed the connection.
    pub async fn next(&mut self) -> Option<Received> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let frame =
                timeout_at(deadline, self.socket.next()).await.expect("a message before the deadline");
            match (self.form, frame?.ok()?) {
                (Form::V1, Frame::Binary(bytes)) => return Some(v1_message(&bytes)),
                (Form::Legacy, Frame::Text(text)) => {
                    return Some(legacy_message(text.as_bytes(), Vec::new()));
                }
                (Form::Legacy, Frame::Binary(bytes)) => return Some(legacy_binary(&bytes)),
                (_, Frame::Close(_)) => return None,
                (_, Frame::Ping(_) | Frame::Pong(_)) => {}
                (form, frame) => panic!("{frame:?} has no place in {form:?}"),
            }
        }
    }

    /// The next message that `wanted` accepts.
    pub async fn until(&mut self, wanted: impl Fn(&Received) -> bool) -> Received {
        loop {
            let message = self.next().await.expect("the connection is still open");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Executes `code` and returns the text that it printed and the reply's content.
    pub async fn run(&mut self, code: &str) -> (String, Value) {
        let request = self.execute(code).await;
        self.finish(&request).await
    }

    /// Reads until `request` has a reply and the kernel is idle.
    pub async fn finish(&mut self, request: &str) -> (String, Value) {
        let (mut printed, mut reply, mut idle) = (String::new(), None, false);
        while reply.is_none() || !idle {
            let message = self.until(|message| message.answers(request)).await;
            match message.kind() {
                "stream" => printed.push_str(message.content["text"].as_str().unwrap_or_default()),
                "execute_reply" => reply = Some(message.content),
                "status" => idle = message.content["execution_state"] == "idle",
                _ => {}
            }
        }
        (printed, reply.unwrap_or_default())
    }
}

/// Opens a WebSocket below the base URL; returns it and the subprotocol that was agreed on.
pub async fn open(
    lab: &Lab,
    path: &str,
    protocol: Option<&str>,
) -> (WebSocketStream<MaybeTlsStream<TcpStream>>, Option<String>) {
    try_open(lab, path, protocol).await.expect("a WebSocket")
}

async fn try_open(
    lab: &Lab,
    path: &str,
    protocol: Option<&str>,
) -> Option<(WebSocketStream<MaybeTlsStream<TcpStream>>, Option<String>)> {
    let url = format!("ws://{}{BASE}{path}", lab.addr);
    let mut request = url.into_client_request().expect("a request");
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {SECRET}").parse().expect("a header"));
    if let Some(protocol) = protocol {
        headers.insert("sec-websocket-protocol", protocol.parse().expect("a header"));
    }
    let (socket, response) = connect_async(request).await.ok()?;
    let agreed = response.headers().get("sec-websocket-protocol");
    Some((socket, agreed.map(|value| value.to_str().expect("text").to_owned())))
}

fn v1_frame(pieces: &[&[u8]]) -> Vec<u8> {
    let count = pieces.len() as u64 + 1;
    let mut offsets = vec![8 * (count + 1)];
    offsets.extend(pieces.iter().scan(offsets[0], |end, piece| {
        *end += piece.len() as u64;
        Some(*end)
    }));
    let numbers = std::iter::once(count).chain(offsets);
    let mut frame: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
    frame.extend(pieces.concat());
    frame
}

fn v1_message(frame: &[u8]) -> Received {
    let number =
        |index: usize| u64::from_le_bytes(frame[index * 8..][..8].try_into().expect("8 bytes")) as usize;
    let count = number(0);
    assert_eq!(number(count), frame.len(), "the last offset is the total length");
    let pieces: Vec<&[u8]> = (1..count).map(|index| &frame[number(index)..number(index + 1)]).collect();
    let json = |index: usize| serde_json::from_slice(pieces[index]).expect("JSON");
    Received {
        channel: String::from_utf8(pieces[0].to_vec()).expect("text"),
        header: json(1),
        parent: json(2),
        metadata: json(3),
        content: json(4),
        buffers: pieces[5..].iter().map(|piece| piece.to_vec()).collect(),
    }
}

fn legacy_frame(json: &str, buffers: &[&[u8]]) -> Vec<u8> {
    let pieces: Vec<&[u8]> = std::iter::once(json.as_bytes()).chain(buffers.iter().copied()).collect();
    let mut offset = 4 * (pieces.len() as u32 + 1);
    let mut frame = (pieces.len() as u32).to_be_bytes().to_vec();
    for piece in &pieces {
        frame.extend(offset.to_be_bytes());
        offset += piece.len() as u32;
    }
    frame.extend(pieces.concat());
    frame
}

fn legacy_binary(frame: &[u8]) -> Received {
    let number =
        |index: usize| u32::from_be_bytes(frame[index * 4..][..4].try_into().expect("4 bytes")) as usize;
    let count = number(0);
    let end = |index: usize| if index == count { frame.len() } else { number(index + 1) };
    let pieces: Vec<&[u8]> = (1..=count).map(|index| &frame[number(index)..end(index)]).collect();
    legacy_message(pieces[0], pieces[1..].iter().map(|piece| piece.to_vec()).collect())
}

fn legacy_message(json: &[u8], buffers: Vec<Vec<u8>>) -> Received {
    let mut message: Map<String, Value> = serde_json::from_slice(json).expect("JSON");
    let mut member = |name: &str| message.remove(name).unwrap_or_default();
    let channel = member("channel").as_str().expect("a channel").to_owned();
    Received {
        channel,
        header: member("header"),
        parent: member("parent_header"),
        metadata: member("metadata"),
        content: member("content"),
        buffers,
    }
}
