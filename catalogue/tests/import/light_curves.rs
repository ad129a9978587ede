//! Epoch photometry: files of the archive become one row per source.

use arrow::array::AsArray;
use catalogue::import::{ImportLimits, ImportRequest, MIN_MEMORY_BYTES, TableKind};

use crate::support::{Desk, about, cell, column, names};

const HEADER: &str = "source_id,transit_id,band,time,mag,flux,flux_error,flux_over_error,\
    rejected_by_photometry,rejected_by_variability,other_flags,solution_id\n";
const STAR: i64 = 65_205_373_152_172_032;
const OTHER: i64 = 66_714_384_142_368_256;

fn star() -> String {
    format!(
        "{HEADER}{STAR},20,G,1702.5,15.5,100.5,1.5,67,false,false,1,1\n\
         {STAR},10,G,1700.5,15.25,110.5,1.25,88,false,true,1,1\n\
         {STAR},10,RP,1700.75,14.5,50.5,2.5,20,true,false,0,1\n\
         {STAR},20,BP,,,,,,true,false,0,1\n"
    )
}

/// One field of the nested transits, row by row.
fn nested(table: &arrow::array::RecordBatch, field: &str) -> Vec<String> {
    let transits = table.column_by_name("transits").expect("transits").as_struct();
    let lists = transits.column_by_name(field).expect("the field");
    (0..table.num_rows()).map(|row| cell(lists, row)).collect()
}

#[test]
fn transits_are_put_together_by_transit_id_and_sorted_by_time() {
    let desk = Desk::new();
    let file = desk.write("star.csv", star());
    let (summary, table) = desk.import_light_curves(&[file]);
    assert_eq!((summary.rows, summary.rows_placed_by_source_id), (1, 1));
    assert_eq!(names(&table), ["source_id", "ra", "dec", "n_transits", "transits", "_healpix_29"]);
    assert_eq!(column(&table, "n_transits"), ["2"]);
    for (field, expected) in [
        ("transit_id", "[10,20]"),
        ("g_transit_time", "[1700.5,1702.5]"),
        ("g_transit_mag", "[15.25,15.5]"),
        ("g_transit_flux", "[110.5,100.5]"),
        ("g_transit_flux_error", "[1.25,1.5]"),
        ("bp_obs_time", "[null,null]"),
        ("bp_mag", "[null,null]"),
        ("rp_obs_time", "[1700.75,null]"),
        ("rp_flux", "[50.5,null]"),
        ("variability_flag_g_reject", "[true,false]"),
        ("photometry_flag_g_reject", "[false,false]"),
        ("photometry_flag_bp_reject", "[null,true]"),
        ("photometry_flag_rp_reject", "[true,null]"),
    ] {
        assert_eq!(nested(&table, field), [expected], "{field}");
    }
}

#[test]
fn a_directory_of_files_becomes_one_row_per_source_at_the_positions_given() {
    let desk = Desk::new();
    desk.write("curves/b.csv", star());
    let file = desk.write("curves/a.csv", star().replace(&STAR.to_string(), &OTHER.to_string()));
    let positions = desk.write("where.csv", format!("source_id,ra,dec\n{STAR},56.5,24.125\n{OTHER},57,24\n"));
    let request = ImportRequest {
        kind: TableKind::EpochPhotometry,
        positions: Some(positions),
        ..desk.request(&[file.parent().expect("curves").to_owned()])
    };
    let (summary, table) = desk.run(&request);
    assert_eq!((summary.rows, summary.files, summary.rows_placed_by_source_id), (2, 2, 0));
    let mut rows: Vec<_> = column(&table, "source_id").into_iter().zip(column(&table, "ra")).collect();
    rows.sort();
    assert_eq!(rows, [(STAR.to_string(), "56.5".to_owned()), (OTHER.to_string(), "57".to_owned())]);
    assert_eq!(about(&table, "ra").1[2].as_deref().map(|text| text.contains("source_id")), Some(false));
}

#[test]
fn light_curves_that_do_not_fit_into_memory_give_the_same_table() {
    // Every source is in both files, and the sources of a file are in no order.
    let half = |offset: i64| {
        let row = |n: i64| {
            let id = (n % 400 * 7919 % 400 + 1) << 45;
            format!("{id},{},G,{n}.5,15.5,100.5,1.5,67,false,false,1,1\n", 2 * n + offset)
        };
        format!("{HEADER}{}", (0..40_000).map(row).collect::<String>())
    };
    let tables = [ImportLimits::default().memory_bytes, MIN_MEMORY_BYTES].map(|memory_bytes| {
        let desk = Desk::new();
        let inputs = [desk.write("a.csv", half(0)), desk.write("b.csv", half(1))];
        let limits = ImportLimits { memory_bytes, ..ImportLimits::default() };
        let request = ImportRequest { kind: TableKind::EpochPhotometry, limits, ..desk.request(&inputs) };
        let (summary, table) = desk.run(&request);
        assert_eq!((summary.rows, summary.rows_placed_by_source_id), (400, 400));
        table
    });
    assert!(column(&tables[0], "n_transits").iter().all(|count| count == "200"));
    assert!(tables[0] == tables[1], "the tables differ");
}

#[test]
fn a_file_of_positions_without_any_is_refused() {
    let desk = Desk::new();
    let request = desk.request(&[desk.write("star.csv", star())]);
    let positions = Some(desk.write("where.csv", format!("source_id,g\n{STAR},12\n")));
    let refusal = desk.refused(&ImportRequest { kind: TableKind::EpochPhotometry, positions, ..request });
    assert!(refusal.starts_with("cannot import where.csv: there is no position"), "{refusal}");
}

#[test]
fn the_raw_layout_gives_the_same_table_as_the_individual_one() {
    let arrays = [
        ("transit_id", "int64", "[20,10]"),
        ("g_transit_time", "float64", "[1702.5,1700.5]"),
        ("g_transit_mag", "float64", "[15.5,15.25]"),
        ("g_transit_flux", "float64", "[100.5,110.5]"),
        ("g_transit_flux_error", "float64", "[1.5,1.25]"),
        ("bp_obs_time", "float64", "[null,null]"),
        ("bp_mag", "float64", "[null,null]"),
        ("bp_flux", "float64", "[null,null]"),
        ("bp_flux_error", "float64", "[null,null]"),
        ("rp_obs_time", "float64", "[null,1700.75]"),
        ("rp_mag", "float64", "[null,14.5]"),
        ("rp_flux", "float64", "[null,50.5]"),
        ("rp_flux_error", "float64", "[null,2.5]"),
        ("photometry_flag_bp_reject", "bool", "[true,false]"),
        ("photometry_flag_rp_reject", "bool", "[true,true]"),
        ("variability_flag_g_reject", "bool", "[false,true]"),
        ("variability_flag_bp_reject", "bool", "[false,false]"),
        ("variability_flag_rp_reject", "bool", "[false,false]"),
    ];
    let mut header =
        "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: source_id, datatype: int64}\n\
        # - {name: ra, datatype: float64}\n# - {name: dec, datatype: float64}\n"
            .to_owned();
    for (name, item, _) in arrays {
        header.push_str(&format!("# - {{name: {name}, datatype: string, subtype: '{item}[null]'}}\n"));
    }
    let names: Vec<&str> = arrays.iter().map(|(name, _, _)| *name).collect();
    let values: Vec<String> = arrays.iter().map(|(_, _, values)| format!("\"{values}\"")).collect();
    let raw =
        format!("{header}source_id,ra,dec,{}\n{STAR},56.5,24.125,{}\n", names.join(","), values.join(","));
    let (desk, other) = (Desk::new(), Desk::new());
    let (_, raw) = desk.import_light_curves(&[desk.write("raw.ecsv", raw)]);
    let (_, individual) = other.import_light_curves(&[other.write("star.csv", star())]);
    assert_eq!(column(&raw, "ra"), ["56.5"]);
    for field in ["transit_id", "g_transit_mag", "rp_obs_time", "bp_flux", "variability_flag_g_reject"] {
        assert_eq!(nested(&raw, field), nested(&individual, field), "{field}");
    }
    assert_eq!(nested(&raw, "photometry_flag_g_reject"), ["[null,null]"]);
}

#[test]
fn broken_light_curves_are_refused_with_the_line_at_fault() {
    let good = star();
    for (content, why) in [
        (good.replace(",20,BP,", ",20,V,"), "line 5: band `V` is not G, BP or RP".to_owned()),
        (
            good.replace(",20,G,", ",10,G,"),
            "line 3: band G of transit 10 is there twice: import each light curve once".to_owned(),
        ),
        (good.replace(",20,G,", ",,G,"), "line 2: there is no transit_id".to_owned()),
        (
            good.replace(",20,G,", ",2e17,G,"),
            "line 2: transit_id `2e17` went through a spreadsheet, which rounds long integers: export as integers"
                .to_owned(),
        ),
        (good.replace("mag", "m"), "there is no column `mag`, which a table of this kind needs".to_owned()),
        (
            good.replace(&STAR.to_string(), "-5"),
            "line 2: there is no position, and source_id -5 is none of Gaia".to_owned(),
        ),
    ] {
        let desk = Desk::new();
        let request = desk.request(&[desk.write("a.csv", content)]);
        let refusal = desk.refused(&ImportRequest { kind: TableKind::EpochPhotometry, ..request });
        assert_eq!(refusal, format!("cannot import a.csv: {why}"));
    }
}
