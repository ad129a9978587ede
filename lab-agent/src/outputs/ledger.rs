//! The executions of one kernel that are not settled yet. One is settled when a page has seen its end, or when its
//! outputs are in the notebook; up to there the journal need not be read again.

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::execution::{Execution, Summary};
use crate::journal::{Flow, Record};
use crate::kernels::wire::Channel;

/// Executions that are remembered, done or not; the oldest are forgotten first.
const EXECUTIONS: usize = 1024;

/// What is known of a kernel's executions.
#[derive(Default)]
pub struct Ledger {
    open: Vec<Execution>,
    read: u64,
    written: u64,
}

#[derive(Default, Deserialize)]
struct Header {
    #[serde(default)]
    msg_id: String,
    #[serde(default)]
    msg_type: String,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(rename = "cellId")]
    cell: Option<String>,
}

#[derive(Deserialize)]
struct Request {
    code: String,
}

impl Ledger {
    /// The ledger that an earlier agent left, or an empty one.
    pub fn read(file: &Path) -> Self {
        let settled = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Self { open: Vec::new(), read: settled, written: settled }
    }

    /// Leaves a note for the agent after this one.
    pub fn write(&mut self, file: &Path) -> io::Result<()> {
        let settled = self.settled();
        if settled != self.written {
            let new = file.with_extension("new");
            fs::write(&new, settled.to_string())?;
            fs::rename(new, file)?;
            self.written = settled;
        }
        Ok(())
    }

    /// The message up to which everything is settled.
    pub fn settled(&self) -> u64 {
        self.open.iter().map(|execution| execution.summary.sequence - 1).min().unwrap_or(self.read)
    }

    /// Whether there are executions that are done and not settled.
    pub fn has_unsettled(&self) -> bool {
        self.open.iter().any(|execution| execution.summary.done)
    }

    /// Takes the next message in.
    pub fn apply(&mut self, record: &Record) {
        self.read = record.seq;
        match record.flow {
            Flow::ToKernel(Channel::Shell) => self.ask(record),
            Flow::FromKernel(Channel::Iopub) => self.hear(record),
            Flow::ToKernel(_) | Flow::FromKernel(_) => {}
        }
    }

    /// The kernel is gone: what was running will not go on.
    pub fn finish(&mut self) {
        self.open.iter_mut().for_each(|execution| execution.summary.done = true);
    }

    /// Forgets what is done and seen.
    pub fn settle_if(&mut self, seen: impl Fn(&Summary) -> bool) {
        self.open.retain(|execution| !(execution.summary.done && seen(&execution.summary)));
    }

    /// Takes what is done out.
    pub fn take_done(&mut self) -> Vec<Execution> {
        self.open.extract_if(.., |execution| execution.summary.done).collect()
    }

    /// What pages may know.
    pub fn summaries(&self) -> Vec<Summary> {
        self.open.iter().map(|execution| execution.summary.clone()).collect()
    }

    fn ask(&mut self, record: &Record) {
        let header: Header = json(&record.parts[0]).unwrap_or_default();
        let cell = json::<Metadata>(&record.parts[2]).unwrap_or_default().cell;
        let (Some(cell), Some(Request { code })) = (cell, json(&record.parts[3])) else { return };
        // A cell has the outputs of its last execution.
        self.open.retain(|execution| execution.summary.cell != cell);
        if self.open.len() == EXECUTIONS {
            self.open.remove(0);
        }
        self.open.push(Execution::new(Summary {
            request: header.msg_id,
            cell,
            session: record.session.clone(),
            code,
            sequence: record.seq,
            last: record.seq,
            done: false,
        }));
    }

    fn hear(&mut self, record: &Record) {
        let kind = json::<Header>(&record.parts[0]).unwrap_or_default().msg_type;
        let parent = json::<Header>(&record.parts[1]).unwrap_or_default().msg_id;
        if kind == "update_display_data" {
            return self.update(record);
        }
        let Some(execution) = self.open.iter_mut().find(|execution| execution.summary.request == parent)
        else {
            return;
        };
        let bytes = record.body().len();
        execution.hear(&kind, &mut json(&record.parts[3]).unwrap_or_default(), bytes);
        execution.summary.last = record.seq;
    }

    /// An update may come from any execution, and changes what another has displayed.
    fn update(&mut self, record: &Record) {
        let content: Map<String, Value> = json(&record.parts[3]).unwrap_or_default();
        let id = content.get("transient").and_then(|transient| transient["display_id"].as_str());
        if let Some(id) = id {
            self.open.iter_mut().for_each(|execution| execution.update(id, &content));
        }
    }
}

fn json<'a, T: Deserialize<'a>>(part: &'a Bytes) -> Option<T> {
    serde_json::from_slice(part).ok()
}
