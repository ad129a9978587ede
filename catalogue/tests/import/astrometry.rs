//! Epoch astrometry: files of the archive become one row per source.

use arrow::array::AsArray;
use catalogue::import::{ImportRequest, TableKind};

use crate::support::{Desk, cell, column, names};

const STAR: i64 = 4_318_465_066_420_528_000;

/// One row per transit with arrays of three CCDs, in the layout that ESA published ahead of DR4.
fn transits() -> String {
    let lists = [
        ("obs_time_tcb", "int64"),
        ("scan_pos_angle", "float64"),
        ("centroid_pos_al", "float64"),
        ("centroid_pos_error_al", "float32"),
        ("used_by_agis_al", "bool"),
        ("centroid_pos_ac", "float64"),
    ];
    let mut text = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n".to_owned();
    for (name, kind) in [
        ("source_id", "int64"),
        ("transit_id", "int64"),
        ("ra0", "float64"),
        ("dec0", "float64"),
        ("agis_source_excess_noise", "float32"),
        ("obs_time_bary_corr", "float32"),
        ("parallax_factor_al", "float32"),
    ] {
        text.push_str(&format!("# - {{name: {name}, datatype: {kind}}}\n"));
    }
    for (name, kind) in lists {
        text.push_str(&format!("# - {{name: {name}, datatype: string, subtype: '{kind}[null]'}}\n"));
    }
    text.push_str(
        "source_id,transit_id,ra0,dec0,agis_source_excess_noise,obs_time_bary_corr,parallax_factor_al,",
    );
    text.push_str(
        "obs_time_tcb,scan_pos_angle,centroid_pos_al,centroid_pos_error_al,used_by_agis_al,centroid_pos_ac\n",
    );
    for (transit, times) in [(20, "[2000,2005,2010]"), (10, "[1000,1005,1010]")] {
        text.push_str(&format!(
            "{STAR},{transit},294.5,14.75,6.5,-250.5,0.25,\"{times}\",\"[10.5,10.5,11.5]\",\"[1.5,null,2.5]\",\"[0.5,0.5,0.5]\",\"[false,true,true]\",[]\n"
        ));
    }
    text
}

fn request(desk: &Desk, name: &str, content: &str) -> ImportRequest {
    ImportRequest { kind: TableKind::EpochAstrometry, ..desk.request(&[desk.write(name, content)]) }
}

fn nested(table: &arrow::array::RecordBatch, field: &str) -> String {
    let observations = table.column_by_name("observations").expect("observations").as_struct();
    cell(observations.column_by_name(field).expect("the field"), 0)
}

#[test]
fn transits_with_arrays_of_ccds_become_one_row_by_time() {
    let desk = Desk::new();
    let (summary, table) = desk.run(&request(&desk, "star.ecsv", &transits()));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (1, 0));
    assert_eq!(
        names(&table),
        [
            "source_id",
            "ra",
            "dec",
            "ra0",
            "dec0",
            "agis_source_excess_noise",
            "nu_eff_used_in_astrometry",
            "n_transits",
            "n_observations",
            "observations",
            "_healpix_29"
        ]
    );
    for (name, expected) in [
        ("ra", "294.5"),
        ("dec0", "14.75"),
        ("agis_source_excess_noise", "6.5"),
        ("nu_eff_used_in_astrometry", "null"),
        ("n_transits", "2"),
        ("n_observations", "6"),
    ] {
        assert_eq!(column(&table, name), [expected], "{name}");
    }
    for (field, expected) in [
        ("transit_id", "[10,10,10,20,20,20]"),
        ("obs_time_tcb", "[1000,1005,1010,2000,2005,2010]"),
        ("obs_time_bary_corr", "[-250.5,-250.5,-250.5,-250.5,-250.5,-250.5]"),
        ("scan_pos_angle", "[10.5,10.5,11.5,10.5,10.5,11.5]"),
        ("parallax_factor_al", "[0.25,0.25,0.25,0.25,0.25,0.25]"),
        ("centroid_pos_al", "[1.5,null,2.5,1.5,null,2.5]"),
        ("used_by_agis_al", "[false,true,true,false,true,true]"),
        ("ipd_error_al", "[null,null,null,null,null,null]"),
    ] {
        assert_eq!(nested(&table, field), expected, "{field}");
    }
}

#[test]
fn rows_of_single_ccds_give_the_same_observations() {
    let csv = format!(
        "source_id,transit_id,obs_time_tcb,centroid_pos_al,used_by_agis_al\n{STAR},20,2000,2.5,true\n{STAR},10,1005,,true\n{STAR},10,1000,1.5,false\n"
    );
    let desk = Desk::new();
    let (summary, table) = desk.run(&request(&desk, "star.csv", &csv));
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (1, 1));
    assert_eq!(nested(&table, "obs_time_tcb"), "[1000,1005,2000]");
    assert_eq!(nested(&table, "centroid_pos_al"), "[1.5,null,2.5]");
    assert_eq!(column(&table, "n_transits"), ["2"]);
}

#[test]
fn broken_epoch_astrometry_is_refused_with_the_line_at_fault() {
    let good = transits();
    let line = good.lines().count();
    for (content, why) in [
        (
            good.replace("[1000,1005,1010]", "[1000,1005]"),
            format!("line {line}: array `scan_pos_angle` is not as long as obs_time_tcb"),
        ),
        (
            good.replace("[1000,1005,1010]", "[1000,null,1010]"),
            format!("line {line}: there is no obs_time_tcb"),
        ),
        (
            good.replace("[1000,1005,1010]", "[2000,2005,2010]").replace(",10,294.5", ",20,294.5"),
            format!("line {line}: transit 20 is there twice: import each file once"),
        ),
        (
            good.replace("294.5,14.75", "294.5,94.75"),
            format!(
                "line {}: ra 294.5, dec 94.75 is no position: ra is in 0 to 360 degrees, dec in -90 to 90",
                line - 1
            ),
        ),
        (
            good.replace("obs_time_tcb", "time"),
            "there is no column `obs_time_tcb`, which a table of this kind needs".to_owned(),
        ),
    ] {
        let desk = Desk::new();
        assert_eq!(
            desk.refused(&request(&desk, "star.ecsv", &content)),
            format!("cannot import star.ecsv: {why}")
        );
    }
    // Times as Julian dates have lost their nanoseconds.
    let csv = format!("source_id,transit_id,obs_time_tcb,centroid_pos_al\n{STAR},20,2457000.5,2.5\n");
    let desk = Desk::new();
    let refused = desk.refused(&request(&desk, "star.csv", &csv));
    assert!(refused.contains("column `obs_time_tcb` is Float64, but has to be Int64"), "{refused}");
}
