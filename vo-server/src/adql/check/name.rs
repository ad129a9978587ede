//! Names: which texts may be one without quotes, and how many parts they have.

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::{Checked, at, invalid, not_adql};
use crate::adql::error::{AdqlError, Position};
use crate::adql::reserved;

/// Most parts of the name of a table: catalogue, schema and table.
const TABLE_PARTS: usize = 3;

/// One part of a name.
pub(super) fn name(name: &Ident) -> Checked {
    let Ident { value, quote_style, span: _ } = name;
    if quote_style.is_some() {
        return if value.is_empty() {
            invalid("a name is empty: write something between the quotes", Position::of(name.span))
        } else {
            Ok(())
        };
    }
    if reserved::is_reserved(value) {
        let hint = reserved::hint(value);
        return Err(AdqlError::Reserved { word: value.clone(), hint, position: Position::of(name.span) });
    }
    let regular = value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if regular {
        Ok(())
    } else {
        Err(AdqlError::Name { name: value.clone(), position: Position::of(name.span) })
    }
}

/// A column with what stands before it.
pub(super) fn column(parts: &[Ident]) -> Checked {
    if parts.len() > TABLE_PARTS + 1 {
        return invalid(
            "a column has too many parts: write table.column or schema.table.column",
            Position::of(parts[0].span),
        );
    }
    parts.iter().try_for_each(name)
}

/// The name of a table.
pub(super) fn table(name: &ObjectName) -> Checked {
    if name.0.len() > TABLE_PARTS {
        return invalid("a table has too many parts: write table or schema.table", at(name));
    }
    name.0.iter().try_for_each(|part| match part {
        ObjectNamePart::Identifier(part) => self::name(part),
        ObjectNamePart::Function(_) => {
            not_adql("function as the name of a table", "write the name", at(name))
        }
    })
}
