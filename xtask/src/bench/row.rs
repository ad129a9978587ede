//! One figure beside its peer's, and rows of them as a Markdown table.

use serde::{Deserialize, Serialize};

/// One figure beside its peer's, and the bar that the project set itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Ours; none where `note` says why.
    pub value: Option<f64>,
    /// Unit of both values.
    pub unit: String,
    /// Who else did it.
    pub peer: Option<String>,
    /// Theirs.
    pub peer_value: Option<f64>,
    /// Ours over theirs.
    pub ratio: Option<f64>,
    /// What the ratio, or the value where there is no peer, should be.
    pub bar: Option<String>,
    /// Whether it is.
    pub met: Option<bool>,
    /// What one should know about the figure.
    #[serde(default)]
    pub note: Option<String>,
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let head = "| what | value | unit | peer | peer's value | ratio | bar | met | note |\n|---|---|---|---|---|---|---|---|---|";
    std::iter::once(head.to_owned()).chain(rows.iter().map(line)).collect::<Vec<_>>().join("\n")
}

fn line(row: &Row) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().replace('|', "/");
    let met = row.met.map_or("", |met| if met { "yes" } else { "NO" }).to_owned();
    let cells = [
        row.name.clone(),
        number(row.value),
        row.unit.clone(),
        text(&row.peer),
        number(row.peer_value),
        number(row.ratio),
        text(&row.bar),
        met,
        text(&row.note),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Three decimals where they say something.
fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.abs() >= 1000.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_value_says_why() {
        let row = Row {
            name: "cone".into(),
            value: None,
            unit: "ms".into(),
            peer: None,
            peer_value: None,
            ratio: None,
            bar: Some("<= 3 ms".into()),
            met: None,
            note: Some("not measured: no | server".into()),
        };
        assert_eq!(line(&row), "| cone |  | ms |  |  |  | <= 3 ms |  | not measured: no / server |");
        let measured = Row { value: Some(1.5), ratio: Some(2_000.4), met: Some(false), note: None, ..row };
        assert_eq!(line(&measured), "| cone | 1.500 | ms |  |  | 2000 | <= 3 ms | NO |  |");
    }
}
