//! A place in a query's text, shown to the person who wrote it. Knows nothing about what is wrong there.

use std::fmt;

/// Characters of a long line that are shown around the place.
const WINDOW: usize = 100;

/// A line and column of the query, with the text of that line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: u64,
    /// In characters, counted from 1.
    pub column: u64,
    excerpt: String,
    caret: usize,
}

impl Place {
    /// The place in `sql`; `None` when the text has no such line or the position is unknown (line 0).
    pub(crate) fn new(sql: &str, line: u64, column: u64) -> Option<Self> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let text: Vec<char> = sql.lines().nth(index)?.chars().collect();
        let caret = usize::try_from(column.checked_sub(1)?).ok()?.min(text.len());
        let start = caret.saturating_sub(WINDOW / 2);
        let end = (start + WINDOW).min(text.len());
        let excerpt = text[start..end].iter().map(|&c| if c.is_control() { ' ' } else { c }).collect();
        Some(Self { line, column, excerpt, caret: caret - start })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, excerpt, caret } = self;
        write!(f, "line {line}, column {column}:\n  {excerpt}\n  {:caret$}^", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_character() {
        let place = Place::new("SELECT *\nFROM\tgaia", 2, 6).expect("the text has a second line");
        assert_eq!(place.to_string(), "line 2, column 6:\n  FROM gaia\n       ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let place =
            Place::new(&format!("{}x{}", "a".repeat(500), "b".repeat(500)), 1, 501).expect("one line");
        let (a, b) = ("a".repeat(50), "b".repeat(49));
        assert_eq!(place.to_string(), format!("line 1, column 501:\n  {a}x{b}\n  {:50}^", ""));
    }

    #[test]
    fn an_unknown_place_is_none() {
        assert_eq!(Place::new("SELECT", 0, 0), None);
        assert_eq!(Place::new("SELECT", 2, 1), None);
    }
}
