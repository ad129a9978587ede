//! How the parser reads ADQL: which characters make names, and which words cannot be one after an expression or a
//! table. What the parser reads beyond ADQL is refused afterwards, where there is more to say about it.

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;

use super::reserved::is_reserved;

/// The dialect.
#[derive(Debug)]
pub(super) struct Adql;

impl Dialect for Adql {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    // Wider than ADQL, whose names begin with a Latin letter: the check tells how to quote the others.
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn supports_boolean_literals(&self) -> bool {
        false
    }

    fn is_reserved_for_identifier(&self, word: Keyword) -> bool {
        reserved(&word)
    }

    fn is_column_alias(&self, word: &Keyword, _: &mut Parser) -> bool {
        may_be_alias(word)
    }

    fn is_select_item_alias(&self, explicit: bool, word: &Keyword, _: &mut Parser) -> bool {
        explicit || may_be_alias(word)
    }

    fn is_table_alias(&self, word: &Keyword, _: &mut Parser) -> bool {
        may_be_alias(word)
    }

    fn is_table_factor_alias(&self, explicit: bool, word: &Keyword, _: &mut Parser) -> bool {
        explicit || may_be_alias(word)
    }
}

/// LIMIT is no word of ADQL. Whoever writes it means SQL's, and should hear of TOP.
fn may_be_alias(word: &Keyword) -> bool {
    !reserved(word) && *word != Keyword::LIMIT
}

fn reserved(word: &Keyword) -> bool {
    // The names of the keywords are the keywords.
    is_reserved(&format!("{word:?}"))
}
