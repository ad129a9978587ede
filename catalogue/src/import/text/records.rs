//! Lines fall into cells. A quoted cell of a CSV may go on over several lines.

use csv_core::ReadRecordResult;

use super::super::error::Place;
use super::super::file_error::FileError;
use super::super::source::Bytes;
use super::lines::Lines;

/// Bytes of the longest record; a quote that is never closed ends here.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// How a line falls into values.
#[derive(Clone, Copy)]
pub(in crate::import) enum Split {
    /// By one byte, with quotes as in RFC 4180.
    Separator(u8),
    /// By any white space, except between double quotes.
    WhiteSpace,
}

/// The cells of one record.
#[derive(Default)]
pub(in crate::import) struct Row {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Row {
    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let cell = |(start, &end): (usize, &usize)| std::str::from_utf8(&self.text[start..end]);
        starts.zip(&self.ends).map(cell).map(|cell| cell.unwrap_or_default())
    }
}

/// Reads record after record; blank lines and comments are passed over.
pub(in crate::import) struct Records {
    lines: Lines<Bytes>,
    split: Split,
    csv: csv_core::Reader,
    last_comment: String,
}

impl Records {
    /// Before the first record.
    pub fn new(bytes: Bytes, split: Split) -> Self {
        let mut csv = csv_core::ReaderBuilder::new();
        if let Split::Separator(separator) = split {
            csv.delimiter(separator);
        }
        Self { lines: Lines::new(bytes), split, csv: csv.build(), last_comment: String::new() }
    }

    /// The last comment that was passed over.
    pub fn last_comment(&self) -> &str {
        &self.last_comment
    }

    /// Puts the next record into `row` and gives the number of its first line.
    pub fn next(&mut self, row: &mut Row) -> Result<Option<u64>, FileError> {
        loop {
            let Some((number, line)) = self.lines.next()? else { return Ok(None) };
            if line.starts_with('#') {
                line.clone_into(&mut self.last_comment);
            }
            if !is_content(line) {
                continue;
            }
            match self.split {
                Split::WhiteSpace => split_words(line, row),
                Split::Separator(_) => {
                    row.text.clear();
                    row.ends.clear();
                    let mut whole = feed(&mut self.csv, line, row);
                    while !whole {
                        let unclosed = FileError::OpenQuote { place: Place::Line(number) };
                        if row.text.len() > MAX_RECORD_BYTES {
                            return Err(unclosed);
                        }
                        let Some((_, line)) = self.lines.next()? else { return Err(unclosed) };
                        whole = feed(&mut self.csv, line, row);
                    }
                }
            }
            return Ok(Some(number));
        }
    }
}

/// Feeds one line to the CSV reader; says whether the record is whole.
fn feed(csv: &mut csv_core::Reader, line: &str, row: &mut Row) -> bool {
    let (mut text_end, mut cells) = (row.text.len(), row.ends.len());
    // No cell is longer than its text, and there is at most one more cell than there are bytes.
    row.text.resize(text_end + line.len() + 1, 0);
    row.ends.resize(cells + line.len() + 2, 0);
    let mut whole = false;
    for mut input in [line.as_bytes(), b"\n"] {
        while !input.is_empty() && !whole {
            let (result, read, wrote, ends) =
                csv.read_record(input, &mut row.text[text_end..], &mut row.ends[cells..]);
            input = &input[read..];
            text_end += wrote;
            cells += ends;
            whole = matches!(result, ReadRecordResult::Record | ReadRecordResult::End);
        }
    }
    row.text.truncate(text_end);
    row.ends.truncate(cells);
    whole
}

fn split_words(line: &str, row: &mut Row) {
    row.text.clear();
    row.ends.clear();
    for word in words(line) {
        row.text.extend_from_slice(word.as_bytes());
        row.ends.push(row.text.len());
    }
}

/// The words of a line; quotes hold words together and make an empty one visible.
pub(super) fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(|inside| inside.split_once('"'));
        let unquoted = || rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (word, behind) = quoted.unwrap_or_else(unquoted);
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

/// Whether a line is neither blank nor a comment.
pub(super) fn is_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}
