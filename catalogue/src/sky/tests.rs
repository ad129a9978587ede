use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::LazyLock;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::*;
use crate::columns::{Spectra, TRANSITS};
use crate::hats::{layout, partition};
use crate::healpix;
use crate::progress::Silent;

const SMALL: SampleOptions = SampleOptions { seed: 7, sources: 20_000, variables: 200 };

/// One small sky for all tests that only read.
static SAMPLE: LazyLock<(TempDir, SampleSummary)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    let summary = write_sample(dir.path(), &SMALL, &Silent).expect("a sample");
    (dir, summary)
});

fn table(name: &str) -> PathBuf {
    SAMPLE.0.path().join(SCHEMA).join(name)
}

/// All rows of a table in the order of its tiles.
fn rows(name: &str) -> RecordBatch {
    let partitions = partition::read(&table(name)).expect("a list of tiles");
    let batches: Vec<RecordBatch> = partitions
        .iter()
        .flat_map(|tile| {
            let path = table(name).join(layout::tile_path(tile.order, tile.npix));
            let file = File::open(path).expect("a tile");
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a parquet file");
            let batches: Result<Vec<_>, _> = reader.build().expect("a reader").collect();
            batches.expect("good rows")
        })
        .collect();
    concat_batches(&batches[0].schema(), &batches).expect("one schema")
}

fn longs(rows: &RecordBatch, name: &str) -> Vec<i64> {
    rows[name].as_primitive::<Int64Type>().values().to_vec()
}

fn doubles(rows: &RecordBatch, name: &str) -> Vec<f64> {
    rows[name].as_primitive::<Float64Type>().values().to_vec()
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry").path()),
            );
        } else {
            let relative = path.strip_prefix(dir).expect("a path inside").to_owned();
            found.insert(relative, fs::read(&path).expect("a file"));
        }
    }
    found
}

#[test]
fn the_same_options_give_the_same_bytes() {
    let again = tempfile::tempdir().expect("a directory");
    let summary = write_sample(again.path(), &SMALL, &Silent).expect("a sample");
    assert_eq!(summary, SAMPLE.1);
    let (first, second) = (files(SAMPLE.0.path()), files(again.path()));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    assert!(first.iter().all(|(path, bytes)| second[path] == *bytes));
    assert_eq!(find_sample(again.path()), Some(SMALL));
}

#[test]
fn every_count_is_the_one_that_was_asked_for() {
    let summary = &SAMPLE.1;
    let (sources, epochs) = (rows("gaia_source"), rows("epoch_photometry"));
    assert!((20_000..20_900).contains(&summary.sources), "{}", summary.sources);
    assert_eq!(sources.num_rows() as u64, summary.sources);
    assert_eq!((epochs.num_rows(), summary.variables), (200, 200));
    assert_eq!(rows("vari_rrlyrae").num_rows() as u64, summary.rr_lyrae);
    assert!((90..150).contains(&summary.rr_lyrae), "{}", summary.rr_lyrae);
    let listed: u64 =
        partition::read(&table("gaia_source")).expect("a list").iter().filter_map(|tile| tile.rows).sum();
    assert_eq!(listed, summary.sources);
}

#[test]
fn rows_are_sorted_named_once_and_where_their_pixel_says() {
    let rows = rows("gaia_source");
    let pixels = longs(&rows, healpix::COLUMN);
    assert!(pixels.is_sorted());
    let (ra, dec) = (doubles(&rows, "ra"), doubles(&rows, "dec"));
    assert!(pixels.iter().enumerate().all(|(i, &pixel)| healpix::hash29(ra[i], dec[i]) == pixel));
    let mut ids = longs(&rows, "source_id");
    let strays =
        ids.iter().zip(&pixels).filter(|(id, pixel)| (**id >> 35) as u64 != healpix::tile_of(12, **pixel));
    assert!((10..100).contains(&strays.count()), "a few ids name a neighbouring pixel");
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    let mut order = longs(&rows, "random_index");
    order.sort_unstable();
    assert_eq!(order, (0..rows.num_rows() as i64).collect::<Vec<_>>());
}

#[test]
fn any_tile_can_be_made_alone() {
    let rows = rows("gaia_source");
    let (pixels, ids) = (longs(&rows, healpix::COLUMN), longs(&rows, "source_id"));
    let plan = Plan::new(&SMALL).expect("a plan");
    let middle = healpix::tile_of(plan::TILE_ORDER, healpix::hash29(6.024, -72.081));
    let alone: Vec<i64> = plan.tile(middle).iter().map(|row| row.source_id).collect();
    let of_tile = |(_, pixel): &(&i64, &i64)| healpix::tile_of(plan::TILE_ORDER, **pixel) == middle;
    let in_the_file: Vec<i64> = ids.iter().zip(&pixels).filter(of_tile).map(|(id, _)| *id).collect();
    assert!(alone.len() > 50);
    assert_eq!(alone, in_the_file);
}

#[test]
fn every_table_says_that_it_is_simulated() {
    let products = Product::ALL.map(Product::table);
    for name in ["gaia_source", "epoch_photometry", "vari_rrlyrae"].into_iter().chain(products) {
        let common = File::open(table(name).join(layout::COMMON_METADATA)).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(common).expect("a parquet file");
        let metadata = reader.schema().metadata();
        assert_eq!(metadata["nearside.simulated"], "true", "{name}");
        assert_eq!(metadata["description"], "Simulated sky, not observed data", "{name}");
        let properties = properties::read(&table(name)).expect("properties");
        assert_eq!(properties.others["obs_title"], format!("Simulated sky: {name}"));
        assert_eq!(properties.others["obs_description"], "Simulated sky, not observed data");
    }
}

#[test]
fn the_pleiades_are_selected_with_their_published_means() {
    let rows = rows("gaia_source");
    let [ra, dec, pmra, pmdec, parallax] =
        ["ra", "dec", "pmra", "pmdec", "parallax"].map(|name| doubles(&rows, name));
    let chosen: Vec<usize> = (0..rows.num_rows())
        .filter(|&i| {
            healpix::separation_deg(56.68, 24.11, ra[i], dec[i]) < 5.0
                && (pmra[i] - 19.96).abs() < 3.0
                && (pmdec[i] + 45.46).abs() < 3.0
                && (parallax[i] - 7.37).abs() < 0.6
        })
        .collect();
    let mean = |values: &[f64]| chosen.iter().map(|&i| values[i]).sum::<f64>() / chosen.len() as f64;
    assert!((850..1050).contains(&chosen.len()), "{}", chosen.len());
    let (pmra, pmdec, parallax) = (mean(&pmra), mean(&pmdec), mean(&parallax));
    assert!((pmra - 19.955).abs() < 0.05 && (pmdec + 45.457).abs() < 0.05, "{pmra} {pmdec}");
    assert!((parallax - 7.378).abs() < 0.01, "{parallax}");
}

#[test]
fn a_cone_holds_as_many_sources_as_the_generator_says() {
    let rows = rows("gaia_source");
    let (ra, dec) = (doubles(&rows, "ra"), doubles(&rows, "dec"));
    for (ra0, dec0, radius) in [(56.68, 24.11, 2.0), (0.0, 90.0, 15.0), (6.0, -72.1, 0.3)] {
        let counted = (0..ra.len())
            .filter(|&i| healpix::separation_deg(ra0, dec0, ra[i], dec[i]) <= radius)
            .count() as u64;
        assert_eq!(golden_cone_count(&SMALL, ra0, dec0, radius).expect("a count"), counted);
        assert!(counted > 0);
    }
}

/// Clean G points of a row of `epoch_photometry`: times and magnitudes.
fn clean_g(epochs: &RecordBatch, row: usize) -> Vec<(f64, f64)> {
    let transits = epochs[TRANSITS].as_struct();
    let list = |name: &str| transits.column_by_name(name).expect("a field").as_list::<i32>().value(row);
    let (times, mags) = (list("g_transit_time"), list("g_transit_mag"));
    let rejected = [list("variability_flag_g_reject"), list("photometry_flag_g_reject")];
    (0..mags.len())
        .filter(|&i| mags.is_valid(i) && !rejected.iter().any(|flag| flag.as_boolean().value(i)))
        .map(|i| {
            let (time, mag) = (times.as_primitive::<Float64Type>(), mags.as_primitive::<Float32Type>());
            (time.value(i), f64::from(mag.value(i)))
        })
        .collect()
}

#[test]
fn transits_come_in_order_and_clean_ones_are_counted() {
    let (epochs, rr_lyrae) = (rows("epoch_photometry"), rows("vari_rrlyrae"));
    let counts = epochs["n_transits"].as_primitive::<Int32Type>();
    assert!(counts.values().iter().all(|count| (10..=90).contains(count)), "{counts:?}");
    let ids = longs(&epochs, "source_id");
    for (id, clean) in longs(&rr_lyrae, "source_id")
        .iter()
        .zip(rr_lyrae["num_clean_epochs_g"].as_primitive::<Int32Type>().values())
    {
        let row = ids.iter().position(|other| other == id).expect("every RR Lyrae has a light curve");
        let points = clean_g(&epochs, row);
        assert_eq!(points.len(), *clean as usize);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }
}

#[test]
fn rr_lyrae_fold_on_their_known_period_and_on_no_other() {
    let epochs = rows("epoch_photometry");
    let ids = longs(&epochs, "source_id");
    let periods = Golden::new(&SMALL).expect("a plan").periods(SMALL.variables);
    assert_eq!(periods.len(), 200);
    for known in periods.iter().filter(|known| known.class == Class::RrAb) {
        let row = ids.iter().position(|id| *id == known.source_id).expect("a light curve");
        let points = clean_g(&epochs, row);
        let wrong = (1..20).map(|k| roughness(&points, known.period_d * (1.0 + 0.0173 * f64::from(k))));
        let best_wrong = wrong.fold(f64::MAX, f64::min);
        assert!(roughness(&points, known.period_d) < best_wrong, "{known:?}");
    }
}

/// Sum of squared steps between neighbours in phase.
fn roughness(points: &[(f64, f64)], period_d: f64) -> f64 {
    let mut folded: Vec<(f64, f64)> =
        points.iter().map(|(t, mag)| ((t / period_d).rem_euclid(1.0), *mag)).collect();
    folded.sort_by(|a, b| a.0.total_cmp(&b.0));
    folded.windows(2).map(|pair| (pair[1].1 - pair[0].1).powi(2)).sum()
}

#[test]
fn bright_pleiades_have_spectra_and_epoch_astrometry() {
    let sources = rows("gaia_source");
    let ids: BTreeSet<i64> = longs(&sources, "source_id").into_iter().collect();
    for (table, count) in &SAMPLE.1.products {
        let found = longs(&rows(table), "source_id");
        assert_eq!(found.len() as u64, *count, "{table}");
        assert!((20..=1_000).contains(count), "{count} in {table}");
        assert!(found.iter().all(|id| ids.contains(id)), "{table}");
    }
    let spectra = rows("rvs_mean_spectrum");
    let flux = spectra["flux"].as_list::<i32>().value(0);
    assert_eq!(flux.len(), Spectra::Rvs.wavelengths_nm().len());
}

#[test]
fn a_fit_of_the_epoch_astrometry_finds_the_five_parameters() {
    let (epochs, sources) = (rows("epoch_astrometry"), rows("gaia_source"));
    let ids = longs(&sources, "source_id");
    for (row, id) in longs(&epochs, "source_id").iter().enumerate().take(5) {
        let source = ids.iter().position(|other| other == id).expect("a source");
        let fit = fit(&epochs, row);
        let truth = ["parallax", "pmra", "pmdec"].map(|name| doubles(&sources, name)[source]);
        let fitted = [fit[2], fit[3], fit[4]];
        let differences = fitted.iter().zip(truth).map(|(fitted, truth)| (fitted - truth).abs());
        assert!(differences.clone().all(|difference| difference < 0.05), "{id}: {fitted:?} {truth:?}");
        assert!(fit[0].abs() < 0.05 && fit[1].abs() < 0.05, "{id}: {fit:?}");
    }
}

/// Offsets in right ascension and declination at J2016.0 in mas, parallax, and proper motions: least squares over
/// the observations that the solution used.
fn fit(epochs: &RecordBatch, row: usize) -> [f64; 5] {
    let observations = epochs["observations"].as_struct();
    let list = |name: &str| {
        let list = observations.column_by_name(name).expect("a field").as_list::<i32>().value(row);
        let values = cast(&list, &DataType::Float64).expect("numbers");
        values.as_primitive::<Float64Type>().values().to_vec()
    };
    let [time, correction, angle, factor, centroid, used] = [
        "obs_time_tcb",
        "obs_time_bary_corr",
        "scan_pos_angle",
        "parallax_factor_al",
        "centroid_pos_al",
        "used_by_agis_al",
    ]
    .map(list);
    let mut normal = [[0.0; 6]; 5];
    for n in (0..time.len()).filter(|&n| used[n] == 1.0) {
        let years = ((time[n] + correction[n]) / 86_400e9 - 2_191.0) / 365.25;
        let (sin, cos) = angle[n].to_radians().sin_cos();
        let known = [sin, cos, factor[n], years * sin, years * cos, centroid[n]];
        for (i, line) in normal.iter_mut().enumerate() {
            line.iter_mut().zip(known).for_each(|(sum, value)| *sum += known[i] * value);
        }
    }
    solve(normal)
}

/// Gauss-Jordan elimination.
fn solve(mut lines: [[f64; 6]; 5]) -> [f64; 5] {
    for pivot in 0..5 {
        let scale = lines[pivot][pivot];
        lines[pivot].iter_mut().for_each(|value| *value /= scale);
        let line = lines[pivot];
        for (_, other) in lines.iter_mut().enumerate().filter(|(number, _)| *number != pivot) {
            let factor = other[pivot];
            other.iter_mut().zip(line).for_each(|(value, known)| *value -= factor * known);
        }
    }
    lines.map(|line| line[5])
}

#[test]
fn a_sky_without_room_for_its_clusters_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let refused = write_sample(dir.path(), &SampleOptions { sources: 1000, ..SMALL }, &Silent);
    assert!(matches!(refused, Err(SkyError::TooSmall { least: 17_400 })), "{refused:?}");
    assert_eq!((find_sample(dir.path()), files(dir.path()).len()), (None, 0));
}

#[test]
fn a_sparse_sky_has_the_rows_of_the_whole_one_and_the_data_of_few() {
    let options = SampleOptions { seed: 7, sources: 400_000, variables: 200 };
    let dir = tempfile::tempdir().expect("a directory");
    let summary = write_sparse_sample(dir.path(), &options, 2, &Silent).expect("a sky");
    let plan = Plan::new(&options).expect("a plan");
    assert_eq!(summary.sources, plan.sources());
    let table = dir.path().join(SCHEMA).join("gaia_source");
    let mut readable = 0;
    for tile in partition::read(&table).expect("a list of tiles") {
        let path = table.join(layout::tile_path(tile.order, tile.npix));
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("a file"));
        let reader = reader.expect("a footer");
        assert_eq!(Some(reader.metadata().file_metadata().num_rows() as u64), tile.rows);
        let batches: Result<Vec<_>, _> = reader.build().expect("a reader").collect();
        readable += u64::from(batches.is_ok());
    }
    assert_eq!(readable, 2);
}

#[test]
fn keys_made_alone_are_those_of_the_whole_sources() {
    let plan = Plan::new(&SMALL).expect("a plan");
    for tile in [0, 5_000, healpix::tile_of(plan::TILE_ORDER, healpix::hash29(6.0, -72.1))] {
        let whole = plan.tile(tile);
        let keys: Vec<_> =
            plan.keys(tile).iter().map(|key| (key.source_id, key.random_index, key.healpix)).collect();
        let expected: Vec<_> =
            whole.iter().map(|row| (row.source_id, row.random_index, row.source.healpix)).collect();
        assert_eq!(keys, expected);
    }
}

#[test]
fn a_sky_without_variables_has_no_table_of_them() {
    let dir = tempfile::tempdir().expect("a directory");
    write_sample(dir.path(), &SMALL, &Silent).expect("a sample");
    let options = SampleOptions { variables: 0, ..SMALL };
    let summary = write_sample(dir.path(), &options, &Silent).expect("another in its place");
    assert_eq!((summary.variables, summary.rr_lyrae), (0, 0));
    let tables: Vec<_> = fs::read_dir(dir.path().join(SCHEMA)).expect("a schema").collect();
    assert_eq!(tables.len(), 1 + Product::ALL.len(), "{tables:?}");
}
