//! Lines of a text of any length: `\n`, `\r\n` and the lone `\r` of old Macs end one. No line is longer than a limit.

use std::io::BufRead;

use super::super::error::Place;
use super::super::file_error::FileError;

/// Bytes of the longest line. The archive's widest rows, with arrays, have some hundred kilobytes.
const MAX_LINE_BYTES: usize = 64 << 20;

/// Reads line after line.
pub(in crate::import) struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
    /// Whether the last line ended with `\r`, so that a `\n` now belongs to it.
    after_return: bool,
}

impl<R: BufRead> Lines<R> {
    /// Before the first line.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, line: Vec::new(), after_return: false }
    }

    /// The next line without its end, and its number from 1.
    pub fn next(&mut self) -> Result<Option<(u64, &str)>, FileError> {
        self.line.clear();
        let more = self.fill()?;
        if !more && self.line.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let mark: &[u8] = if self.number == 1 { "\u{feff}".as_bytes() } else { &[] };
        let line = self.line.strip_prefix(mark).unwrap_or(&self.line);
        let text = std::str::from_utf8(line);
        Ok(Some((self.number, text.map_err(|_| FileError::NotText { place: Place::Line(self.number) })?)))
    }

    /// Fills `line`; says whether it had an end.
    fn fill(&mut self) -> Result<bool, FileError> {
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(false);
            }
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(bytes.len());
            self.line.extend_from_slice(&bytes[..taken]);
            self.after_return = end.is_some_and(|end| bytes[end] == b'\r');
            self.reader.consume(taken + usize::from(end.is_some()));
            if self.line.len() > MAX_LINE_BYTES {
                let (place, limit_bytes) = (Place::Line(self.number + 1), MAX_LINE_BYTES);
                return Err(FileError::LongLine { place, limit_bytes });
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_is_one_end_wherever_buffers_end() {
        let text = "\u{feff}one\ntwo\r\n\rfour\n\nsix";
        for capacity in 1..9 {
            let mut lines = Lines::new(std::io::BufReader::with_capacity(capacity, text.as_bytes()));
            let mut found = Vec::new();
            while let Some((number, line)) = lines.next().expect("text") {
                found.push((number, line.to_owned()));
            }
            let expected = ["one", "two", "", "four", "", "six"];
            let expected: Vec<_> = (1..).zip(expected.map(str::to_owned)).collect();
            assert_eq!(found, expected, "buffers of {capacity}");
        }
    }
}
