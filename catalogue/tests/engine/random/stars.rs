//! A small sky where everything awkward is: crowds at the poles, at RA 0 and on the borders of tiles, in tiles of
//! several orders, row groups of 48 rows and pages of 6, and a tenth of the identifiers minted elsewhere.

use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use catalogue::engine::{Catalogue, Limits};
use catalogue::hats::{Tile, fold, layout, partition};
use catalogue::healpix;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use tempfile::TempDir;

use super::vectors::{Direction, destination, direction};
use crate::foreign_rows::positions;

/// The table.
pub const TABLE: &str = "random.stars";

const ANYWHERE: usize = 1_000;
const IN_EACH_CROWD: usize = 100;
const TILE_ROWS: usize = 150;
const ROW_GROUP_ROWS: usize = 48;
const PAGE_ROWS: usize = 6;

/// Poles, RA 0 from both sides, corners of base tiles on the equator and at the sine 2/3, and points on their sides.
pub const AWKWARD: [[f64; 2]; 12] = [
    [0.0, 90.0],
    [123.0, -90.0],
    [0.0, 0.0],
    [0.0, 20.0],
    [359.999_999_999, -50.0],
    [45.0, 0.0],
    [90.0, 41.810_314_895_778_6],
    [225.0, 41.810_314_895_778_6],
    [180.0, -41.810_314_895_778_6],
    [270.0, -70.0],
    [315.0, 0.0],
    [22.5, 19.471_220_634_490_7],
];

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    pub id: i64,
    /// Right ascension and declination in degrees.
    pub at: [f64; 2],
    pub direction: Direction,
}

/// All rows, in the order of their identifiers.
pub fn stars() -> &'static [Star] {
    static STARS: OnceLock<Vec<Star>> = OnceLock::new();
    STARS.get_or_init(|| {
        let crowds = AWKWARD.into_iter().flat_map(crowd);
        let places = positions(ANYWHERE).into_iter().map(|(ra, dec)| [ra, dec]).chain(crowds);
        let mut stars: Vec<Star> = (0..).zip(places).map(|(number, at)| star(number, at)).collect();
        stars.sort_by_key(|star| star.id);
        stars
    })
}

/// The place itself, and a spiral around it from a tenth of an arcsecond to three degrees.
fn crowd(centre: [f64; 2]) -> impl Iterator<Item = [f64; 2]> {
    let around = (1..IN_EACH_CROWD).map(move |number| {
        let log = -4.5 + 5.0 * number as f64 / IN_EACH_CROWD as f64;
        destination(centre, 10f64.powf(log), 137.507_764 * number as f64)
    });
    std::iter::once(centre).chain(around)
}

/// A source's identifier begins with its pixel of order 12, or with that of the place where it was first seen.
fn star(number: i64, at: [f64; 2]) -> Star {
    let [ra, dec] = if number % 10 == 3 { destination(at, 0.5, 70.0) } else { at };
    let pixel = healpix::tile_of(12, healpix::hash29(ra, dec)) as i64;
    Star { id: pixel << 35 | number, at, direction: direction(at) }
}

/// The engine, with the table open.
pub fn catalogue() -> &'static Catalogue {
    static OPEN: OnceLock<(TempDir, Catalogue)> = OnceLock::new();
    let open = || {
        let dir = TempDir::new().expect("a temporary directory");
        write(&dir.path().join(TABLE.replace('.', "/")));
        let limits = Limits { query_threads: 1, ..Limits::default() };
        let catalogue = Catalogue::open(dir.path(), limits).expect("it opens");
        assert!(catalogue.broken().is_empty(), "{:?}", catalogue.broken());
        (dir, catalogue)
    };
    &OPEN.get_or_init(open).1
}

fn write(table: &Path) {
    let mut rows: Vec<(i64, Star)> =
        stars().iter().map(|star| (healpix::hash29(star.at[0], star.at[1]), *star)).collect();
    rows.sort_by_key(|(pixel, star)| (*pixel, star.id));
    let pixels: Vec<i64> = rows.iter().map(|(pixel, _)| *pixel).collect();
    let tiles = fold(&pixels, TILE_ROWS);
    assert!(tiles.iter().any(|tile| tile.order != tiles[0].order), "tiles of several orders");
    let mut list = Vec::new();
    for Tile { order, npix, rows: inside } in tiles {
        list.push(partition::Partition { order, npix, rows: Some(inside.len() as u64) });
        write_file(&table.join(layout::tile_path(order, npix)), &rows[inside]);
    }
    fs::write(table.join(layout::PARTITION_INFO), partition::format(&list)).expect("written");
    let properties = "obs_collection=stars\ndataproduct_type=object\nhats_col_ra=ra\nhats_col_dec=dec\n\
                      hats_col_healpix=_healpix_29\nhats_col_healpix_order=29\n";
    fs::write(table.join(layout::PROPERTIES), properties).expect("written");
}

fn write_file(path: &Path, rows: &[(i64, Star)]) {
    let number = |part: fn(&Star) -> f64| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, star)| Some(part(star))).collect::<Float64Array>())
    };
    let columns: [(&str, ArrayRef); 4] = [
        (healpix::COLUMN, Arc::new(Int64Array::from_iter_values(rows.iter().map(|(pixel, _)| *pixel)))),
        ("source_id", Arc::new(Int64Array::from_iter_values(rows.iter().map(|(_, star)| star.id)))),
        ("ra", number(|star| star.at[0])),
        ("dec", number(|star| star.at[1])),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .build();
    fs::create_dir_all(path.parent().expect("a directory")).expect("created");
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}
