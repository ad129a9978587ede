//! How deep the syntax tree of a text can become, told from its characters: a tree that is too deep already exhausts
//! the stack when it is dropped, and a list of too many tokens the memory.
//!
//! A tree is never deeper than the words and signs between two commas, added up over the brackets that are open.
//! What the words mean does not matter here.

use std::iter::Peekable;
use std::str::Chars;

use super::error::AdqlError;
use super::limits::Limits;

/// Refuses a text whose tree could be too deep.
pub(super) fn check(text: &str, limits: &Limits) -> Result<(), AdqlError> {
    let mut chars = text.chars().peekable();
    // Words and signs since the last comma, for every bracket that is open.
    let mut open = vec![0usize];
    let mut depth = 0usize;
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => continue,
            '-' if chars.peek() == Some(&'-') => {
                chars.by_ref().find(|c| *c == '\n');
                continue;
            }
            ',' | ';' => depth -= open.last_mut().map_or(0, std::mem::take),
            '(' => open.push(0),
            ')' if open.len() > 1 => depth -= open.pop().unwrap_or(0),
            quote @ ('\'' | '"') => {
                chars.by_ref().find(|c| *c == quote);
            }
            c if is_word(c) => skip_word(&mut chars),
            _ => {}
        }
        depth += 1;
        if let Some(words) = open.last_mut() {
            *words += 1;
        }
        within(open.len() - 1, depth, limits)?;
    }
    Ok(())
}

fn within(brackets: usize, words: usize, limits: &Limits) -> Result<(), AdqlError> {
    if brackets > limits.open_brackets {
        let what = format!("more than {} brackets are open at once", limits.open_brackets);
        return Err(AdqlError::TooComplex { what });
    }
    if words > limits.unbroken_words {
        let most = limits.unbroken_words;
        let what = format!(
            "more than {most} words and signs without a comma; write long alternatives as x IN (a, b, ...)"
        );
        return Err(AdqlError::TooComplex { what });
    }
    Ok(())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn skip_word(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| is_word(*c)).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_of_a_million_rungs_is_refused() {
        for rung in ["(", "SELECT (", "- ", "NOT ", "1+", "ABS(", "x AND ", "(1,", "'a'||", "a b\n"] {
            let ladder = check(&rung.repeat(1_000_000), &Limits::default());
            assert!(matches!(ladder, Err(AdqlError::TooComplex { .. })), "{rung}");
        }
    }

    #[test]
    fn what_is_long_and_flat_is_not_deep() {
        for flat in ["1, ", "(1), ", "f(a + b), ", "-- (((((\n", "'((((', ", "\"a b c\", "] {
            assert_eq!(check(&flat.repeat(100_000), &Limits::default()), Ok(()), "{flat}");
        }
    }
}
