//! Accepting connections and serving HTTP/1.1 on each, within the limits of the configuration.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long to wait when the system cannot give us another connection, most often for lack of descriptors.
const AFTER_ACCEPT_ERROR: Duration = Duration::from_millis(50);
/// Headers of one request.
const HEADERS: usize = 128;

/// What connections may occupy, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Open connections, all clients together; more wait in the system's queue.
    pub connections: usize,
    /// Bytes of a request head.
    pub head_bytes: usize,
    /// How long a client may take to send a request head, or to finish a TLS handshake.
    pub head_within: Duration,
    /// How long open requests may take to finish at shutdown.
    pub drain_within: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head_bytes: 64 * 1024,
            head_within: Duration::from_secs(15),
            drain_within: Duration::from_millis(500),
        }
    }
}

/// What a connection is served with.
#[derive(Clone)]
pub struct Service {
    /// The routes.
    pub router: Router,
    /// TLS, where there is some.
    pub acceptor: Option<TlsAcceptor>,
    /// Limits of connections.
    pub limits: ConnectionLimits,
    /// Cancelled when no more are accepted.
    pub closing: CancellationToken,
    /// Counts those that are open.
    pub connections: TaskTracker,
}

impl Service {
    /// Accepts until the program closes. No error ends the loop.
    pub async fn accept_until_closed(self, listener: TcpListener) {
        let closing = self.closing.clone();
        closing.run_until_cancelled(self.accept(listener)).await;
    }

    async fn accept(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let service = self.clone();
                    self.connections.spawn(async move {
                        service.serve(stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    sleep(AFTER_ACCEPT_ERROR).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        match self.acceptor.clone() {
            None => self.speak_http(stream).await,
            Some(acceptor) => match timeout(self.limits.head_within, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.speak_http(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            },
        }
    }

    async fn speak_http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_within)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router))
            .with_upgrades();
        tokio::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                match timeout(self.limits.drain_within, connection).await {
                    Ok(served) => served,
                    Err(_) => return,
                }
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
