//! CSV and white-space tables.

use arrow::datatypes::DataType;
use catalogue::import::{Format, ImportRequest};

use crate::support::{Desk, about, column, gzip, names, row_of, texts};

const CSV: &str = "source_id,ra,dec,phot_g_mean_mag,flag,note\n\
    65205373152172032,56.5,24.1,12.25,true,first\n\
    66714384142368256,57.0,24.2,13.5,False,\n";

#[test]
fn a_csv_keeps_ids_exact_and_gets_the_types_of_gaia() {
    let (summary, table) = Desk::new().import("stars.csv", CSV);
    assert_eq!((summary.rows, summary.files, summary.rows_placed_by_source_id), (2, 1, 0));
    assert_eq!(names(&table), ["source_id", "ra", "dec", "phot_g_mean_mag", "flag", "note", "_healpix_29"]);
    let columns = ["ra", "dec", "phot_g_mean_mag", "flag", "note"];
    assert_eq!(row_of(&table, 65_205_373_152_172_032, &columns), ["56.5", "24.1", "12.25", "true", "first"]);
    assert_eq!(row_of(&table, 66_714_384_142_368_256, &columns), ["57", "24.2", "13.5", "false", "null"]);
    let (data_type, [unit, ucd, _]) = about(&table, "phot_g_mean_mag");
    assert_eq!(data_type, DataType::Float32);
    assert_eq!((unit.as_deref(), ucd.as_deref()), (Some("mag"), Some("phot.mag;em.opt")));
}

#[test]
fn rows_are_sorted_along_the_sky() {
    let csv = "source_id,ra,dec\n1000000000000,300,-80\n2000000000000,45,0\n3000000000000,45,0.001\n";
    let (_, table) = Desk::new().import("stars.csv", csv);
    let mut sorted: Vec<i64> =
        column(&table, "_healpix_29").iter().map(|x| x.parse().expect("a number")).collect();
    let unsorted = sorted.clone();
    sorted.sort_unstable();
    assert_eq!(unsorted, sorted);
}

#[test]
fn a_gzipped_csv_is_the_same_table() {
    let (_, plain) = Desk::new().import("stars.csv", CSV);
    let (_, zipped) = Desk::new().import("stars.csv.gz", gzip(CSV.as_bytes()));
    assert_eq!(plain.columns(), zipped.columns());
}

#[test]
fn a_header_in_a_comment_names_the_columns_of_a_white_space_table() {
    let text = "# a published list\n# source_id\tra  dec plx plxe\n65205373152172032 56.5 24.1  7.3 nan\n";
    let (_, table) = Desk::new().import("list.txt", text);
    let columns = ["ra", "dec", "parallax", "parallax_error"];
    assert_eq!(row_of(&table, 65_205_373_152_172_032, &columns), ["56.5", "24.1", "7.3", "null"]);
}

#[test]
fn quotes_hold_words_together_and_show_empty_ones_between_white_space() {
    let (_, table) = Desk::new().import("list.dat", "ra dec name mag\n1 2 \"AA Gem\" \"\"\n3 4 X 5.5\n");
    let mut rows: Vec<_> = column(&table, "name").into_iter().zip(column(&table, "mag")).collect();
    rows.sort();
    assert_eq!(rows, [("AA Gem".to_owned(), "null".to_owned()), ("X".to_owned(), "5.5".to_owned())]);
}

#[test]
fn tabs_semicolons_and_old_mac_lines_are_read_as_csv() {
    for csv in ["ra\tdec\r\n10\t20\r\n", "ra;dec\n10;20\n", "ra,dec\r10,20\r"] {
        let (_, table) = Desk::new().import("stars.csv", csv);
        assert_eq!(
            (column(&table, "ra"), column(&table, "dec")),
            (texts(&["10"]), texts(&["20"])),
            "{csv:?}"
        );
    }
}

#[test]
fn a_file_without_positions_is_placed_by_source_id_and_says_so() {
    let (summary, table) = Desk::new().import("ids.csv", "source_id,Gmag\n65205373152172032,9.5\n");
    assert_eq!(summary.rows_placed_by_source_id, 1);
    let (_, [_, _, description]) = about(&table, "ra");
    assert_eq!(
        description.as_deref(),
        Some(
            "centre of the level-12 HEALPix pixel of source_id, up to 54 arcsec from the source: \
             the imported file had no position"
        )
    );
    let hash: u64 = column(&table, "_healpix_29")[0].parse().expect("a number");
    assert_eq!(hash >> 34, 65_205_373_152_172_032 >> 35);
}

#[test]
fn several_files_become_one_table_with_the_wider_types() {
    let desk = Desk::new();
    let files = [
        desk.write("b/2.csv", "ra,dec,n,empty\n10,20,1.5,\n"),
        desk.write("b/1.csv", "dec,ra,n,empty\n21,11,3,\n"),
        desk.write("b/readme.md", "not a table"),
    ];
    let (summary, table) = desk.run(&desk.request(&[files[0].parent().expect("b").to_owned()]));
    assert_eq!((summary.rows, summary.files), (2, 2));
    assert_eq!(about(&table, "n").0, DataType::Float64);
    assert_eq!(about(&table, "empty").0, DataType::Float64);
    assert_eq!(names(&table), ["dec", "ra", "n", "empty", "_healpix_29"]);
}

#[test]
fn columns_are_renamed_and_formats_named_on_request() {
    let desk = Desk::new();
    let file = desk.write("table.data", "RAJ2000 DEJ2000\n10 20\n");
    let rename = [("RAJ2000", "ra"), ("DEJ2000", "dec")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    let request =
        ImportRequest { format: Some(Format::Text), rename: rename.to_vec(), ..desk.request(&[file]) };
    let (_, table) = desk.run(&request);
    assert_eq!(column(&table, "ra"), ["10"]);
}

#[test]
fn whole_numbers_with_a_point_are_integers_but_ids_are_not() {
    let (_, table) = Desk::new().import("rv.csv", "source_id,rv_nb_transits\n65205373152172032,13.0\n");
    assert_eq!(column(&table, "rv_nb_transits"), ["13"]);
}
