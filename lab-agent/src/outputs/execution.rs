//! One execution of a notebook cell, and the outputs that it has made so far, as a notebook has them
//! (nbformat 4, "output").

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Outputs of one execution that are kept for the notebook; what comes after them is left out, and that is said.
const OUTPUT_BYTES: usize = 64 * 1024 * 1024;

/// What a page needs to know to show an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// `msg_id` of the request.
    pub request: String,
    /// The cell's id.
    pub cell: String,
    /// Who asked.
    pub session: String,
    /// What was executed.
    pub code: String,
    /// The request's number in the journal: a page that reads from here misses nothing.
    pub sequence: u64,
    /// The number of the last message that belongs to it.
    pub last: u64,
    /// Whether it has come to an end.
    pub done: bool,
}

/// An execution and its outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// What pages know of it.
    pub summary: Summary,
    /// The number in the cell's prompt.
    pub count: Option<u64>,
    /// What it printed and showed.
    pub outputs: Vec<Value>,
    bytes: usize,
    clear_first: bool,
}

impl Execution {
    /// An execution that has just been asked for.
    pub fn new(summary: Summary) -> Self {
        Self { summary, count: None, outputs: Vec::new(), bytes: 0, clear_first: false }
    }

    /// Takes a broadcast in that belongs to it.
    pub fn hear(&mut self, kind: &str, content: &mut Map<String, Value>, bytes: usize) {
        match kind {
            "execute_input" => self.count = content.get("execution_count").and_then(Value::as_u64),
            "status" => {
                self.summary.done |= content.get("execution_state").is_some_and(|state| state == "idle")
            }
            "clear_output" if content.get("wait").is_some_and(|wait| wait == true) => self.clear_first = true,
            "clear_output" => self.clear(),
            "stream" | "display_data" | "execute_result" | "error" => self.add(kind, content, bytes),
            _ => {}
        }
    }

    /// Replaces what was displayed under a `display_id`.
    pub fn update(&mut self, id: &str, content: &Map<String, Value>) {
        for output in self.outputs.iter_mut().filter(|output| output["transient"]["display_id"] == id) {
            for member in ["data", "metadata"] {
                output[member] = content.get(member).cloned().unwrap_or_else(|| json!({}));
            }
        }
    }

    fn clear(&mut self) {
        (self.outputs, self.bytes, self.clear_first) = (Vec::new(), 0, false);
    }

    fn add(&mut self, kind: &str, content: &mut Map<String, Value>, bytes: usize) {
        if self.clear_first {
            self.clear();
        }
        let had_room = self.bytes <= OUTPUT_BYTES;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > OUTPUT_BYTES {
            if had_room {
                let mib = OUTPUT_BYTES / (1024 * 1024);
                let text =
                    format!("\n[Nearside brings {mib} MiB of a cell's output home; the rest is left out.]\n");
                self.outputs.push(json!({"output_type": "stream", "name": "stderr", "text": text}));
            }
            return;
        }
        match self.outputs.last_mut() {
            Some(last)
                if kind == "stream"
                    && last["output_type"] == kind
                    && Some(&last["name"]) == content.get("name") =>
            {
                let more = content.get("text").and_then(Value::as_str).unwrap_or_default();
                if let Value::String(text) = &mut last["text"] {
                    text.push_str(more);
                }
            }
            _ => {
                let mut output = std::mem::take(content);
                output.insert("output_type".into(), kind.into());
                self.outputs.push(output.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(messages: &[(&str, Value)]) -> Execution {
        let mut execution = Execution::new(Summary {
            request: "r".into(),
            cell: "c".into(),
            session: "s".into(),
            code: "x".into(),
            sequence: 1,
            last: 1,
            done: false,
        });
        for (kind, content) in messages {
            execution.hear(kind, &mut content.as_object().cloned().unwrap_or_default(), 1);
        }
        execution
    }

    #[test]
    fn streams_join_and_everything_else_stands_alone() {
        let execution = heard(&[
            ("execute_input", json!({"code": "x", "execution_count": 3})),
            ("stream", json!({"name": "stdout", "text": "a"})),
            ("stream", json!({"name": "stdout", "text": "b"})),
            ("stream", json!({"name": "stderr", "text": "c"})),
            ("execute_result", json!({"data": {"text/plain": "1"}, "metadata": {}, "execution_count": 3})),
            ("status", json!({"execution_state": "idle"})),
        ]);
        let outputs = json!([
            {"output_type": "stream", "name": "stdout", "text": "ab"},
            {"output_type": "stream", "name": "stderr", "text": "c"},
            {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 3},
        ]);
        assert_eq!(
            (execution.count, execution.summary.done, Value::from(execution.outputs)),
            (Some(3), true, outputs)
        );
    }

    #[test]
    fn outputs_are_cleared_at_once_or_when_the_next_one_comes() {
        let stream = |text: &str| ("stream", json!({"name": "stdout", "text": text}));
        let now = heard(&[stream("a"), ("clear_output", json!({"wait": false}))]);
        let later = heard(&[stream("a"), ("clear_output", json!({"wait": true}))]);
        let then = heard(&[stream("a"), ("clear_output", json!({"wait": true})), stream("b")]);
        let texts =
            [now, later, then].map(|e| e.outputs.iter().map(|o| o["text"].clone()).collect::<Vec<_>>());
        assert_eq!(texts, [vec![], vec![json!("a")], vec![json!("b")]]);
    }
}
