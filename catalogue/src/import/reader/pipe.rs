//! The parent's side: starts a child for one file, passes on what it sends, and explains how it ended.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;

use arrow::ipc::reader::StreamReader;
use nix::sys::signal::Signal;

use super::super::file_error::FileError;
use super::super::frame::Hear;
use super::super::limits::ImportLimits;
use super::super::places::Places;
use super::super::reading::{Heard, ReadJob};
use super::super::summary::Remark;
use super::ReaderProgram;
use super::child::{Order, Word};

/// Bytes of a line that are kept of what a dying child says.
const MAX_WORD_BYTES: u64 = 64 << 10;

/// What the child has said so far.
#[derive(Default)]
struct Said {
    read_bytes: u64,
    remarks: Vec<Remark>,
    outcome: Option<Result<(), String>>,
    /// Whether an allocator said that there is no memory left.
    no_memory: bool,
    /// The last line that was no word: what a panic says.
    last_line: String,
}

/// Kills a child that is not needed any more.
struct Leash(Child);

impl Drop for Leash {
    fn drop(&mut self) {
        // Both fail only when the child has been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads the file of a job in a child.
pub(super) fn read(
    program: &ReaderProgram,
    job: &ReadJob,
    limits: &ImportLimits,
    hear: &mut Hear<'_>,
) -> Result<(), FileError> {
    let size = job.file.metadata()?.len();
    let order = Order {
        job: job.clone(),
        memory_bytes: limits.reader_memory_bytes,
        cpu_seconds: limits.reader_seconds(size),
    };
    let mut child = start(program, &order)?;
    let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
    let (stdout, stderr) = (stdout.expect("it is piped"), stderr.expect("it is piped"));
    let said = Mutex::new(Said::default());
    let heard = thread::scope(|scope| {
        let listening = scope.spawn(|| listen(stderr, &said));
        let heard = pass_on(stdout, &said, hear);
        if matches!(heard, Err(Stop::Refused(_))) {
            let _ = child.0.kill();
        }
        listening.join().expect("listening does not panic");
        heard
    });
    let status = child.0.wait()?;
    let Said { remarks, outcome, no_memory, last_line, .. } =
        said.into_inner().expect("no thread panics while it holds this lock");
    match (heard, outcome) {
        (Err(Stop::Refused(error)), _) => Err(error),
        (_, Some(Err(why))) => Err(FileError::Told(why)),
        (Ok(()), Some(Ok(()))) => remarks.into_iter().try_for_each(|remark| hear(Heard::Remark(remark))),
        _ => Err(explain(status, no_memory, last_line, &order)),
    }
}

fn start(program: &ReaderProgram, order: &Order) -> Result<Leash, FileError> {
    let mut child = Command::new(&program.program)
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take().expect("it is piped");
    let leash = Leash(child);
    serde_json::to_writer(stdin, order).map_err(io::Error::from)?;
    Ok(leash)
}

/// Why rows stopped coming.
enum Stop {
    /// Whoever hears them does not want them.
    Refused(FileError),
    /// The child ended in the middle.
    Broken,
}

fn pass_on(stdout: impl Read, said: &Mutex<Said>, hear: &mut Hear<'_>) -> Result<(), Stop> {
    let mut stdout = BufReader::new(stdout);
    if stdout.fill_buf().map_err(|_| Stop::Broken)?.is_empty() {
        return Ok(());
    }
    for batch in StreamReader::try_new(stdout, None).map_err(|_| Stop::Broken)? {
        let batch = batch.map_err(|_| Stop::Broken)?;
        let read_bytes = said.lock().expect("no thread panics while it holds this lock").read_bytes;
        let (batch, places) = Places::detach(batch).ok_or(Stop::Broken)?;
        hear(Heard::Rows { batch, places, read_bytes }).map_err(Stop::Refused)?;
    }
    Ok(())
}

fn listen(stderr: ChildStderr, said: &Mutex<Said>) {
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        let read = (&mut stderr).take(MAX_WORD_BYTES).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        let mut said = said.lock().expect("no thread panics while it holds this lock");
        match serde_json::from_slice(&line) {
            Ok(Word::Read(bytes)) => said.read_bytes = bytes,
            Ok(Word::Remark(remark)) => said.remarks.push(remark),
            Ok(Word::Failed(why)) => said.outcome = Some(Err(why)),
            Ok(Word::Done) => said.outcome = Some(Ok(())),
            Err(_) => {
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                said.no_memory |= line.contains("memory allocation");
                said.last_line = line;
            }
        }
    }
}

/// What a child that said nothing died of.
fn explain(status: ExitStatus, no_memory: bool, last_line: String, order: &Order) -> FileError {
    let signal = status.signal().and_then(|signal| Signal::try_from(signal).ok());
    match signal {
        // The hard limit of time kills.
        Some(Signal::SIGXCPU | Signal::SIGKILL) => FileError::TooLong { limit_seconds: order.cpu_seconds },
        Some(Signal::SIGABRT | Signal::SIGSEGV | Signal::SIGBUS) if no_memory || last_line.is_empty() => {
            FileError::TooLarge { limit_bytes: order.memory_bytes }
        }
        _ => FileError::ReaderDied { status: status.to_string(), last_line },
    }
}
