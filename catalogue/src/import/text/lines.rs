//! Line numbers of the records in a CSV.

/// Counts lines up to the records of a CSV reader, whose own count stops before blank lines and comments.
pub(super) struct LineCounter<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    /// At the first line.
    pub fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of the first record at or after this byte.
    pub fn of_record(&mut self, byte: usize) -> u64 {
        self.advance(byte);
        loop {
            match self.text.get(self.at) {
                Some(b'\r' | b'\n') => self.advance(self.at + 1),
                Some(b'#') => {
                    let rest = &self.text[self.at..];
                    let length = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
                    self.advance(self.at + length);
                }
                _ => return self.line,
            }
        }
    }

    fn advance(&mut self, to: usize) {
        while self.at < to.min(self.text.len()) {
            let lone_return = self.text[self.at] == b'\r' && self.text.get(self.at + 1) != Some(&b'\n');
            if self.text[self.at] == b'\n' || lone_return {
                self.line += 1;
            }
            self.at += 1;
        }
    }
}
