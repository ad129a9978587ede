//! The part of Thrift's compact protocol that Parquet's headers use, read in place. It reserves no memory, and
//! knows no structure of Parquet.

use super::Defect;

/// Structures within structures; Parquet's own headers nest six deep.
const MAX_DEPTH: usize = 16;

/// Type codes of the compact protocol.
pub(super) mod code {
    pub(crate) const TRUE: u8 = 1;
    pub(crate) const FALSE: u8 = 2;
    pub(crate) const BYTE: u8 = 3;
    pub(crate) const I16: u8 = 4;
    pub(crate) const I64: u8 = 6;
    pub(crate) const DOUBLE: u8 = 7;
    pub(crate) const BINARY: u8 = 8;
    pub(crate) const LIST: u8 = 9;
    pub(crate) const SET: u8 = 10;
    pub(crate) const STRUCT: u8 = 12;
}

/// A place in encoded bytes.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Position of the bytes in their file.
    start: u64,
    /// Elements of lists that may still come.
    elements_left: usize,
}

impl<'a> Cursor<'a> {
    /// Reads `bytes`, which lie at `start` in their file and have at most `max_elements` elements of lists.
    pub(super) fn new(bytes: &'a [u8], start: u64, max_elements: usize) -> Self {
        Self { bytes, at: 0, start, elements_left: max_elements }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// A defect at this place.
    pub(super) fn defect(&self, problem: impl Into<String>) -> Defect {
        Defect::new(self.start + self.at as u64, problem)
    }

    /// Calls `read` with the number and type of every field of a structure; `read` returns whether it read the
    /// field, and else the field is skipped.
    pub(super) fn structure(
        &mut self,
        depth: usize,
        mut read: impl FnMut(&mut Self, i16, u8) -> Result<bool, Defect>,
    ) -> Result<(), Defect> {
        if depth > MAX_DEPTH {
            return Err(self.defect(format!("structures nest more than {MAX_DEPTH} deep")));
        }
        let mut number = 0i16;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            number = match header >> 4 {
                0 => i16::try_from(self.integer()?).map_err(|_| self.defect("there is no such field"))?,
                step => number.saturating_add(i16::from(step)),
            };
            let kind = header & 0x0f;
            if !read(self, number, kind)? {
                self.skip(kind, depth)?;
            }
        }
    }

    /// The number and type of the elements of a list.
    pub(super) fn list(&mut self) -> Result<(usize, u8), Defect> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        let left = self.elements_left.min(self.bytes.len() - self.at);
        let length = usize::try_from(length).ok().filter(|length| *length <= left);
        let length =
            length.ok_or_else(|| self.defect("a list is longer than the bytes that hold it, or than any"))?;
        self.elements_left -= length;
        Ok((length, header & 0x0f))
    }

    /// A zigzag integer.
    pub(super) fn integer(&mut self) -> Result<i64, Defect> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn varint(&mut self) -> Result<u64, Defect> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.defect("a number has more than 64 bits"))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), Defect> {
        match kind {
            code::TRUE | code::FALSE => Ok(()),
            code::BYTE => self.byte().map(drop),
            code::I16..=code::I64 => self.varint().map(drop),
            code::DOUBLE => self.bytes(8),
            code::BINARY => {
                let length = self.varint()?;
                self.bytes(length)
            }
            code::LIST | code::SET => {
                let (length, element) = self.list()?;
                (0..length).try_for_each(|_| self.element(element, depth + 1))
            }
            code::STRUCT => self.structure(depth + 1, |_, _, _| Ok(false)),
            other => Err(self.defect(format!("there is no type {other}"))),
        }
    }

    /// Booleans take a byte in lists, and none in fields.
    fn element(&mut self, kind: u8, depth: usize) -> Result<(), Defect> {
        if depth > MAX_DEPTH {
            return Err(self.defect(format!("lists nest more than {MAX_DEPTH} deep")));
        }
        match kind {
            code::TRUE | code::FALSE => self.byte().map(drop),
            other => self.skip(other, depth),
        }
    }

    fn byte(&mut self) -> Result<u8, Defect> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.defect("it ends too early"))?;
        self.at += 1;
        Ok(byte)
    }

    fn bytes(&mut self, length: u64) -> Result<(), Defect> {
        let left = (self.bytes.len() - self.at) as u64;
        if length > left {
            return Err(self.defect(format!("a value of {length} bytes has only {left} left")));
        }
        self.at += usize::try_from(length).expect("it is not longer than a slice");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(bytes: &[u8]) -> Result<usize, String> {
        let mut cursor = Cursor::new(bytes, 100, 1000);
        let outcome = cursor.structure(0, |_, _, _| Ok(false));
        outcome.map(|()| cursor.position()).map_err(|defect| defect.to_string())
    }

    #[test]
    fn a_structure_is_skipped_to_its_end() {
        // 1: i32 = 1; 2: list<i32> = [1, 2]; 3: binary "ab"; 4: true; stop; a byte of something else.
        assert_eq!(skipped(&[0x15, 2, 0x19, 0x25, 2, 4, 0x18, 2, b'a', b'b', 0x11, 0, 9]), Ok(12));
    }

    #[test]
    fn a_list_longer_than_its_bytes_is_refused_where_it_says_so() {
        let problem = "a list is longer than the bytes that hold it, or than any, at byte 107";
        assert_eq!(skipped(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]), Err(problem.to_owned()));
    }

    #[test]
    fn a_nest_of_structures_is_refused() {
        let problem = "structures nest more than 16 deep, at byte 117";
        assert_eq!(skipped(&[0x1c; 100_000]), Err(problem.to_owned()));
        let lists = skipped(&[0x19; 100_000]).expect_err("lists nest too");
        assert!(lists.contains("lists nest more than 16 deep"), "{lists}");
    }

    #[test]
    fn bytes_that_end_too_early_are_refused() {
        assert_eq!(skipped(&[0x15]), Err("it ends too early, at byte 101".to_owned()));
        assert_eq!(
            skipped(&[0x18, 50, 1]),
            Err("a value of 50 bytes has only 1 left, at byte 102".to_owned())
        );
    }
}
