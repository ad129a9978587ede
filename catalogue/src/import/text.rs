//! CSV and white-space tables: a line of names, then lines of values, `#` for comments.
//!
//! The types of columns that nobody knows are found by reading the file twice. A line that is too short or too long
//! ends the import: such files were cut.

mod guess;
mod lines;
mod records;

use super::error::Place;
use super::file_error::FileError;
use super::frame::Framer;
use super::sheet::{About, Cells, Column, Values};
use super::source::Source;
use guess::Guess;
pub(super) use lines::Lines;
pub(super) use records::{Records, Row, Split};

/// Separators of values that a CSV may use, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Reads values separated by commas, or by tabs, semicolons or bars where the header has no comma.
pub(super) fn read_csv(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let header = first_line(source)?;
    let separator = SEPARATORS.into_iter().find(|&s| header.as_bytes().contains(&s)).unwrap_or(b',');
    read(source, Split::Separator(separator), framer)
}

/// Reads values separated by white space, or by commas where the first line that is no comment has one.
pub(super) fn read_white_space(source: &Source, framer: &mut Framer<'_>) -> Result<(), FileError> {
    if first_line(source)?.contains(',') {
        return read_csv(source, framer);
    }
    read(source, Split::WhiteSpace, framer)
}

fn first_line(source: &Source) -> Result<String, FileError> {
    let mut lines = Lines::new(source.open()?);
    while let Some((_, line)) = lines.next()? {
        if records::is_content(line) {
            return Ok(line.to_owned());
        }
    }
    Err(FileError::Empty)
}

fn read(source: &Source, split: Split, framer: &mut Framer<'_>) -> Result<(), FileError> {
    let mut guesses: Vec<Guess> = Vec::new();
    let names = each_row(source, split, &mut |_, row| {
        guesses.resize(row.len(), Guess::default());
        guesses.iter_mut().zip(row.cells()).for_each(|(guess, cell)| guess.see(cell));
        Ok(())
    })?;
    guesses.resize(names.len(), Guess::default());
    let column = |(name, guess): (String, Guess)| Column {
        name,
        about: About::default(),
        values: Values::Guessed(guess.data_type()),
    };
    let mut cells = Cells::new(names.len());
    framer.begin(names.into_iter().zip(guesses).map(column).collect())?;
    each_row(source, split, &mut |line, row| {
        cells.push(line, row.cells())?;
        if cells.is_full() { framer.rows(cells.take()) } else { Ok(()) }
    })?;
    framer.rows(cells.take())
}

fn refuse_ragged(line: u64, expected: usize, row: &Row) -> Result<(), FileError> {
    let found = row.len();
    if found == expected {
        return Ok(());
    }
    Err(FileError::Ragged { place: Place::Line(line), expected, found })
}

/// Visits the rows of values, with their line numbers from 1. Gives the names of the columns.
fn each_row(
    source: &Source,
    split: Split,
    visit: &mut dyn FnMut(u64, &Row) -> Result<(), FileError>,
) -> Result<Vec<String>, FileError> {
    let mut records = Records::new(source.open()?, split);
    let mut row = Row::default();
    let first = records.next(&mut row)?.ok_or(FileError::Empty)?;
    let names = if row.cells().any(is_number) {
        let names = commented_header(records.last_comment(), split, row.len());
        let names = names.ok_or(FileError::NoHeader { place: Place::Line(first) })?;
        visit(first, &row)?;
        names
    } else {
        row.cells().map(|name| name.trim().to_owned()).collect()
    };
    while let Some(line) = records.next(&mut row)? {
        refuse_ragged(line, names.len(), &row)?;
        visit(line, &row)?;
    }
    Ok(names)
}

/// The names in the last comment above the values, where it has one for each value.
fn commented_header(comment: &str, split: Split, values: usize) -> Option<Vec<String>> {
    let last = comment.trim_start_matches('#');
    let names: Vec<String> = match split {
        Split::WhiteSpace => records::words(last).into_iter().map(str::to_owned).collect(),
        Split::Separator(separator) => {
            last.split(char::from(separator)).map(|name| name.trim().to_owned()).collect()
        }
    };
    (names.len() == values && !names.iter().any(|name| is_number(name))).then_some(names)
}

fn is_number(cell: &str) -> bool {
    let starts_like_one = cell.trim().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    starts_like_one && cell.trim().parse::<f64>().is_ok()
}
