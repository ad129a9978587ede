//! Rows of Gaia DR3 as people have them. They are not in this repository: `NEARSIDE_REAL_DATA` names them.

use std::path::PathBuf;
use std::slice;

use catalogue::import::{ImportRequest, Remark, TableKind};

use crate::support::{Desk, about, column, names, row_of};

/// A file of the collection, or a line that says that the test was skipped.
#[expect(
    clippy::print_stdout,
    reason = "a skipped test has to say so, and test runners show standard output"
)]
pub fn real(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let file = std::env::var_os("NEARSIDE_REAL_DATA").map_or_else(beside, PathBuf::from).join(name);
    if !file.exists() {
        println!("SKIPPED: no {name}; NEARSIDE_REAL_DATA can name the directory that has it");
        return None;
    }
    Some(file)
}

#[test]
fn the_pleiades_keep_every_row_and_digit() {
    let Some(file) = real("pleiades/m45_r5_g18_plx4_baseline.dat") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (6956, 6956));
    let columns = [
        "_x",
        "_y",
        "pmra",
        "pmdec",
        "parallax",
        "pmra_error",
        "pmdec_error",
        "parallax_error",
        "phot_g_mean_mag",
        "bp_rp",
        "ruwe",
        "probs_final",
    ];
    let expected = [
        "-0.4585697542890123",
        "-4.940632285359586",
        "18.7375262723176",
        "-41.339483755683474",
        "6.924254264562803",
        "0.022977319",
        "0.018973028",
        "0.020397648",
        "11.569337",
        "1.1937275",
        "1.0556834",
        "0.4014",
    ];
    assert_eq!(row_of(&table, 45_022_222_315_428_608, &columns), expected);
    let units = columns.map(|name| about(&table, name).1[0].clone().unwrap_or_default());
    let (pm, angle, mag) = ("mas.yr**-1", "mas", "mag");
    assert_eq!(units, ["", "", pm, pm, angle, pm, pm, angle, mag, mag, "", ""]);
}

#[test]
fn the_published_members_of_m5_keep_their_positions() {
    let Some(file) = real("m5/vb21_NGC_5904_M_5.txt") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (28_523, 0));
    let columns =
        ["ra", "dec", "parallax", "pmra", "pmdec", "pmra_pmdec_corr", "phot_g_mean_mag", "qflag", "sigma"];
    let expected =
        ["229.832156", "1.714238", "0.5708", "-4.3046", "-1.2624", "-0.5334", "20.2369", "2", "1.979"];
    assert_eq!(row_of(&table, 4_420_703_017_641_552_128, &columns), expected);
}

#[test]
fn both_tables_of_praesepe_are_read() {
    let Some(gaia) = real("praesepe/cluster_NGC_2632_gaia.csv") else { return };
    let Some(members) = real("praesepe/hr23_NGC_2632_members.csv") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[gaia]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (434, 0));
    let row = row_of(&table, 658_642_000_872_094_464, &["ra", "dec", "parallax", "membership_probability"]);
    let expected = ["130.57293726135418", "17.98745571942109", "5.377242046416947", "0.790259299601081"];
    assert_eq!(row, expected);
    let (summary, table) = desk.run(&ImportRequest { replace: true, ..desk.request(&[members]) });
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (434, 434));
    let row =
        row_of(&table, 658_642_000_872_094_464, &["prob", "phot_g_mean_mag", "phot_bp_mean_mag", "nss"]);
    assert_eq!(row, ["0.790259299601081", "16.66626", "18.252228", "0"]);
}

#[test]
fn a_recorded_answer_of_the_archive_keeps_nulls_units_and_the_note_that_it_is_cut() {
    let Some(file) = real("pleiades_vot/jmendez_pleiades.vot") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!(summary.rows, 10_000);
    let remarks: Vec<Remark> = summary.notes.into_iter().map(|note| note.remark).collect();
    assert_eq!(remarks, [Remark::ExactlyTop(10_000)]);
    let columns =
        ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp", "dr2_rv_template_teff"];
    let expected = ["8.645234", "9.113988", "8.005763", "1.1082249", "5250"];
    assert_eq!(row_of(&table, 65_371_399_407_749_760, &columns), expected);
    let nulls = columns.map(|name| table.column_by_name(name).expect("the column").null_count());
    assert_eq!(nulls, [11, 168, 130, 169, 9879]);
    assert_eq!(about(&table, "dr2_rv_template_teff").1[0].as_deref(), Some("K"));
}

#[test]
fn a_cone_with_all_columns_is_read_from_parquet() {
    let Some(file) = real("cone/ocelot_ra45_dec0_r0.5.parquet") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (2390, 0));
    assert_eq!(names(&table).len(), 154);
    let row = row_of(&table, 4_295_806_720, &["ra", "dec", "pmra"]);
    assert_eq!(row, ["44.99615537864534", "0.005615226341865997", "11.93835156938502"]);
    assert_eq!(table.column_by_name("bp_rp").map(|values| values.null_count()), Some(34));
    assert_eq!(table.column_by_name("radial_velocity").map(|values| values.null_count()), Some(2390 - 181));
}

#[test]
fn twenty_light_curves_agree_with_their_published_counts_and_periods() {
    let Some(curves) = real("epoch/rrlyrae_20") else { return };
    let Some(lookup) = real("epoch/rrlyrae_20_lookup.csv") else { return };
    let desk = Desk::new();
    let stars = ImportRequest { table: "vari_rrlyrae".into(), ..desk.request(slice::from_ref(&lookup)) };
    catalogue::import::run(&stars, &catalogue::progress::Silent).expect("imported");
    let stars = crate::support::read_table(&desk.data_dir().join("test/vari_rrlyrae"));
    let row = row_of(
        &stars,
        1_222_520_762_444_294_784,
        &["ra", "dec", "pf", "p1_o", "num_clean_epochs_g", "best_classification"],
    );
    assert_eq!(row, ["232.33239483153977", "25.73960215778735", "0.7016935657838391", "null", "96", "RRab"]);

    let request = ImportRequest {
        kind: TableKind::EpochPhotometry,
        positions: Some(lookup),
        ..desk.request(&[curves])
    };
    let (summary, table) = desk.run(&request);
    assert_eq!((summary.rows, summary.files, summary.rows_placed_by_source_id), (20, 20, 0));
    let published =
        |id: &String| row_of(&stars, id.parse().expect("an id"), &["num_clean_epochs_g"]).remove(0);
    let expected: Vec<String> = column(&table, "source_id").iter().map(published).collect();
    assert_eq!(clean_epochs_g(&table), expected);
    assert_eq!(column(&table, "_healpix_29").len(), 20);
}

/// For each source the G points that neither photometry nor variability processing rejected.
fn clean_epochs_g(table: &arrow::array::RecordBatch) -> Vec<String> {
    use arrow::array::AsArray;
    let transits = table.column_by_name("transits").expect("transits").as_struct();
    let lists = ["photometry_flag_g_reject", "variability_flag_g_reject"]
        .map(|name| transits.column_by_name(name).expect("the flag").as_list::<i32>().clone());
    let clean = |row: usize| {
        let [photometry, variability] = lists.each_ref().map(|list| list.value(row).as_boolean().clone());
        let kept = |index: &usize| !photometry.value(*index) && !variability.value(*index);
        (0..photometry.len()).filter(kept).count().to_string()
    };
    (0..table.num_rows()).map(clean).collect()
}

#[test]
fn a_table_that_went_through_a_spreadsheet_is_refused() {
    let Some(file) = real("traps/maazjamshaid_GAIA.csv") else { return };
    let desk = Desk::new();
    let refusal = desk.refused(&desk.request(slice::from_ref(&file)));
    assert_eq!(
        refusal,
        format!(
            "cannot import {}: line 2: source_id `6.48742E+16` went through a spreadsheet, \
             which rounds long integers: export as integers",
            file.display()
        )
    );
}

#[test]
fn arrays_of_the_archive_are_read_in_the_raw_layout() {
    let Some(file) = real("epoch/hats_import_gaia_epoch.ecsv") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.import_light_curves(&[file]);
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (3, 0));
    let mut counts = column(&table, "n_transits");
    counts.sort();
    assert_eq!(counts, ["16", "23", "23"]);
}

#[test]
fn the_archives_fits_file_keeps_all_152_columns() {
    let Some(file) = real("pyia/gdr3_sm.fits") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id, names(&table).len()), (1000, 0, 153));
    assert_eq!(summary.notes, []);
    let columns = [
        "designation",
        "ra",
        "dec",
        "parallax",
        "pmra",
        "phot_g_mean_mag",
        "phot_bp_n_blended_transits",
        "radial_velocity",
        "rv_nb_transits",
        "has_xp_continuous",
        "phot_variable_flag",
        "teff_gspphot",
        "libname_gspphot",
        "phot_g_mean_flux",
    ];
    let expected = [
        "Gaia DR3 25582581857347968",
        "41.553376110637814",
        "12.192710556687654",
        "1.8038188235404573",
        "-6.860966174480932",
        "14.346777",
        "1",
        "-18.657911",
        "8",
        "false",
        "NOT_AVAILABLE",
        "5061.63",
        "MARCS",
        "34374.46894791158",
    ];
    assert_eq!(row_of(&table, 25_582_581_857_347_968, &columns), expected);
    let unit = |name| about(&table, name).1[0].clone().unwrap_or_default();
    assert_eq!(
        [unit("phot_g_mean_flux"), unit("ag_gspphot"), unit("pmra")],
        ["'electron'.s**-1", "mag", "mas.yr**-1"]
    );
    assert_eq!(about(&table, "pmra").1[1].as_deref(), Some("pos.pm;pos.eq.ra"));
}

#[test]
fn an_ascii_table_whose_nulls_astropy_refuses_is_read() {
    let Some(file) = real("cepheids/J_A+A_681_A65_table1.fits") else { return };
    let desk = Desk::new();
    let (summary, table) = desk.run(&desk.request(&[file]));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (910, 0));
    assert_eq!(about(&table, "source_id").0, arrow::datatypes::DataType::Int64);
}
