//! A query as a flat list of tokens: only those that ADQL has, and not too many.

use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use super::depth;
use super::dialect::Adql;
use super::error::{AdqlError, Position};
use super::limits::Limits;

/// The tokens of a query, without the semicolon at its end.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Vec<TokenWithSpan>, AdqlError> {
    if text.len() > limits.text_bytes {
        let what = format!("its text has {} bytes, of {} permitted", text.len(), limits.text_bytes);
        return Err(AdqlError::TooComplex { what });
    }
    depth::check(text, limits)?;
    let tokens = Tokenizer::new(&Adql, text).tokenize_with_location().map_err(unreadable)?;
    let mut tokens = joined(tokens);
    let end = tokens.iter().rposition(|token| !is_space(&token.token) && token.token != Token::SemiColon);
    tokens.truncate(end.map_or(0, |last| last + 1));
    // What is missing at the end is told with this place.
    let end = tokens.last().map(|token| token.span.end);
    match tokens.iter().find_map(foreign) {
        Some(error) => Err(error),
        None if tokens.is_empty() => {
            let position = Position { line: 1, column: 1 };
            Err(AdqlError::Syntax { message: "the query is empty: write SELECT ...".into(), position })
        }
        None => {
            tokens.extend(end.map(|end| TokenWithSpan::new(Token::EOF, Span::new(end, end))));
            Ok(tokens)
        }
    }
}

fn unreadable(error: TokenizerError) -> AdqlError {
    let place = Span::new(error.location, error.location);
    let message = match error.message.as_str() {
        "Unterminated string literal" => "a text lacks its closing quote '".to_owned(),
        other if other.contains("close delimiter") => "a name lacks its closing quote \"".to_owned(),
        other => other.to_lowercase(),
    };
    AdqlError::Syntax { message, position: Position::of(place) }
}

/// Texts with nothing but space between them are one text (SQL-92, section 5.3).
fn joined(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut joined: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut last_text = None;
    for token in tokens {
        match (&token.token, last_text) {
            (Token::SingleQuotedString(more), Some(index)) => {
                let before: &mut TokenWithSpan = &mut joined[index];
                if let Token::SingleQuotedString(text) = &mut before.token {
                    text.push_str(more);
                }
                continue;
            }
            (Token::SingleQuotedString(_), None) => last_text = Some(joined.len()),
            (Token::Whitespace(_), _) => {}
            _ => last_text = None,
        }
        joined.push(token);
    }
    joined
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_) | Token::EOF)
}

/// What is wrong with a token, if ADQL does not have it.
fn foreign(token: &TokenWithSpan) -> Option<AdqlError> {
    let hint = match &token.token {
        Token::Word(word) if matches!(word.quote_style, None | Some('"')) => return None,
        Token::Number(_, false)
        | Token::SingleQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::Ampersand
        | Token::Pipe
        | Token::Caret
        | Token::Tilde => return None,
        Token::Whitespace(space) if !matches!(space, Whitespace::MultiLineComment(_)) => return None,
        Token::Whitespace(_) => "begin a comment with --; it ends with its line",
        Token::SemiColon => "send one query at a time",
        Token::DoubleEq => "write =",
        Token::DoubleColon => "write CAST(value AS type)",
        _ => "the text has a character that ADQL does not know; names with it are written in double quotes",
    };
    let what = match &token.token {
        Token::Whitespace(_) => "comment of the form /* */".to_owned(),
        other => format!("{other}"),
    };
    Some(AdqlError::NotAdql { what, hint: hint.to_owned(), position: Position::of(token.span) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> AdqlError {
        read(text, &Limits::default()).expect_err("it must be refused")
    }

    #[test]
    fn a_text_that_is_too_long_is_not_looked_at() {
        assert!(matches!(refused(&" ".repeat((1 << 20) + 1)), AdqlError::TooComplex { .. }));
    }

    #[test]
    fn texts_beside_each_other_are_one() {
        let tokens = read("'a' -- more\n 'b'", &Limits::default()).expect("a text");
        assert_eq!(tokens.len(), 2);
        assert_eq!(tokens[0].token, Token::SingleQuotedString("ab".into()));
    }

    #[test]
    fn a_semicolon_is_only_at_the_end() {
        assert_eq!(read("a ; -- end\n;", &Limits::default()).expect("one name").len(), 2);
        let AdqlError::NotAdql { position, .. } = refused("a; b") else { panic!("another error") };
        assert_eq!(position, Position { line: 1, column: 2 });
    }
}
