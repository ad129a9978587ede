//! Why a text is not ADQL, where, and what its author may have meant.

use std::fmt;

use sqlparser::tokenizer::Span;
use thiserror::Error;

/// A place in the text of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Counted from 1.
    pub line: u64,
    /// In characters, counted from 1.
    pub column: u64,
}

impl Position {
    /// The place of `word` on the same line, if it is not here but before: the parser sometimes tells the place of the
    /// word after the one that it did not expect.
    fn back_to(self, word: &str, query: &str) -> Option<Self> {
        let line = query.lines().nth(usize::try_from(self.line - 1).ok()?)?;
        let here =
            line.char_indices().nth(usize::try_from(self.column - 1).ok()?).map_or(line.len(), |(at, _)| at);
        if word.is_empty() || line[here..].starts_with(word) {
            return None;
        }
        let before = line[..here].rfind(word)?;
        let column = line[..before].chars().count() as u64 + 1;
        Some(Self { line: self.line, column })
    }

    /// The beginning of a span; the beginning of the text if the parser does not know.
    pub(super) fn of(span: Span) -> Self {
        Self { line: span.start.line.max(1), column: span.start.column.max(1) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdqlError {
    /// More text, brackets or operators than a query may have.
    #[error("the query is too complex: {what}")]
    TooComplex {
        /// What is too much, and its limit.
        what: String,
    },
    /// The text has no form that ADQL knows.
    #[error("{position}: {message}")]
    Syntax {
        /// What was expected.
        message: String,
        /// Where.
        position: Position,
    },
    /// A reserved word where a name should be.
    #[error(
        "{position}: {word} is a reserved word: write \"{word}\" in double quotes to use it as a name{hint}"
    )]
    Reserved {
        /// As written.
        word: String,
        /// More to say about some words, or nothing.
        hint: &'static str,
        /// Where.
        position: Position,
    },
    /// A name that must be quoted.
    #[error("{position}: {name} is no name in ADQL without quotes: write \"{name}\"")]
    Name {
        /// As written.
        name: String,
        /// Where.
        position: Position,
    },
    /// SQL that is not ADQL.
    #[error("{position}: ADQL has no {what}: {hint}")]
    NotAdql {
        /// What it is.
        what: String,
        /// What to write instead.
        hint: String,
        /// Where.
        position: Position,
    },
    /// A function that does not exist.
    #[error("{position}: no such function {name}{}", suggested(suggestion))]
    UnknownFunction {
        /// As written.
        name: String,
        /// The most similar name that exists.
        suggestion: Option<&'static str>,
        /// Where.
        position: Position,
    },
    /// Arguments that a function does not take.
    #[error("{position}: {problem}; write {syntax}")]
    Arguments {
        /// What is wrong.
        problem: String,
        /// The function with its arguments.
        syntax: &'static str,
        /// Where.
        position: Position,
    },
    /// A part of a query that makes no sense where it stands.
    #[error("{position}: {message}")]
    Invalid {
        /// What is wrong, and what to write.
        message: String,
        /// Where.
        position: Position,
    },
}

impl AdqlError {
    /// Where in the text the error is; `None` when it is about all of it.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::TooComplex { .. } => None,
            Self::Syntax { position, .. }
            | Self::Reserved { position, .. }
            | Self::Name { position, .. }
            | Self::NotAdql { position, .. }
            | Self::UnknownFunction { position, .. }
            | Self::Arguments { position, .. }
            | Self::Invalid { position, .. } => Some(*position),
        }
    }

    /// An error about `query` in the parser's words, which end with the place.
    pub(super) fn parser(error: &str, query: &str) -> Self {
        let (message, place) = error.rsplit_once(" at Line: ").unwrap_or((error, ""));
        let position = parsed(place).unwrap_or(Position { line: 1, column: 1 });
        let found = message.rsplit_once("found: ").map(|(_, word)| word);
        let position = found.and_then(|word| position.back_to(word, query)).unwrap_or(position);
        let mut chars = message.chars();
        let message: String =
            chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect());
        Self::Syntax { message: message.replace("found: EOF", "and the query ends here"), position }
    }
}

/// `1, Column: 15`
fn parsed(place: &str) -> Option<Position> {
    let (line, column) = place.split_once(", Column: ")?;
    Some(Position { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
}

fn suggested(suggestion: &Option<&'static str>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name}?"),
        None => "; the capabilities of this service list them all".to_owned(),
    }
}
