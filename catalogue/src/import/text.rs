//! CSV and white-space tables: a line of names, then lines of values, `#` for comments.
//!
//! Types are not decided here. A line that is too short or too long ends the import: such files were cut.

mod lines;

use super::error::Place;
use super::file_error::FileError;
use super::sheet::{About, Cells, Column, Places, Sheet};
use lines::LineCounter;

/// Separators of values that a CSV may use, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How a line falls into values.
#[derive(Clone, Copy)]
pub(super) enum Split {
    /// By one byte, with quotes as in RFC 4180.
    Separator(u8),
    /// By any white space, except between double quotes.
    WhiteSpace,
}

/// Reads values separated by commas, or by tabs, semicolons or bars where the header has no comma.
pub(super) fn read_csv(text: &str) -> Result<Sheet, FileError> {
    let header = first_line(text).ok_or(FileError::Empty)?;
    let separator = SEPARATORS.into_iter().find(|&s| header.as_bytes().contains(&s)).unwrap_or(b',');
    read(text, Split::Separator(separator))
}

/// Reads values separated by white space, or by commas where the first line that is no comment has one.
pub(super) fn read_white_space(text: &str) -> Result<Sheet, FileError> {
    match first_line(text) {
        None => Err(FileError::Empty),
        Some(line) if line.contains(',') => read_csv(text),
        Some(_) => read(text, Split::WhiteSpace),
    }
}

fn read(text: &str, split: Split) -> Result<Sheet, FileError> {
    let mut table: Option<(Vec<String>, Cells)> = None;
    each_row(text, split, &mut |line, row| match &mut table {
        Some((_, cells)) => cells.push(line, row.iter().copied()),
        None if row.iter().any(|cell| is_number(cell)) => {
            let names = commented_header(text, split, row.len());
            let names = names.ok_or(FileError::NoHeader { place: Place::Line(line) })?;
            let mut cells = Cells::new(names.len());
            cells.push(line, row.iter().copied())?;
            table = Some((names, cells));
            Ok(())
        }
        None => {
            let names: Vec<String> = row.iter().map(|name| name.trim().to_owned()).collect();
            table = Some((names.clone(), Cells::new(names.len())));
            Ok(())
        }
    })?;
    let (names, cells) = table.ok_or(FileError::Empty)?;
    let (values, lines) = cells.finish();
    let column = |(name, values)| Column { name, about: About::default(), data_type: None, values };
    let columns = names.into_iter().zip(values).map(column).collect();
    Ok(Sheet { columns, places: Places::Lines(lines), remarks: Vec::new() })
}

/// Visits the rows that are neither blank nor comments, with their line numbers from 1.
pub(super) fn each_row(text: &str, split: Split, visit: &mut Visitor<'_>) -> Result<(), FileError> {
    match split {
        Split::WhiteSpace => {
            for (line, content) in text.lines().enumerate().filter(|(_, line)| is_content(line)) {
                visit(line as u64 + 1, &words(content))?;
            }
            Ok(())
        }
        Split::Separator(separator) => each_record(text, separator, visit),
    }
}

/// Receives a line number and the values of that line.
pub(super) type Visitor<'a> = dyn FnMut(u64, &[&str]) -> Result<(), FileError> + 'a;

fn each_record(text: &str, separator: u8, visit: &mut Visitor<'_>) -> Result<(), FileError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut lines = LineCounter::new(text);
    let mut record = csv::StringRecord::new();
    loop {
        let start = reader.position().byte() as usize;
        let more = reader.read_record(&mut record);
        if !more.map_err(|error| FileError::Malformed { format: "CSV", what: error.to_string() })? {
            return Ok(());
        }
        let line = lines.of_record(start);
        visit(line, &record.iter().collect::<Vec<_>>())?;
    }
}

/// The names in the last comment above the values, where it has one for each value.
fn commented_header(text: &str, split: Split, values: usize) -> Option<Vec<String>> {
    let comments = text.lines().take_while(|line| !is_content(line));
    let last = comments.filter(|line| line.starts_with('#')).last()?.trim_start_matches('#');
    let names: Vec<String> = match split {
        Split::WhiteSpace => words(last).into_iter().map(str::to_owned).collect(),
        Split::Separator(separator) => {
            last.split(char::from(separator)).map(|name| name.trim().to_owned()).collect()
        }
    };
    (names.len() == values && !names.iter().any(|name| is_number(name))).then_some(names)
}

/// The words of a line; quotes hold words together and make an empty one visible.
fn words(line: &str) -> Vec<&str> {
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

fn first_line(text: &str) -> Option<&str> {
    text.split(['\r', '\n']).find(|line| is_content(line))
}

fn is_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn is_number(cell: &str) -> bool {
    let starts_like_one = cell.trim().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    starts_like_one && cell.trim().parse::<f64>().is_ok()
}
