//! `partition_info.csv`: which tiles a table has.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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

/// Reads the list of the table in `dir`; without a list, finds the tiles by the names of their files.
pub fn read(dir: &Path) -> Result<Vec<Partition>, HatsError> {
    let path = dir.join(layout::PARTITION_INFO);
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&text).map_err(|(line, problem)| HatsError::Partitions { path, line, problem }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => find(&dir.join(layout::DATASET)),
        Err(source) => Err(HatsError::io("read", &path)(source)),
    }
}

/// The tiles below `dataset`: `Norder=1/Dir=0/Npix=44.parquet` and the like.
fn find(dataset: &Path) -> Result<Vec<Partition>, HatsError> {
    let mut tiles = Vec::new();
    for (order, dir) in numbered(dataset, "Norder=")? {
        for (_, dir) in numbered(&dir, "Dir=")? {
            for (npix, _) in numbered(&dir, "Npix=")? {
                let cells = [order.to_string(), npix.to_string()];
                let tile = partition(&[&cells[0], &cells[1]], 0, 1, None);
                let path = &dir;
                tiles.push(tile.map_err(|problem| HatsError::Properties { path: path.clone(), problem })?);
            }
        }
    }
    tiles.sort_unstable();
    tiles.dedup();
    Ok(tiles)
}

/// What is in `dir` under a name that begins with `prefix` and a number.
fn numbered(dir: &Path, prefix: &str) -> Result<Vec<(u64, PathBuf)>, HatsError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(HatsError::io("list", dir))? {
        let entry = entry.map_err(HatsError::io("list", dir))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let digits = name.strip_prefix(prefix).and_then(|rest| rest.split('.').next());
        found.extend(digits.and_then(|digits| digits.parse().ok()).map(|number| (number, entry.path())));
    }
    Ok(found)
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
    fn tiles_without_a_list_are_found_by_their_names() {
        let dir = tempfile::tempdir().expect("a directory");
        for file in ["Norder=1/Dir=0/Npix=45.parquet", "Norder=1/Dir=0/Npix=44/part.parquet", "_metadata"] {
            let path = dir.path().join("dataset").join(file);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, "").expect("a file");
        }
        let tile = |npix| Partition { order: 1, npix, rows: None };
        assert_eq!(read(dir.path()).expect("two tiles"), [tile(44), tile(45)]);
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
