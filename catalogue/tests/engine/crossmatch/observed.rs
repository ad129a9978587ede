//! 2MASS and SDSS in one real field. The files are not in this repository: `NEARSIDE_REAL_DATA` names them.

use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use catalogue::engine::{Catalogue, Limits};
use catalogue::import::{self, ImportRequest};
use catalogue::progress::Silent;
use tempfile::TempDir;

use crate::sky::ask_of;

#[expect(
    clippy::print_stdout,
    reason = "a skipped test has to say so, and test runners show standard output"
)]
fn field() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let field = std::env::var_os("NEARSIDE_REAL_DATA").map_or_else(beside, PathBuf::from).join("xmatch");
    if !field.exists() {
        println!("SKIPPED: no xmatch; NEARSIDE_REAL_DATA can name the directory that has it");
        return None;
    }
    Some(field)
}

fn opened(field: &Path, data: &TempDir) -> Catalogue {
    for (file, table, ra, dec) in [
        ("cds_2MASS_PSC.vot", "twomass", "RAJ2000", "DEJ2000"),
        ("cds_SDSS_DR9.vot", "sdss", "RA_ICRS", "DE_ICRS"),
    ] {
        let request = ImportRequest::new(vec![field.join(file)], data.path(), "cds", table);
        let rename = [(ra, "ra"), (dec, "dec")].map(|(old, new)| (old.to_owned(), new.to_owned()));
        let request = ImportRequest { rename: rename.to_vec(), ..request };
        import::run(&request, &Silent).expect("a real file");
    }
    Catalogue::open(data.path(), Limits::default()).expect("two tables")
}

#[tokio::test]
async fn two_surveys_have_the_pairs_that_were_counted_by_hand() {
    let Some(field) = field() else { return };
    let data = TempDir::new().expect("a temporary directory");
    let catalogue = opened(&field, &data);
    for (from, expected) in [
        ("crossmatch(twomass, sdss, radius_arcsec => 4, mode => 'all')", 1_796),
        ("crossmatch(twomass, sdss, radius_arcsec => 4)", 679),
        ("crossmatch(twomass, sdss, radius_arcsec => 1)", 678),
        ("crossmatch(twomass, sdss, radius_arcsec => 1, join => 'left')", 683),
    ] {
        let answer = ask_of(&catalogue, &format!("SELECT count(*) FROM {from}")).await.expect("a good query");
        assert_eq!(answer.column(0).as_primitive::<Int64Type>().value(0), expected, "{from}");
    }
}
