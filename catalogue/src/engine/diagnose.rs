//! From the engine's errors to ours: what is wrong, where it is, and what the person may have meant.

use std::error::Error;

use datafusion::common::{Diagnostic, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use datafusion::sql::sqlparser::parser::ParserError;

use super::error::QueryError;
use super::limits::Limits;
use super::place::Place;
use super::share::exhausted_account;

/// Names less alike than this are not suggested: 1 is equal, 0 has nothing in common.
const ALIKE: f64 = 0.7;

/// The name among `known` that `name` most likely meant.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let likeness = |candidate: &str| strsim::normalized_damerau_levenshtein(name, candidate);
    let rated = known.into_iter().map(|candidate| (likeness(candidate), candidate));
    let best = rated.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, candidate)| candidate.to_owned())
}

/// An error of parsing or planning `sql`.
pub(crate) fn planning(error: DataFusionError, sql: &str, limits: &Limits) -> QueryError {
    Reader { sql: Some(sql), limits }.read(&error, None)
}

/// An error of running a query.
pub(crate) fn running(error: DataFusionError, limits: &Limits) -> QueryError {
    Reader { sql: None, limits }.read(&error, None)
}

struct Reader<'a> {
    /// The query's text while it is planned; errors of running it have no place in it.
    sql: Option<&'a str>,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn read(&self, error: &DataFusionError, place: Option<Place>) -> QueryError {
        let io = io_error(error);
        if let Some(told) = io.and_then(|io| io.get_ref()).and_then(ours) {
            return told;
        }
        if io.is_some_and(is_full_disk) {
            return QueryError::Resources { what: "disk", limit_bytes: self.limits.query_spill_bytes };
        }
        match error {
            DataFusionError::Diagnostic(diagnostic, source) => self.diagnosed(diagnostic, source, place),
            DataFusionError::Context(_, source) => self.read(source, place),
            DataFusionError::Shared(source) => self.read(source, place),
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => self.read(first, place),
                None => internal(error),
            },
            DataFusionError::SQL(parser, _) => self.syntax(parser),
            DataFusionError::SchemaError(schema, _) => schema_error(schema, place),
            DataFusionError::Plan(message) | DataFusionError::Configuration(message) => match self.sql {
                Some(_) => QueryError::Invalid { message: first_lower(message), place },
                None => no_way(error),
            },
            DataFusionError::NotImplemented(message) => {
                QueryError::Invalid { message: format!("not supported: {message}"), place }
            }
            DataFusionError::Execution(message) => QueryError::Execution { message: first_lower(message) },
            DataFusionError::ResourcesExhausted(message) => self.exhausted(message),
            DataFusionError::ArrowError(arrow, _) => arrow_error(arrow, error),
            DataFusionError::External(source) => external(source.as_ref(), error),
            DataFusionError::ParquetError(parquet) => match parquet.as_ref() {
                ParquetError::External(source) => ours(source.as_ref()).unwrap_or_else(|| data(error)),
                _ => data(error),
            },
            DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => data(error),
            DataFusionError::Internal(_)
            | DataFusionError::ExecutionJoin(_)
            | DataFusionError::Substrait(_)
            | DataFusionError::Ffi(_) => internal(error),
        }
    }

    fn diagnosed(
        &self,
        diagnostic: &Diagnostic,
        source: &DataFusionError,
        outer: Option<Place>,
    ) -> QueryError {
        let start = diagnostic.span.map(|span| span.start);
        let place = start.and_then(|start| self.place(start.line, start.column)).or(outer);
        let function =
            diagnostic.message.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next());
        match function {
            Some(name) => {
                let note = diagnostic.notes.first().map_or("", |note| note.message.as_str());
                let nearest = note.split('\'').nth(1);
                QueryError::UnknownFunction { name: name.into(), suggestion: closest(name, nearest), place }
            }
            None => self.read(source, place),
        }
    }

    fn syntax(&self, error: &ParserError) -> QueryError {
        let (ParserError::TokenizerError(text) | ParserError::ParserError(text)) = error else {
            let what =
                format!("its brackets and operators nest more than {} deep", self.limits.open_brackets);
            return QueryError::TooComplex { what };
        };
        let (message, place) = match text.rsplit_once(" at Line: ") {
            Some((message, position)) => (message, self.position(position)),
            None => (text.as_str(), None),
        };
        QueryError::Syntax { message: first_lower(message), place }
    }

    /// `1, Column: 15`
    fn position(&self, text: &str) -> Option<Place> {
        let (line, column) = text.split_once(", Column: ")?;
        self.place(line.trim().parse().ok()?, column.trim().parse().ok()?)
    }

    fn place(&self, line: u64, column: u64) -> Option<Place> {
        Place::new(self.sql?, line, column)
    }

    fn exhausted(&self, message: &str) -> QueryError {
        if let Some((what, limit_bytes)) = exhausted_account(message) {
            QueryError::Resources { what, limit_bytes }
        } else if message.contains("disk") || message.contains("temp") {
            QueryError::Resources { what: "disk", limit_bytes: self.limits.query_spill_bytes }
        } else {
            QueryError::Resources { what: "memory", limit_bytes: self.limits.query_memory_bytes as u64 }
        }
    }
}

/// The error of input or output that an error is.
fn io_error(error: &DataFusionError) -> Option<&std::io::Error> {
    use arrow::error::ArrowError;
    match error {
        DataFusionError::IoError(io) => Some(io),
        DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
            ArrowError::IoError(_, io) => Some(io),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an operator spilled more than it may; that comes as an error of input and output.
fn is_full_disk(io: &std::io::Error) -> bool {
    io.to_string().contains("during the spilling process")
}

fn schema_error(error: &SchemaError, place: Option<Place>) -> QueryError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let suggestion = closest(&field.name, valid_fields.iter().map(|field| field.name.as_str()));
            QueryError::UnknownColumn { name: field.flat_name(), suggestion, place }
        }
        SchemaError::AmbiguousReference { field } => {
            let message = format!("column {} is in several tables: write table.{0}", field.name);
            QueryError::Invalid { message, place }
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            let message = format!("two columns are named {name}: rename one with AS");
            QueryError::Invalid { message, place }
        }
    }
}

fn arrow_error(arrow: &arrow::error::ArrowError, error: &DataFusionError) -> QueryError {
    use arrow::error::ArrowError;
    match arrow {
        ArrowError::DivideByZero => QueryError::Execution { message: "division by zero".into() },
        ArrowError::CastError(message)
        | ArrowError::ParseError(message)
        | ArrowError::ComputeError(message)
        | ArrowError::InvalidArgumentError(message)
        | ArrowError::ArithmeticOverflow(message) => QueryError::Execution { message: first_lower(message) },
        ArrowError::ExternalError(source) => external(source.as_ref(), error),
        ArrowError::ParquetError(_) | ArrowError::IoError(..) => data(error),
        _ => internal(error),
    }
}

/// Our own errors travel through the engine as external ones.
fn external(source: &(dyn Error + Send + Sync + 'static), error: &DataFusionError) -> QueryError {
    ours(source).unwrap_or_else(|| internal(error))
}

fn ours(source: &(dyn Error + Send + Sync + 'static)) -> Option<QueryError> {
    source.downcast_ref::<QueryError>().cloned()
}

/// The query makes sense, but the engine finds no operators for it; its reasons are about operators.
fn no_way(error: &DataFusionError) -> QueryError {
    tracing::warn!(%error, "a query that makes sense could not be carried out");
    let message = "the engine has no way to carry out this query: write it another way, or ask for its parts one by one";
    QueryError::Invalid { message: message.to_owned(), place: None }
}

fn data(error: &DataFusionError) -> QueryError {
    tracing::error!(%error, "a file of the catalogue could not be read");
    QueryError::Data
}

fn internal(error: &DataFusionError) -> QueryError {
    tracing::error!(%error, "the query engine failed");
    QueryError::Internal
}

/// Error texts of the engine begin with a capital letter and carry hints for its own developers.
pub(crate) fn first_lower(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default().trim_end_matches('.');
    let mut rest = message.chars();
    match rest.next() {
        Some(first) if !rest.as_str().starts_with(|c: char| c.is_ascii_uppercase()) => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_reasons_are_told_while_a_query_is_planned_and_not_when_it_runs() {
        let error = || DataFusionError::Plan("Physical plan does not support X".to_owned());
        let limits = Limits::default();
        let planned = planning(error(), "SELECT x", &limits).to_string();
        assert!(planned.contains("physical plan does not support X"), "{planned}");
        let run = running(error(), &limits).to_string();
        assert!(run.contains("write it another way") && !run.contains("hysical"), "{run}");
    }

    #[test]
    fn only_similar_names_are_suggested() {
        let tables = ["gaiadr3.gaia_source", "gaiadr3.epoch_photometry"];
        assert_eq!(closest("gaiadr3.gaia_sourc", tables), Some("gaiadr3.gaia_source".to_owned()));
        assert_eq!(closest("hsc.wide", tables), None);
    }
}
