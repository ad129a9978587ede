//! Headers (FITS Standard 4.0, section 4): cards of 80 characters, and the size of the data behind them.

use std::collections::HashMap;

use super::super::file_error::FileError;
use super::{BLOCK_BYTES, Stream, malformed};

const CARD_BYTES: usize = 80;
/// Blocks of the longest header; a table with the most columns allowed (999) needs some hundred.
const MAX_BLOCKS: usize = 4096;

/// The keywords of one header, without comments.
pub(super) struct Header(HashMap<String, String>);

/// The next header, or nothing at the end of the file.
pub(super) fn next(stream: &mut Stream) -> Result<Option<Header>, FileError> {
    use std::io::BufRead;
    if stream.bytes.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let begin = stream.at;
    let (mut cards, mut last) = (HashMap::new(), String::new());
    let mut block = [0; BLOCK_BYTES as usize];
    for _ in 0..MAX_BLOCKS {
        stream.fill(&mut block)?;
        if begin == stream.at - BLOCK_BYTES && !matches!(&block[..8], b"SIMPLE  " | b"XTENSION") {
            return Err(malformed(format!("byte {begin} begins neither a header nor ends the file")));
        }
        for card in block.chunks_exact(CARD_BYTES) {
            if card.starts_with(b"END     ") {
                return Ok(Some(Header(cards)));
            }
            take(card, &mut cards, &mut last);
        }
    }
    Err(malformed(format!("the header at byte {begin} has no END within {MAX_BLOCKS} blocks")))
}

/// Takes one card; `last` is the keyword that a long text is continued for (section 4.2.1.2).
fn take(card: &[u8], cards: &mut HashMap<String, String>, last: &mut String) {
    let text: String = card.iter().map(|&byte| char::from(byte)).collect();
    let (keyword, rest) = text.split_at(8);
    if let Some(value) = rest.strip_prefix("= ") {
        keyword.trim().clone_into(last);
        cards.entry(last.clone()).or_insert_with(|| value_of(value));
    } else if keyword == "CONTINUE"
        && let Some(begun) = cards.get_mut(last)
        && begun.ends_with('&')
    {
        begun.pop();
        begun.push_str(&value_of(rest));
    }
}

/// The value of a card: the text between quotes, in which two quotes are one, or the word before the comment.
fn value_of(card: &str) -> String {
    let card = card.trim_start();
    let Some(quoted) = card.strip_prefix('\'') else {
        return card.split('/').next().unwrap_or_default().trim().to_owned();
    };
    let mut text = String::new();
    let mut characters = quoted.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\'' && characters.next_if_eq(&'\'').is_none() {
            break;
        }
        text.push(c);
    }
    text.trim_end().to_owned()
}

impl Header {
    /// The text of a keyword, if it is there and not empty.
    pub fn text(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The text of a keyword of one column: `TTYPE7`.
    pub fn of_column(&self, keyword: &str, number: usize) -> Option<&str> {
        self.text(&format!("{keyword}{number}"))
    }

    /// A whole number that has to be there.
    pub fn number(&self, keyword: &str) -> Result<u64, FileError> {
        let value = self.text(keyword).ok_or_else(|| malformed(format!("{keyword} is missing")))?;
        value.parse().map_err(|_| malformed(format!("{keyword} is `{value}`, which is no count")))
    }

    /// Bytes of the data behind this header, without what fills the last block (section 4.4.1).
    pub fn data_bytes(&self) -> Result<u64, FileError> {
        let axes = (1..=self.number("NAXIS")?.min(999)).map(|axis| self.number(&format!("NAXIS{axis}")));
        let axes = axes.collect::<Result<Vec<u64>, _>>()?;
        if axes.is_empty() {
            return Ok(0);
        }
        let bits = self.text("BITPIX").and_then(|bits| bits.trim_start_matches('-').parse::<u64>().ok());
        let parameters = self.text("PCOUNT").map_or(Ok(0), |_| self.number("PCOUNT"))?;
        let groups = self.text("GCOUNT").map_or(Ok(1), |_| self.number("GCOUNT"))?;
        let items = axes.into_iter().try_fold(1u64, u64::checked_mul);
        let bytes = items
            .and_then(|items| items.checked_add(parameters)?.checked_mul(groups)?.checked_mul(bits? / 8));
        bytes
            .filter(|&bytes| bytes < u64::MAX / 2)
            .ok_or_else(|| malformed("its header promises more bytes than there can be"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_stands_before_the_comment() {
        for (card, expected) in [
            ("                  152 / number of columns", "152"),
            ("'mas.yr**-1'         / units for column 13", "mas.yr**-1"),
            ("'''electron''.s**-1' / units", "'electron'.s**-1"),
            ("'K       '           ", "K"),
            ("'no end", "no end"),
            ("", ""),
        ] {
            assert_eq!(value_of(card), expected, "{card:?}");
        }
    }

    #[test]
    fn a_long_text_goes_on_in_the_next_card() {
        let (mut cards, mut last) = (HashMap::new(), String::new());
        for card in ["TCOMM1  = 'one, &'", "CONTINUE  'two, &' / comment", "CONTINUE  'three'"] {
            take(format!("{card:80}").as_bytes(), &mut cards, &mut last);
        }
        assert_eq!(cards.get("TCOMM1").map(String::as_str), Some("one, two, three"));
    }
}
