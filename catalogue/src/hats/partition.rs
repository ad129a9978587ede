//! `partition_info.csv`: which tiles a table has.

use std::fmt::Write as _;
use std::path::Path;

use super::{HatsError, layout};
use crate::healpix;

/// One tile of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// HEALPix order of the tile.
    pub order: u8,
    /// Number of the tile within its order, nested.
    pub npix: u64,
    /// Rows in the tile. The standard does not ask for it: `None` when the list does not say.
    pub rows: Option<u64>,
}

/// The list in the form of the standard, with a third column for the number of rows.
pub fn format(partitions: &[Partition]) -> String {
    let mut text = String::from("Norder,Npix,num_rows\n");
    for Partition { order, npix, rows } in partitions {
        let rows = rows.map(|rows| rows.to_string()).unwrap_or_default();
        writeln!(text, "{order},{npix},{rows}").expect("writing to a string cannot fail");
    }
    text
}

/// Reads the list of the table in `dir`.
pub fn read(dir: &Path) -> Result<Vec<Partition>, HatsError> {
    let path = dir.join(layout::PARTITION_INFO);
    let text = std::fs::read_to_string(&path).map_err(HatsError::io("read", &path))?;
    parse(&text).map_err(|(line, problem)| HatsError::Partitions { path, line, problem })
}

/// Reads a list. Fails with the line, counted from 1, and what is wrong there.
pub fn parse(text: &str) -> Result<Vec<Partition>, (u64, String)> {
    let mut lines = text.lines().enumerate().map(|(i, line)| (i as u64 + 1, line.trim()));
    let (_, header) = lines.next().ok_or((1, "the file is empty".to_owned()))?;
    let position = |name: &str| header.split(',').position(|column| column.trim() == name);
    let required = |name: &str| position(name).ok_or((1, format!("there is no column {name}")));
    let (order, npix, rows) = (required("Norder")?, required("Npix")?, position("num_rows"));
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            partition(&cells, order, npix, rows).map_err(|problem| (number, problem))
        })
        .collect()
}

fn partition(cells: &[&str], order: usize, npix: usize, rows: Option<usize>) -> Result<Partition, String> {
    let cell = |i: usize| cells.get(i).copied().unwrap_or_default();
    let number = |i: usize| cell(i).parse::<u64>().map_err(|_| format!("{:?} is no whole number", cell(i)));
    let tile = Partition {
        order: number(order)?.try_into().unwrap_or(u8::MAX),
        npix: number(npix)?,
        rows: rows.filter(|&i| !cell(i).is_empty()).map(number).transpose()?,
    };
    if tile.order > healpix::ORDER || tile.npix >= healpix::tiles(tile.order) {
        return Err(format!("there is no tile {} of order {}", tile.npix, cell(order)));
    }
    Ok(tile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_survives_writing_and_reading() {
        let list = vec![
            Partition { order: 0, npix: 4, rows: Some(50) },
            Partition { order: 5, npix: 12_287, rows: None },
        ];
        assert_eq!(parse(&format(&list)), Ok(list));
    }

    #[test]
    fn lists_of_other_writers_are_read() {
        let tile = |order, npix| Partition { order, npix, rows: None };
        assert_eq!(parse("Norder,Npix\n1,44\n1,45\n"), Ok(vec![tile(1, 44), tile(1, 45)]));
        assert_eq!(parse("Npix,Dir,Norder\r\n44,0,1\r\n"), Ok(vec![tile(1, 44)]));
    }

    #[test]
    fn an_error_names_the_line() {
        for (text, line, problem) in [
            ("", 1, "the file is empty"),
            ("Norder\n", 1, "there is no column Npix"),
            ("Norder,Npix\n0,1\n0,x\n", 3, "\"x\" is no whole number"),
            ("Norder,Npix\n0,12\n", 2, "there is no tile 12 of order 0"),
            ("Norder,Npix\n30,0\n", 2, "there is no tile 0 of order 30"),
        ] {
            assert_eq!(parse(text), Err((line, problem.to_owned())), "{text:?}");
        }
    }
}
