//! What is refused, and the sentence that says why.

use catalogue::import::{ImportLimits, ImportRequest};

use crate::support::{Desk, gzip};

#[test]
fn an_id_that_went_through_a_spreadsheet_is_refused_with_its_line() {
    let csv = "# exported\nSource,RA_ICRS,DE_ICRS\n65205373152172032,56.4,23.1\n\n6.48742E+16,56.4,23.1\n";
    assert_eq!(
        Desk::new().refusal("GAIA.csv", csv),
        "cannot import GAIA.csv: line 5: source_id `6.48742E+16` went through a spreadsheet, \
         which rounds long integers: export as integers"
    );
}

#[test]
fn broken_text_is_refused_with_the_line_at_fault() {
    for (name, content, why) in [
        ("a.csv", "", "the file is empty"),
        ("a.csv", "ra,dec\n", "the file has columns but no rows"),
        ("a.csv", "ra,dec\n1,2\n3\n", "line 3 has 1 values for 2 columns: the file was cut or edited"),
        ("a.csv", "ra,dec\n\n1,2,3\n", "line 3 has 3 values for 2 columns: the file was cut or edited"),
        ("a.dat", "ra dec\n1 2\n3", "line 3 has 1 values for 2 columns: the file was cut or edited"),
        (
            "a.dat",
            "1 2\n3 4\n",
            "line 1 has values where the column names should be: add a line with the names",
        ),
        ("a.csv", "RA,ra\n1,2\n", "columns `RA` and `ra` would both be named `ra`: rename one of them"),
        ("a.csv", "ra,dec,ruwe\n1,2,high\n", "line 2, column `ruwe`: `high` is no Float32"),
        (
            "a.xyz",
            "ra,dec\n1,2\n",
            "its format is not known: name it csv, text, ecsv, votable, fits or parquet",
        ),
        (
            "a.csv",
            "mag\n1\n",
            "there is no position: the file needs ra and dec (degrees, ICRS), or a Gaia source_id; columns can be renamed",
        ),
    ] {
        assert_eq!(Desk::new().refusal(name, content), format!("cannot import {name}: {why}"));
    }
}

#[test]
fn a_row_without_a_good_position_is_refused() {
    for (row, position) in [
        ("nan,5", "ra NaN, dec 5"),
        ("10,", "ra 10, dec NaN"),
        ("361,5", "ra 361, dec 5"),
        ("1,-90.5", "ra 1, dec -90.5"),
    ] {
        assert_eq!(
            Desk::new().refusal("a.csv", format!("ra,dec\n0,0\n{row}\n")),
            format!(
                "cannot import a.csv: line 3: {position} is no position: ra is in 0 to 360 degrees, dec in -90 to 90"
            )
        );
    }
    assert_eq!(
        Desk::new().refusal("a.csv", "source_id,x\n-1,2\n"),
        "cannot import a.csv: line 2: there is no position, and source_id -1 is none of Gaia"
    );
}

#[test]
fn a_cut_gzip_and_bytes_that_are_no_text_are_refused() {
    let whole = gzip("ra,dec\n1,2\n".repeat(100).as_bytes());
    let cut = Desk::new().refusal("a.csv.gz", &whole[..whole.len() - 9]);
    let end = whole.len() - 9;
    let expected =
        format!("cannot import a.csv.gz: the file ends too early, at byte {end}: it was cut, fetch it again");
    assert_eq!(cut, expected);
    let latin = Desk::new().refusal("a.csv", b"ra,dec,name\n1,2,\xe9toile\n");
    assert_eq!(latin, "cannot import a.csv: line 2 is not UTF-8 text");
}

#[test]
fn files_that_do_not_make_one_table_are_refused() {
    for (second, how) in [
        ("ra,dec\n1,2\n", "column `x` is only in the first"),
        ("ra,dec,x,y\n1,2,3,4\n", "column `y` is only in the second"),
        ("ra,dec,x\n1,2,red\n", "column `x` is Int64 in the first and Utf8 in the second"),
    ] {
        let desk = Desk::new();
        let files = [desk.write("1.csv", "ra,dec,x\n1,2,3\n"), desk.write("2.csv", second)];
        assert_eq!(
            desk.refused(&desk.request(&files)),
            format!("1.csv and 2.csv do not make one table: {how}")
        );
    }
}

#[test]
fn bad_requests_are_refused() {
    let desk = Desk::new();
    let file = desk.write("a.csv", "ra,dec\n1,2\n");
    let request = desk.request(std::slice::from_ref(&file));
    let missing = desk.refused(&desk.request(&[desk.path("none.csv")]));
    assert_eq!(missing, "cannot read none.csv: No such file or directory (os error 2)");
    std::fs::create_dir(desk.path("empty")).expect("a new directory");
    assert_eq!(desk.refused(&desk.request(&[desk.path("empty")])), "there is nothing to import in empty");
    let escaping = ImportRequest { table: "../stars".into(), ..request.clone() };
    assert_eq!(
        desk.refused(&escaping),
        "`../stars` is no name for a table: take lower-case letters, digits and `_`, a letter first"
    );
    let rename = ImportRequest { rename: vec![("RA".into(), "x".into())], ..request.clone() };
    assert!(desk.refused(&rename).contains("there is no position"));
    let limits = ImportLimits { memory_bytes: 8, ..request.limits };
    assert_eq!(
        desk.refused(&ImportRequest { limits, ..request }),
        "8 bytes of memory are too few to sort rows: allow at least 16777216"
    );
}

#[test]
fn a_quote_that_is_never_closed_is_refused_with_its_line() {
    assert_eq!(
        Desk::new().refusal("a.csv", "ra,dec,name\n1,2,x\n3,4,\"y\n5,6,z\n"),
        "cannot import a.csv: line 3 opens a quote that is never closed"
    );
}
