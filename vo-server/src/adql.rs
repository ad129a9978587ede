//! ADQL 2.1 (IVOA Recommendation of 15 December 2023): from text to a checked query.
//!
//! [`parse`] reads tokens ([`tokens`]), builds a syntax tree with DataFusion's parser in a dialect of ours
//! ([`dialect`]), refuses what ADQL does not have ([`check`]), and says the rest in the words of the engine
//! ([`translate`]). This module knows the language and nothing else: neither the tables and the engine that
//! answer a query, nor the protocols over which it came.

mod check;
mod depth;
mod dialect;
mod error;
mod functions;
mod limits;
#[cfg(test)]
mod page;
mod reserved;
mod stc;
mod tokens;
mod translate;

use sqlparser::ast::Query;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

pub use error::{AdqlError, Position};
pub use functions::{Function, Group, functions};
pub use limits::Limits;
pub use reserved::reserved_words;
pub use translate::limit;

use dialect::Adql;

/// A syntax tree that says in the engine's words what `text` says in ADQL. Its spans are places in `text`.
pub fn parse(text: &str, limits: &Limits) -> Result<Box<Query>, AdqlError> {
    let tokens = tokens::read(text, limits)?;
    let mut query = tree(tokens, text, limits)?;
    check::query(&query)?;
    translate::query(&mut query)?;
    Ok(query)
}

fn tree(tokens: Vec<TokenWithSpan>, text: &str, limits: &Limits) -> Result<Box<Query>, AdqlError> {
    let mut parser = Parser::new(&Adql)
        .with_recursion_limit(limits.open_brackets + limits.nested_parts)
        .with_tokens_with_locations(tokens);
    let query = parser.parse_query().map_err(|error| refused(error, text, limits))?;
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(query),
        other => Err(AdqlError::Syntax {
            message: format!("the query should end before {other}"),
            position: Position::of(next.span),
        }),
    }
}

fn refused(error: ParserError, text: &str, limits: &Limits) -> AdqlError {
    match error {
        ParserError::RecursionLimitExceeded => {
            let most = limits.open_brackets;
            AdqlError::TooComplex { what: format!("its brackets and operators nest more than {most} deep") }
        }
        ParserError::TokenizerError(error) | ParserError::ParserError(error) => {
            AdqlError::parser(&error, text)
        }
    }
}
