//! An import of much more than its memory. Alone in its process, because the system counts all children of one.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};

const ROWS: u64 = 1_500_000;
const ROW_BYTES: u64 = 128;
const MEMORY_MIB: u64 = 16;
/// The program itself with its libraries, and the buffers of two Parquet writers. All in all less than the rows.
const PROGRAM_MIB: u64 = 150;

/// A FITS table of 192 MB: an id, a position and thirteen numbers.
fn write(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut header = |cards: &[String]| {
        let cards =
            cards.iter().chain([&"END".to_owned()]).map(|card| format!("{card:80}")).collect::<String>();
        let width = cards.len().next_multiple_of(2880);
        file.write_all(format!("{cards:width$}").as_bytes())
    };
    header(
        &[
            "SIMPLE  =                    T",
            "BITPIX  =                    8",
            "NAXIS   =                    0",
        ]
        .map(str::to_owned),
    )?;
    let mut cards = vec!["XTENSION= 'BINTABLE'".to_owned()];
    for (keyword, value) in [
        ("BITPIX", 8),
        ("NAXIS", 2),
        ("NAXIS1", ROW_BYTES),
        ("NAXIS2", ROWS),
        ("PCOUNT", 0),
        ("GCOUNT", 1),
        ("TFIELDS", 16),
    ] {
        cards.push(format!("{keyword:8}= {value:>20}"));
    }
    for column in 1..=16 {
        let name =
            ["source_id", "ra", "dec"].get(column - 1).map_or(format!("x{column}"), |&name| name.to_owned());
        cards.push(format!("{:8}= '{name}'", format!("TTYPE{column}")));
        cards.push(format!("{:8}= '{}'", format!("TFORM{column}"), if column == 1 { "K" } else { "D" }));
    }
    header(&cards)?;
    for row in 0..ROWS {
        file.write_all(&((row + 1) << 35).to_be_bytes())?;
        file.write_all(&(row as f64 * 137.507_764).rem_euclid(360.0).to_be_bytes())?;
        file.write_all(&((row as f64 * 0.618_034).fract() * 178.0 - 89.0).to_be_bytes())?;
        (0..13).try_for_each(|column| file.write_all(&((row * 31 + column) as f64).sqrt().to_be_bytes()))?;
    }
    file.flush()
}

#[test]
fn memory_does_not_grow_with_the_rows() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let fits = dir.path().join("large.fits");
    write(&fits).expect("room for 192 MB");
    let output = Command::new(env!("CARGO_BIN_EXE_nearside"))
        .arg("import")
        .arg(&fits)
        .arg("--data")
        .arg(dir.path().join("data"))
        .args(["--table", "test.stars", "--memory-mib", &MEMORY_MIB.to_string()])
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .expect("the program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(&format!("{ROWS} rows from 1 files")), "{said}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of children");
    let peak_mib = usage.max_rss() as u64 >> 10;
    assert!(peak_mib < PROGRAM_MIB + 2 * MEMORY_MIB, "the largest process had {peak_mib} MiB");
}
