//! A broken table is named with its file and the defect, and the tables beside it keep serving.

use std::fs;
use std::path::{Path, PathBuf};

use catalogue::engine::{Catalogue, Limits, QueryError};
use tempfile::TempDir;

use crate::sky::{ask_of, directory, maria};

const TABLE: &str = "gaiadr3/vari_rrlyrae";
const OTHER: &str = "gaiadr3/epoch_photometry";

/// A copy of two tables of the sample.
fn copy() -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    for table in [TABLE, OTHER] {
        copy_tree(&directory().join(table), &copy.path().join(table));
    }
    copy
}

pub fn copy_tree(from: &Path, to: &Path) {
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

pub fn a_tile(dir: &Path) -> PathBuf {
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

pub fn open(dir: &Path) -> Catalogue {
    Catalogue::open(dir, Limits::default()).expect("it opens")
}

pub fn names(catalogue: &Catalogue) -> Vec<String> {
    catalogue.releases(&maria()).iter().map(|table| table.qualified_name()).collect()
}

/// What is told about the one broken table, while the other one is served.
fn told(dir: &Path) -> String {
    let catalogue = open(dir);
    assert_eq!(names(&catalogue), ["gaiadr3.epoch_photometry"]);
    let [broken] = catalogue.broken() else { panic!("one table is broken: {:?}", catalogue.broken()) };
    broken.to_string()
}

#[test]
fn a_whole_copy_opens() {
    let copy = copy();
    let catalogue = open(copy.path());
    assert_eq!(names(&catalogue), ["gaiadr3.epoch_photometry", "gaiadr3.vari_rrlyrae"]);
    assert!(catalogue.broken().is_empty());
}

#[tokio::test]
async fn a_broken_table_is_explained_to_who_asks_for_it_and_the_others_answer() {
    let copy = copy();
    let tile = a_tile(&copy.path().join(TABLE).join("dataset"));
    let whole = fs::read(&tile).expect("a tile");
    fs::write(&tile, &whole[..whole.len() / 2]).expect("written");
    let catalogue = open(copy.path());
    let asked = ask_of(&catalogue, "SELECT count(*) FROM gaiadr3.vari_rrlyrae").await;
    let Err(QueryError::Unreadable { table, problem }) = asked else { panic!("it is broken: {asked:?}") };
    let file = tile.strip_prefix(copy.path()).expect("a file of the copy");
    let cut = whole.len() / 2 - 4;
    let expected = format!(
        "file {}: is not a whole Parquet file: it does not end as a Parquet file does: it was cut short, or is none, at byte {cut}",
        file.display()
    );
    assert_eq!((table.as_str(), problem), ("gaiadr3.vari_rrlyrae", expected));
    ask_of(&catalogue, "SELECT count(*) FROM gaiadr3.epoch_photometry").await.expect("it is sound");
}

#[tokio::test]
async fn a_page_that_is_damaged_while_serving_is_named_and_other_tiles_answer() {
    let copy = copy();
    let catalogue = open(copy.path());
    let tile = a_tile(&copy.path().join(TABLE).join("dataset"));
    let mut bytes = fs::read(&tile).expect("a tile");
    // The pages of the first column begin here.
    bytes[60..90].fill(0xff);
    fs::write(&tile, bytes).expect("written");
    let asked = ask_of(&catalogue, "SELECT * FROM gaiadr3.vari_rrlyrae").await;
    let Err(QueryError::Unreadable { table, problem }) = asked else { panic!("it is broken: {asked:?}") };
    assert_eq!(table, "gaiadr3.vari_rrlyrae");
    let file = tile.strip_prefix(copy.path()).expect("a file of the copy").display().to_string();
    assert!(problem.starts_with(&format!("file {file}: ")), "{problem}");
    let byte: u64 = problem.rsplit(' ').next().and_then(|byte| byte.parse().ok()).expect("a byte");
    assert!((4..=90).contains(&byte), "{problem}");
    ask_of(&catalogue, "SELECT * FROM gaiadr3.epoch_photometry").await.expect("it is sound");
}

#[test]
fn a_table_whose_replacement_a_crash_cut_short_is_put_back() {
    let copy = copy();
    let table = copy.path().join(TABLE);
    fs::rename(&table, table.with_file_name(".vari_rrlyrae.old")).expect("renamed");
    fs::create_dir(table.with_file_name(".vari_rrlyrae.new")).expect("a directory");
    assert_eq!(names(&open(copy.path())), ["gaiadr3.epoch_photometry", "gaiadr3.vari_rrlyrae"]);
}

#[test]
fn a_missing_tile_is_named() {
    let copy = copy();
    let tile = a_tile(&copy.path().join(TABLE).join("dataset"));
    fs::remove_file(&tile).expect("removed");
    let told = told(copy.path());
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
        let told = told(copy.path());
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
    let told = told(copy.path());
    assert!(told.contains("positions outside tile 12345 of order 9"), "{told}");
}

#[test]
fn a_list_of_tiles_that_lost_some_is_found() {
    let copy = copy();
    let table = copy.path().join(TABLE);
    let list = fs::read_to_string(table.join("partition_info.csv")).expect("a list");
    let (shorter, _) = list.trim_end().rsplit_once('\n').expect("several lines");
    fs::write(table.join("partition_info.csv"), shorter).expect("written");
    let told = told(copy.path());
    assert!(
        told.contains("hats.properties: says hats_nrows=") && told.contains("listed tiles have"),
        "{told}"
    );
}

#[test]
fn a_broken_list_of_tiles_is_named_with_its_line() {
    let copy = copy();
    fs::write(copy.path().join(TABLE).join("partition_info.csv"), "Norder,Npix\n0,1\n0,x\n")
        .expect("written");
    let told = told(copy.path());
    assert!(told.contains("partition_info.csv") && told.contains("line 3"), "{told}");
}

#[test]
fn an_empty_directory_and_none_are_refused() {
    let empty = TempDir::new().expect("a temporary directory");
    let refusal = |dir: &Path| Catalogue::open(dir, Limits::default()).err().expect("no tables").to_string();
    assert!(refusal(empty.path()).contains("has no table"));
    assert!(refusal(&empty.path().join("nowhere")).contains("cannot list"));
}
