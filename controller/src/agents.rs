//! Asking the agents of labs what happens in them. Nothing else here speaks to a lab.

use api::lab::Activity;
use api::resources::Lab;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kube::ResourceExt as _;
use tokio::net::TcpStream;

use crate::config::LabKey;
use crate::lab::build::derived_secret;

/// Bytes of an activity report; ours have less than a hundred.
const REPORT_BYTES: usize = 4096;

/// The agents of all labs.
pub trait Agents: Send + Sync + 'static {
    /// What the agent of a lab says of its activity; nothing when it does not answer.
    fn activity<'a>(&'a self, lab: &'a Lab) -> BoxFuture<'a, Option<Activity>>;
}

/// The agents at the addresses in the status of their labs.
pub struct HttpAgents {
    key: LabKey,
}

impl HttpAgents {
    /// Agents that know secrets derived from `key`.
    pub fn new(key: LabKey) -> Self {
        Self { key }
    }

    async fn ask(&self, lab: &Lab) -> Option<Activity> {
        let status = lab.status.as_ref()?;
        let address = status.address.as_deref()?;
        let uid = lab.uid()?;
        let secret = derived_secret(&self.key, "agent", status.secret_uid.as_deref().unwrap_or(&uid));
        let request = Request::get(format!("{}api/nearside/activity", lab.spec.base_url))
            .header(header::HOST, address)
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .body(Empty::<Bytes>::new())
            .ok()?;
        let stream = TcpStream::connect(address).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        // Its error is that of the answer.
        tokio::spawn(async move { drop(connection.await) });
        let answer = sender.send_request(request).await.ok()?;
        if answer.status() != StatusCode::OK {
            return None;
        }
        let body = Limited::new(answer.into_body(), REPORT_BYTES).collect().await.ok()?;
        serde_json::from_slice(&body.to_bytes()).ok()
    }
}

impl Agents for HttpAgents {
    fn activity<'a>(&'a self, lab: &'a Lab) -> BoxFuture<'a, Option<Activity>> {
        self.ask(lab).boxed()
    }
}
