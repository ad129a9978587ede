//! Files with lies of every kind in their structure never end the server: thousands of them are opened and read in
//! a process whose memory is limited, so that one abort or one boundless reservation fails the test.

use std::fs;
use std::path::Path;
use std::process::Command;

use catalogue::engine::{Catalogue, Limits};
use tempfile::TempDir;

use crate::foreign_rows::{Layout, rows, write};
use crate::opening::a_tile;
use crate::sky::{ask_of, directory};

const MUTATIONS: u64 = 2_400;

/// Address space of the process that opens them, in KiB.
const MEMORY_KIB: u64 = 3 << 20;

/// Set in the process that is limited.
const LIMITED: &str = "NEARSIDE_TEST_LIMITED";

#[test]
fn thousands_of_mutated_files_end_no_process_and_take_bounded_memory() {
    if std::env::var_os(LIMITED).is_some() {
        return open_and_read_mutations();
    }
    let this = std::env::current_exe().expect("this program");
    let name = "mutations::thousands_of_mutated_files_end_no_process_and_take_bounded_memory";
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" {name} --exact --nocapture");
    let output =
        Command::new("sh").args(["-c", &limited]).arg(this).env(LIMITED, "1").output().expect("a shell");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let errors: Vec<&str> = errors.lines().rev().take(20).collect();
    assert!(output.status.success() && out.contains("1 passed"), "{}: {out}\n{errors:#?}", output.status);
}

#[tokio::test]
async fn a_damaged_index_is_made_anew() {
    let [dir, ..] = originals();
    let table = dir.path().join("survey/stars");
    let count = "SELECT count(*), min(source_id), max(source_id) FROM survey.stars";
    let expected = ask_of(&crate::opening::open(dir.path()), count).await.expect("a sound table");
    let index = table.join("nearside.index");
    let whole = fs::read(&index).expect("an index");
    for seed in 0..200 {
        fs::write(&index, damaged(&whole, seed)).expect("written");
        let catalogue = crate::opening::open(dir.path());
        assert_eq!(ask_of(&catalogue, count).await.expect("a sound table"), expected);
        drop(catalogue);
        assert_eq!(fs::read(&index).expect("an index"), whole, "damage {seed}");
    }
}

/// Cut short, longer, or with other bytes at a place that the seed chooses.
fn damaged(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random(seed + 1);
    let (mut bytes, at) = (whole.to_vec(), random.below(whole.len() - 8));
    match seed % 4 {
        0 => bytes.truncate(at),
        1 => bytes.push(0),
        2 => bytes[at] ^= 1 << random.below(8),
        _ => bytes[at..at + 8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    }
    bytes
}

fn open_and_read_mutations() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut outcomes = [0u64; 3];
    for original in originals() {
        let table = original.path().join("survey/stars");
        let tile = a_tile(&table.join("dataset"));
        let whole = fs::read(&tile).expect("a tile");
        for seed in 0..MUTATIONS / 3 {
            fs::write(&tile, mutated(&whole, seed)).expect("written");
            outcomes[runtime.block_on(open_and_read(original.path()))] += 1;
        }
    }
    let [refused, failed, answered] = outcomes;
    assert_eq!(refused + failed + answered, MUTATIONS);
    assert!(refused > MUTATIONS / 10 && failed > MUTATIONS / 20 && answered > 0, "{outcomes:?}");
}

/// Whether a table is refused when it opens, fails when it is read, or answers.
async fn open_and_read(dir: &Path) -> usize {
    let limits = Limits { query_threads: 1, query_memory_bytes: 256 << 20, ..Limits::default() };
    let catalogue = Catalogue::open(dir, limits).expect("the directory can be listed");
    if !catalogue.broken().is_empty() {
        return 0;
    }
    let all = ask_of(&catalogue, "SELECT * FROM survey.stars").await;
    let index = ask_of(&catalogue, "SELECT count(*) FROM survey.stars WHERE _healpix_29 < 1000000").await;
    if all.is_err() || index.is_err() { 1 } else { 2 }
}

/// Data directories with one table of one small tile: ours with page indexes, light curves, and another writer's.
fn originals() -> [TempDir; 3] {
    let ours = |table: &str| {
        let dir = TempDir::new().expect("a temporary directory");
        let (source, target) = (directory().join("gaiadr3").join(table), dir.path().join("survey/stars"));
        let tile = a_tile(&source.join("dataset"));
        let relative = tile.strip_prefix(&source).expect("a file of the table");
        fs::create_dir_all(target.join(relative).parent().expect("a directory")).expect("created");
        fs::copy(&tile, target.join(relative)).expect("copied");
        let properties = fs::read_to_string(source.join("hats.properties")).expect("properties");
        // One tile of many has not all rows.
        fs::write(target.join("hats.properties"), properties.replace("hats_nrows", "nrows"))
            .expect("written");
        dir
    };
    let foreign = TempDir::new().expect("a temporary directory");
    let table = foreign.path().join("survey/stars");
    write(&table, &Layout { files: 1, sorted: true, claims: true, healpix: true }, &rows(600));
    fs::remove_file(table.join("partition_info.csv")).expect("removed");
    for npix in 1..12 {
        fs::remove_file(table.join(format!("dataset/Norder=0/Dir=0/Npix={npix}.parquet"))).expect("removed");
    }
    [ours("vari_rrlyrae"), ours("epoch_photometry"), foreign]
}

/// What a list or a number of Thrift looks like that claims two thousand millions.
const BOMBS: [&[u8]; 4] = [
    &[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07],
    &[0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f],
    &[0x16, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
    &[0x1c; 3_000],
];

/// One of eight kinds of lies, at a place that the seed chooses: in the footer and the page indexes more often than
/// in the values, as those are longer.
fn mutated(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random(seed + 1);
    let mut bytes = whole.to_vec();
    let tail = bytes.len() - 8;
    let footer =
        u32::from_le_bytes([bytes[tail], bytes[tail + 1], bytes[tail + 2], bytes[tail + 3]]) as usize;
    let at = match random.below(4) {
        0 => random.below(tail),
        1 => 4 + random.below(200),
        _ => tail - footer + random.below(footer),
    };
    match seed % 8 {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.below(256) as u8,
        2 => bytes.truncate(at),
        3 => bytes[tail..tail + 4].copy_from_slice(&(random.below(1 << 32) as u32).to_le_bytes()),
        4 => overwrite(&mut bytes, at, BOMBS[random.below(BOMBS.len())]),
        5 => {
            let piece = whole[random.below(tail)..].iter().take(40).copied().collect::<Vec<u8>>();
            overwrite(&mut bytes, at, &piece);
        }
        6 => overwrite(&mut bytes, at, &[0xff; 5]),
        _ => drop(bytes.splice(at..at, [0x7f; 3])),
    }
    bytes
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    let length = with.len().min(bytes.len() - at);
    bytes[at..at + length].copy_from_slice(&with[..length]);
}

/// Splitmix64: the same seed gives the same lies.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
