//! The spectrum of one source while its rows are read.

use super::numbers::Columns;
use crate::columns::Spectra;

/// How far a sample may be from its wavelength, in nanometres: the rounding of single precision.
const TOLERANCE_NM: f64 = 1e-3;

/// One source.
pub(super) struct Source {
    /// Right ascension and declination in degrees, where the file has them.
    pub(super) position: Option<(f64, f64)>,
    /// The columns of numbers, in the order of the table.
    pub(super) numbers: Vec<Option<f64>>,
    /// The columns of lists, in the order of the table.
    pub(super) lists: Vec<Option<Vec<Option<f64>>>>,
    wavelengths_nm: Vec<f64>,
    begun: bool,
}

impl Source {
    /// A source of which nothing is known yet.
    pub(super) fn new(table: Spectra) -> Self {
        Self {
            position: None,
            numbers: vec![None; table.numbers().len()],
            lists: vec![None; table.lists().len()],
            wavelengths_nm: table.wavelengths_nm(),
            begun: false,
        }
    }

    /// Takes a row: all of the spectrum, or the sample at a wavelength in nanometres. Fails with what is wrong.
    pub(super) fn add(
        &mut self,
        columns: &Columns,
        row: usize,
        wavelength_nm: Option<f64>,
    ) -> Result<(), String> {
        match wavelength_nm {
            None if self.begun => return Err("is there twice".to_owned()),
            None => self.lists = columns.lists(row)?,
            Some(wavelength_nm) => self.add_sample(columns, row, wavelength_nm)?,
        }
        if !self.begun {
            self.position = columns.position(row);
            self.numbers = columns.numbers(row);
        }
        self.begun = true;
        Ok(())
    }

    fn add_sample(&mut self, columns: &Columns, row: usize, wavelength_nm: f64) -> Result<(), String> {
        let count = self.lists.first().and_then(Option::as_ref).map_or(0, Vec::len);
        let expected = self.wavelengths_nm.get(count).copied();
        if expected.is_none_or(|expected| (expected - wavelength_nm).abs() > TOLERANCE_NM) {
            let expected =
                expected.map_or_else(|| "no more samples".to_owned(), |nm| format!("the one at {nm} nm"));
            return Err(format!("has a sample at {wavelength_nm} nm where {expected} should be"));
        }
        for (list, sample) in self.lists.iter_mut().zip(columns.samples(row)) {
            list.get_or_insert_default().push(sample);
        }
        Ok(())
    }

    /// Whether the spectrum is whole, of this many samples; 0 is any number. Fails with what is wrong.
    pub(super) fn check(&self, samples: usize) -> Result<(), String> {
        let lengths = self.lists.iter().flatten().map(Vec::len);
        match lengths.into_iter().find(|&length| samples > 0 && length != samples) {
            Some(length) => Err(format!("has {length} samples instead of {samples}")),
            None => Ok(()),
        }
    }
}
