//! A PostgreSQL server for tests, in a temporary directory and on a Unix socket there: Debian's `postgresql-15`.
//!
//! Tests of one program that run at the same time share a server, and each has databases of its own. The server ends
//! with the last of them. It does not wait for the disk, because no test kills it.

mod secured;

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nix::unistd::{User, getuid};
use tempfile::TempDir;
use url::form_urlencoded::byte_serialize;

pub use secured::Secured;

/// Where Debian puts the programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The superuser of these servers.
const USER: &str = "nearside";

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server, shared with the other tests.
#[derive(Clone)]
pub struct Postgres(Arc<Server>);

struct Server {
    directory: TempDir,
}

impl Postgres {
    /// The server of this program; it is started when no test uses one.
    ///
    /// # Panics
    /// Where it cannot be started: tests of PostgreSQL are never left out.
    pub fn start() -> Self {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let server = running.upgrade().unwrap_or_else(|| Arc::new(Server::on_socket()));
        *running = Arc::downgrade(&server);
        Self(server)
    }

    /// The URL of a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.0.run("createdb", &["--username", USER, "--host", self.0.socket(), &name]);
        let host: String = byte_serialize(self.0.socket().as_bytes()).collect();
        format!("postgres://{USER}@localhost/{name}?host={host}")
    }
}

impl Server {
    /// The files of a server that is not started yet.
    fn make() -> Self {
        let directory = tempfile::Builder::new().prefix("nearside-pg-").tempdir().expect("a directory");
        if let Some(account) = account() {
            chown(directory.path(), Some(account.uid.as_raw()), Some(account.gid.as_raw()))
                .expect("root may");
        }
        let server = Self { directory };
        let data = server.path("data");
        let made = ["--pgdata", &data, "--username", USER, "--auth", "trust", "--no-sync", "--locale", "C"];
        server.run("initdb", &made);
        server
    }

    fn on_socket() -> Self {
        let server = Self::make();
        server.run_with("-c listen_addresses=");
        server
    }

    fn run_with(&self, settings: &str) {
        let (data, log) = (self.path("data"), self.path("log"));
        let options = format!(
            "-c unix_socket_directories={} -c fsync=off -c max_connections=300 {settings}",
            self.socket()
        );
        self.run("pg_ctl", &["start", "--wait", "--pgdata", &data, "--log", &log, "--options", &options]);
    }

    fn socket(&self) -> &str {
        self.directory.path().to_str().expect("a plain path")
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.socket())
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        let status = self.program(name).args(arguments).status().expect("the program runs");
        assert!(status.success(), "{name} {} failed: {status}", arguments.join(" "));
    }

    fn program(&self, name: &str) -> Command {
        let path = Path::new(PROGRAMS).join(name);
        assert!(path.exists(), "{} is missing: install the Debian package postgresql-15", path.display());
        let mut command = Command::new(path);
        command.current_dir(self.directory.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(account) = account() {
            command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // There is nothing to save; and where it was never started there is nothing to stop.
        let data = self.path("data");
        let _ = self.program("pg_ctl").args(["stop", "--pgdata", &data, "--mode", "immediate"]).status();
    }
}

/// PostgreSQL refuses to run as root; Debian's package has an account for it.
fn account() -> Option<User> {
    let account = || User::from_name("postgres").ok().flatten().expect("postgresql-15 makes an account");
    getuid().is_root().then(account)
}
