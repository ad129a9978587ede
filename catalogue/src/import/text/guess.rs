//! The type of a column of text that nobody declared, found cell by cell.

use arrow::datatypes::DataType;

use super::super::typing;

/// What all cells so far could be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    any: bool,
    integer: bool,
    number: bool,
    truth: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { any: false, integer: true, number: true, truth: true }
    }
}

impl Guess {
    /// Takes one more cell into account.
    pub fn see(&mut self, cell: &str) {
        let cell = cell.trim();
        if typing::is_null(cell) {
            return;
        }
        self.any = true;
        self.integer = self.integer && cell.parse::<i64>().is_ok();
        self.number = self.number && (self.integer || cell.parse::<f64>().is_ok());
        self.truth = self.truth && (cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false"));
    }

    /// The narrowest of integer, number, truth value and text that holds every cell; `Null` when all are empty.
    pub fn data_type(self) -> DataType {
        match self {
            Self { any: false, .. } => DataType::Null,
            Self { integer: true, .. } => DataType::Int64,
            Self { number: true, .. } => DataType::Float64,
            Self { truth: true, .. } => DataType::Boolean,
            _ => DataType::Utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_the_narrowest_type_that_holds_every_cell() {
        for (cells, expected) in [
            (&["", "null"][..], DataType::Null),
            (&["1", "", "-7"], DataType::Int64),
            (&["1", "2.5", "nan"], DataType::Float64),
            (&["true", "False"], DataType::Boolean),
            (&["1", "true"], DataType::Utf8),
            (&["true", "1"], DataType::Utf8),
            (&["1", "x", "2"], DataType::Utf8),
        ] {
            let mut guess = Guess::default();
            cells.iter().for_each(|cell| guess.see(cell));
            assert_eq!(guess.data_type(), expected, "{cells:?}");
        }
    }
}
