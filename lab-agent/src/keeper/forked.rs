//! A kernel that was forked of the lab's warm Python together with us (`kernels/warm.py`): our child already, it
//! waits to be told how to begin.

use std::ffi::OsString;
use std::io;

use nix::unistd::{Pid, close};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe;

use crate::process::{Group, Program};

/// The descriptors that we come with: the kernel reads from one and writes its stderr into the other.
const ORDER: i32 = 3;
const LAST_WORDS: i32 = 4;

/// The process that waits.
pub struct Forked {
    group: Group,
    order: pipe::Sender,
}

impl Forked {
    /// Takes the process over.
    pub fn adopt(pid: i32, stderr_tail_bytes: usize) -> io::Result<Self> {
        let path = |descriptor| format!("/proc/self/fd/{descriptor}");
        let order = pipe::OpenOptions::new().open_sender(path(ORDER))?;
        let last_words = pipe::OpenOptions::new().open_receiver(path(LAST_WORDS))?;
        // What we have opened anew is ours alone; these would go on to every process that we start.
        close(ORDER)?;
        close(LAST_WORDS)?;
        Ok(Self { group: Group::adopt(Pid::from_raw(pid), last_words, stderr_tail_bytes), order })
    }

    /// Makes it run `program`, a module of its Python. Fails when it is gone.
    pub async fn become_a(mut self, program: &Program) -> io::Result<Group> {
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let variables = program.variables.iter().map(|(name, value)| (text(name), text(value).into()));
        let order = json!({
            "arguments": program.argv.iter().skip(1).map(text).collect::<Vec<_>>(),
            "directory": program.directory,
            "variables": variables.collect::<serde_json::Map<_, _>>(),
        });
        self.order.write_all(format!("{order}\n").as_bytes()).await?;
        Ok(self.group)
    }
}
