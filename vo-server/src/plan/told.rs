//! The catalogue's errors as somebody reads them who asked in ADQL: the place first, on one line, and with the listings
//! that the Virtual Observatory has.

use catalogue::engine::{Place, QueryError};

/// What to say about an error.
pub fn told(error: &QueryError) -> String {
    match error {
        QueryError::UnknownTable { name, suggestion, place } => {
            let hint = hint(suggestion, "TAP_SCHEMA.tables");
            format!("{}no such table {name}{hint}", at(place))
        }
        QueryError::UnknownColumn { name, suggestion, place } => {
            let hint = hint(suggestion, "TAP_SCHEMA.columns");
            format!("{}no such column {name}{hint}", at(place))
        }
        QueryError::Syntax { message, place } | QueryError::Invalid { message, place } => {
            format!("{}{message}", at(place))
        }
        other => other.to_string(),
    }
}

fn at(place: &Option<Place>) -> String {
    place.as_ref().map_or_else(String::new, |place| format!("line {}, column {}: ", place.line, place.column))
}

fn hint(suggestion: &Option<String>, listing: &str) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name}?"),
        None => format!("; {listing} lists them"),
    }
}
