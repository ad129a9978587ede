//! Outputs into the text of a notebook (nbformat 4.5, where cells have ids). Only the bytes of the cells that they
//! belong to change; nothing else is parsed and written again.
//!
//! A cell whose text was changed since it ran keeps its text and its outputs: what ran and what it printed becomes a
//! cell of its own below it. A cell that was removed stays removed.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::execution::Execution;

/// A replacement for a part of a text.
struct Change {
    start: usize,
    end: usize,
    text: String,
}

#[derive(Deserialize)]
struct Notebook<'a> {
    #[serde(borrow)]
    cells: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(default)]
    id: String,
    #[serde(borrow)]
    source: &'a RawValue,
    #[serde(borrow)]
    outputs: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "also_null")]
    execution_count: Option<&'a RawValue>,
}

/// A member that is there, also when it is `null`.
fn also_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// The text with the outputs in it; `None` where nothing has to change, or nothing can.
pub fn with_outputs(text: &str, executions: &[Execution]) -> Result<Option<String>, serde_json::Error> {
    let notebook: Notebook<'_> = serde_json::from_str(text)?;
    let mut cells = Vec::with_capacity(notebook.cells.len());
    for raw in notebook.cells {
        cells.push((raw, serde_json::from_str::<Cell<'_>>(raw.get())?));
    }
    let mut changes = Vec::new();
    for execution in executions {
        let of_cell = |(_, cell): &&(&RawValue, Cell<'_>)| cell.id == execution.summary.cell;
        let Some((raw, cell)) = cells.iter().find(of_cell) else { continue };
        let copy = copy_id(execution);
        match (&cell.outputs, &cell.execution_count) {
            (Some(outputs), Some(count)) if source(cell.source) == execution.summary.code => {
                let count_text = execution.count.map_or_else(|| "null".to_owned(), |count| count.to_string());
                changes.push(replace(text, outputs.get(), pretty(&outputs_of(execution), 3)));
                changes.push(replace(text, count.get(), count_text));
            }
            _ if cells.iter().any(|(_, cell)| cell.id == copy) => {}
            _ => {
                let end = offset(text, raw.get()) + raw.get().len();
                let added = format!(",\n  {}", pretty(&copy_of(execution, &copy), 2));
                changes.push(Change { start: end, end, text: added });
            }
        }
    }
    let changed = apply(text, changes);
    Ok((changed != text).then_some(changed))
}

fn replace(text: &str, part: &str, new: String) -> Change {
    let start = offset(text, part);
    Change { start, end: start + part.len(), text: new }
}

/// Where `part`, which borrows from `text`, begins in it.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

fn apply(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|change| change.start);
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for Change { start, end, text: new } in changes {
        changed.push_str(&text[done..start]);
        changed.push_str(&new);
        done = end;
    }
    changed.push_str(&text[done..]);
    changed
}

/// A text, or a list of its lines.
fn source(raw: &RawValue) -> String {
    match serde_json::from_str(raw.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn outputs_of(execution: &Execution) -> Value {
    let without_transient = |output: &Value| {
        let mut output = output.clone();
        if let Value::Object(members) = &mut output {
            members.remove("transient");
        }
        output
    };
    execution.outputs.iter().map(without_transient).collect()
}

fn copy_id(execution: &Execution) -> String {
    format!("ran-{}", &hex::encode(Sha256::digest(&execution.summary.request))[..16])
}

fn copy_of(execution: &Execution, id: &str) -> Value {
    json!({
        "cell_type": "code",
        "execution_count": execution.count,
        "id": id,
        "metadata": {"nearside": {"ran_as": execution.summary.cell}},
        "outputs": outputs_of(execution),
        "source": execution.summary.code,
    })
}

/// JSON as Jupyter writes it, with one blank for each level, below `levels` others.
fn pretty(value: &Value, levels: usize) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).expect("a value is JSON");
    String::from_utf8_lossy(&bytes).replace('\n', &format!("\n{}", " ".repeat(levels)))
}

#[cfg(test)]
mod tests {
    use super::super::execution::Summary;
    use super::*;

    /// As Jupyter writes it, with a number that a JSON library may not keep.
    const NOTEBOOK: &str = r#"{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "text",
   "metadata": {},
   "source": "M45"
  },
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "cell",
   "metadata": {"odd": 123456789012345678901234567890},
   "outputs": [],
   "source": [
    "print(1)\n",
    "2"
   ]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 5
}
"#;

    fn ran(cell: &str, code: &str) -> Execution {
        let mut execution = Execution::new(Summary {
            request: "request".into(),
            cell: cell.into(),
            session: "s".into(),
            code: code.into(),
            sequence: 1,
            last: 9,
            done: true,
        });
        execution.count = Some(7);
        execution.outputs = vec![json!({"output_type": "stream", "name": "stdout", "text": "1\n"})];
        execution
    }

    fn merged(cell: &str, code: &str) -> Option<String> {
        with_outputs(NOTEBOOK, &[ran(cell, code)]).expect("a notebook")
    }

    #[test]
    fn the_outputs_of_an_unchanged_cell_come_into_it_and_nothing_else_changes() {
        let expected = NOTEBOOK.replace("\"execution_count\": null", "\"execution_count\": 7").replace(
            "\"outputs\": []",
            "\"outputs\": [\n    {\n     \"name\": \"stdout\",\n     \"output_type\": \"stream\",\n     \"text\": \"1\\n\"\n    }\n   ]",
        );
        assert_eq!(merged("cell", "print(1)\n2"), Some(expected.clone()));
        let again = with_outputs(&expected, &[ran("cell", "print(1)\n2")]).expect("a notebook");
        assert_eq!(again, None, "twice is once");
    }

    #[test]
    fn a_cell_that_was_edited_meanwhile_keeps_its_text_and_what_ran_stands_below_it() {
        let text = merged("cell", "print(1)").expect("a change");
        let old: Value = serde_json::from_str(NOTEBOOK).expect("JSON");
        let new: Value = serde_json::from_str(&text).expect("JSON");
        let cells = new["cells"].as_array().expect("cells");
        assert_eq!(cells[..2], old["cells"].as_array().expect("cells")[..]);
        let ran = &cells[2];
        assert_eq!(
            (cells.len(), &ran["source"], &ran["outputs"][0]["text"]),
            (3, &json!("print(1)"), &json!("1\n"))
        );
        assert_eq!(with_outputs(&text, &[super::tests::ran("cell", "print(1)")]).expect("a notebook"), None);
    }

    #[test]
    fn a_cell_that_was_removed_stays_removed_and_nonsense_is_left_alone() {
        assert_eq!(merged("gone", "print(1)"), None);
        assert!(with_outputs("{\"cells\": 3}", &[ran("cell", "x")]).is_err());
    }
}
