//! The child's side: limits itself, reads one file, sends rows to standard output and words to standard error.

use std::io::{self, Write};
use std::process::ExitCode;

use arrow::ipc::writer::StreamWriter;
use nix::sys::resource::{Resource, setrlimit};
use serde::{Deserialize, Serialize};

use super::super::file_error::FileError;
use super::super::reading::{self, Heard, ReadJob};
use super::super::summary::Remark;

/// What the child is asked to do, as JSON on its standard input.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    pub job: ReadJob,
    /// Bytes of memory that it may take beyond what it has at its start.
    pub memory_bytes: u64,
    /// Seconds of processor time.
    pub cpu_seconds: u64,
}

/// One line of JSON on the child's standard error.
#[derive(Serialize, Deserialize)]
pub(super) enum Word {
    /// So many bytes of the file have been read.
    Read(u64),
    /// Something that a person should know.
    Remark(Remark),
    /// The file is at fault: the whole chain of causes.
    Failed(String),
    /// The file was read to its end.
    Done,
}

/// Reads one file for the process that started this one. Never prints anything for people.
pub fn serve() -> ExitCode {
    match read_order().and_then(|order| send(&order)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&Word::Failed(chain(&error)));
            ExitCode::FAILURE
        }
    }
}

fn read_order() -> Result<Order, FileError> {
    let order: Order = serde_json::from_reader(io::stdin()).map_err(io::Error::from)?;
    limit(&order)?;
    Ok(order)
}

/// No more memory, no more time, no files to write, no core to dump.
fn limit(order: &Order) -> io::Result<()> {
    let memory = own_memory_bytes()?.saturating_add(order.memory_bytes);
    let limits = [
        (Resource::RLIMIT_AS, memory),
        (Resource::RLIMIT_CPU, order.cpu_seconds),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_CORE, 0),
    ];
    limits.into_iter().try_for_each(|(resource, most)| Ok(setrlimit(resource, most, most)?))
}

/// What this process has mapped, its own program included.
fn own_memory_bytes() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map(|kib| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmSize"))
}

fn send(order: &Order) -> Result<(), FileError> {
    let mut writer: Option<StreamWriter<io::StdoutLock<'_>>> = None;
    reading::read(&order.job, &mut |heard| match heard {
        Heard::Remark(remark) => {
            say(&Word::Remark(remark));
            Ok(())
        }
        Heard::Rows { batch, places, read_bytes } => {
            say(&Word::Read(read_bytes));
            let batch = places.attach(&batch)?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(StreamWriter::try_new(io::stdout().lock(), &batch.schema())?),
            };
            Ok(writer.write(&batch)?)
        }
    })?;
    if let Some(mut writer) = writer {
        writer.finish()?;
        writer.get_mut().flush()?;
    }
    say(&Word::Done);
    Ok(())
}

/// Tells the parent; when it is gone, the pipe of rows will end this process.
fn say(word: &Word) {
    let line = serde_json::to_string(word).expect("words are plain data");
    let _ = writeln!(io::stderr(), "{line}");
}

fn chain(error: &FileError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
