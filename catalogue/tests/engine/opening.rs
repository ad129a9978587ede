//! A broken data directory is refused whole, with the file and the defect named.

use std::fs;
use std::path::{Path, PathBuf};

use catalogue::engine::{Catalogue, Limits};
use tempfile::TempDir;

use crate::sky::{directory, maria};

const TABLE: &str = "gaiadr3/vari_rrlyrae";

/// A copy of one table of the sample.
fn copy() -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    copy_tree(&directory().join(TABLE), &copy.path().join(TABLE));
    copy
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn a_tile(dir: &Path) -> PathBuf {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    let tile =
        |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("Npix="));
    match paths.iter().find(tile) {
        Some(tile) => tile.clone(),
        None => paths.iter().filter(|path| path.is_dir()).map(|dir| a_tile(dir)).next().expect("a tile"),
    }
}

fn refusal(dir: &Path) -> String {
    Catalogue::open(dir, Limits::default()).err().expect("it is broken").to_string()
}

#[test]
fn a_whole_copy_opens() {
    let copy = copy();
    let catalogue = Catalogue::open(copy.path(), Limits::default()).expect("it is whole");
    let names: Vec<String> = catalogue.tables(&maria()).iter().map(|table| table.qualified_name()).collect();
    assert_eq!(names, ["gaiadr3.vari_rrlyrae"]);
}

#[test]
fn a_missing_tile_is_named() {
    let copy = copy();
    let tile = a_tile(&copy.path().join(TABLE).join("dataset"));
    fs::remove_file(&tile).expect("removed");
    let told = refusal(copy.path());
    assert!(
        told.contains("Npix=") && told.contains("cannot be read") && told.contains("re-import"),
        "{told}"
    );
}

#[test]
fn a_tile_that_is_cut_short_or_no_parquet_is_named() {
    let copy = copy();
    let tile = a_tile(&copy.path().join(TABLE).join("dataset"));
    let whole = fs::read(&tile).expect("a tile");
    for broken in [&whole[..whole.len() / 2], b"not parquet at all", b""] {
        fs::write(&tile, broken).expect("written");
        let told = refusal(copy.path());
        assert!(told.contains("Npix=") && told.contains("not a whole Parquet file"), "{told}");
    }
}

#[test]
fn a_tile_in_the_wrong_place_of_the_sky_is_named() {
    let copy = copy();
    let dataset = copy.path().join(TABLE).join("dataset");
    let info = copy.path().join(TABLE).join("partition_info.csv");
    let tile = a_tile(&dataset);
    let moved = dataset.join("Norder=9/Dir=10000");
    fs::create_dir_all(&moved).expect("a directory");
    fs::rename(&tile, moved.join("Npix=12345.parquet")).expect("renamed");
    fs::write(&info, "Norder,Npix\n9,12345\n").expect("written");
    let told = refusal(copy.path());
    assert!(told.contains("positions outside tile 12345 of order 9"), "{told}");
}

#[test]
fn a_broken_list_of_tiles_is_named_with_its_line() {
    let copy = copy();
    fs::write(copy.path().join(TABLE).join("partition_info.csv"), "Norder,Npix\n0,1\n0,x\n")
        .expect("written");
    let told = refusal(copy.path());
    assert!(told.contains("partition_info.csv") && told.contains("line 3"), "{told}");
}

#[test]
fn an_empty_directory_and_none_are_refused() {
    let empty = TempDir::new().expect("a temporary directory");
    assert!(refusal(empty.path()).contains("has no table"));
    assert!(refusal(&empty.path().join("nowhere")).contains("cannot list"));
}
