//! How the agent and one kernel process find and recognise each other: Unix sockets in the run directory and a
//! random key, written to a connection file that only the owner may read.
//!
//! A kernel that is started again gets new sockets and a new key under the same file name.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, Socket as _, SocketOptions, SubSocket, ZmqResult};

use crate::kernels::Launch;
use crate::kernels::wire::SigningKey;

/// How long connecting to a socket that exists may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The name that a kernel knows its clients by.
const IDENTITY: &[u8] = b"nearside";

/// A kernel's sockets, with the numbers that the connection file gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Shell = 1,
    Iopub = 2,
    Stdin = 3,
    Control = 4,
    Heartbeat = 5,
}

const PORTS: [Port; 5] = [Port::Shell, Port::Iopub, Port::Stdin, Port::Control, Port::Heartbeat];

/// The meeting point of the agent and one kernel process. Its files go when it is dropped.
pub struct Connection {
    sockets: PathBuf,
    file: PathBuf,
    /// Signs and checks messages.
    pub key: SigningKey,
}

/// The sockets of all clients to a kernel. All three have one identity: a kernel asks for input from whom it had the
/// request that it is executing.
pub struct Dealers {
    /// Requests.
    pub shell: DealerSocket,
    /// Requests that do not wait for others.
    pub control: DealerSocket,
    /// Answers to questions of the kernel.
    pub stdin: DealerSocket,
}

impl Connection {
    /// Chooses sockets and a key, and writes the connection file.
    pub fn create(launch: &Launch) -> io::Result<Self> {
        let sockets = launch.run_dir.join(&Uuid::new_v4().simple().to_string()[..16]);
        let file = launch.connection_file();
        let key = hex::encode(rand::random::<[u8; 32]>());
        let text = json!({
            "transport": "ipc",
            "ip": sockets,
            "shell_port": Port::Shell as u8,
            "iopub_port": Port::Iopub as u8,
            "stdin_port": Port::Stdin as u8,
            "control_port": Port::Control as u8,
            "hb_port": Port::Heartbeat as u8,
            "signature_scheme": "hmac-sha256",
            "key": key,
            "kernel_name": launch.spec,
        });
        // An old file may be there from the kernel's last start; it is replaced, never reused.
        remove(&file);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        options.open(&file)?.write_all(text.to_string().as_bytes())?;
        Ok(Self { sockets, file, key: SigningKey::new(&key) })
    }

    /// Whether the kernel has made the sockets that a client needs.
    pub fn is_there(&self) -> bool {
        [Port::Shell, Port::Iopub, Port::Stdin, Port::Control].iter().all(|port| self.path(*port).exists())
    }

    /// A subscription to everything that the kernel broadcasts.
    pub async fn iopub(&self) -> ZmqResult<SubSocket> {
        let mut socket = SubSocket::new();
        socket.subscribe("").await?;
        socket.connect(&self.endpoint(Port::Iopub)).await?;
        Ok(socket)
    }

    /// A control socket of the agent's own.
    pub async fn control(&self) -> ZmqResult<DealerSocket> {
        self.dealer(Port::Control, PeerIdentity::new()).await
    }

    /// A shell socket of the agent's own.
    pub async fn shell(&self) -> ZmqResult<DealerSocket> {
        self.dealer(Port::Shell, PeerIdentity::new()).await
    }

    /// The sockets of all clients.
    pub async fn dealers(&self) -> ZmqResult<Dealers> {
        let identity = PeerIdentity::try_from(Bytes::from_static(IDENTITY))?;
        let (shell, control, stdin) = tokio::try_join!(
            self.dealer(Port::Shell, identity.clone()),
            self.dealer(Port::Control, identity.clone()),
            self.dealer(Port::Stdin, identity),
        )?;
        Ok(Dealers { shell, control, stdin })
    }

    async fn dealer(&self, port: Port, identity: PeerIdentity) -> ZmqResult<DealerSocket> {
        let mut options = SocketOptions::default();
        options.peer_identity(identity).connect_timeout(CONNECT);
        let mut socket = DealerSocket::with_options(options);
        socket.connect(&self.endpoint(port)).await?;
        Ok(socket)
    }

    fn path(&self, port: Port) -> PathBuf {
        let mut path = self.sockets.clone().into_os_string();
        path.push(format!("-{}", port as u8));
        path.into()
    }

    fn endpoint(&self, port: Port) -> String {
        format!("ipc://{}", self.path(port).display())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        PORTS.iter().for_each(|port| remove(&self.path(*port)));
        // The file may already belong to the next process of the same kernel.
        if fs::read_to_string(&self.file).is_ok_and(|text| text.contains(&*self.sockets.to_string_lossy())) {
            remove(&self.file);
        }
    }
}

/// Removes a file that may not be there.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}
