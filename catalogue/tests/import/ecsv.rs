//! Enhanced CSV, as astropy and the Gaia archive write it.

use arrow::datatypes::DataType;

use crate::support::{Desk, about, column, row_of};

const ARCHIVE: &str = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# meta: !!omap\n# - RELEASE: Gaia DR3\n# datatype:\n\
    # -\n#   name: source_id\n#   datatype: int64\n#   description: >\n#     Unique\n#     identifier\n\
    # -\n#   name: ra\n#   datatype: float64\n#   unit: deg\n#   meta:\n#     ucd: pos.eq.ra;meta.main\n\
    # -\n#   name: dec\n#   datatype: float64\n#   unit: deg\n\
    # -\n#   name: spread\n#   datatype: float32\n#   unit: mas\n\
    # -\n#   name: flux\n#   datatype: string\n#   subtype: 'float64[null]'\n\
    # meta:\n#   QUERY:\n#   |\n#    SELECT\n#      'x'\n#    \n#   CAPTION: 'a: b'\n\
    source_id,ra,dec,spread,flux\n\
    65205373152172032,56.5,24.125,null,\"[1.5,NaN,3]\"\n";

const ASTROPY: &str = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: name, datatype: string}\n\
    # - {name: ra, unit: deg, datatype: float64, description: 'right: ascension'}\n\
    # - {name: dec, unit: deg, datatype: float64}\n\
    # - {name: seen, datatype: bool}\n\
    # schema: astropy-2.0\n\
    name ra dec seen\n\"NGC 5904\" 229.638 2.081 True\n";

#[test]
fn the_header_of_the_archive_gives_types_units_and_lists() {
    let (_, table) = Desk::new().import("stars.ecsv", ARCHIVE);
    let row = row_of(&table, 65_205_373_152_172_032, &["ra", "dec", "spread", "flux"]);
    assert_eq!(row, ["56.5", "24.125", "null", "[1.5,null,3]"]);
    let (data_type, [unit, ucd, _]) = about(&table, "ra");
    assert_eq!(data_type, DataType::Float64);
    assert_eq!((unit.as_deref(), ucd.as_deref()), (Some("deg"), Some("pos.eq.ra;meta.main")));
    assert_eq!(about(&table, "source_id").1[2].as_deref(), Some("Unique identifier"));
    assert_eq!(about(&table, "spread").0, DataType::Float32);
}

#[test]
fn the_one_line_columns_of_astropy_are_read() {
    let (_, table) = Desk::new().import("clusters.csv", ASTROPY);
    let row: Vec<_> = ["name", "ra", "dec", "seen"].iter().flat_map(|name| column(&table, name)).collect();
    assert_eq!(row, ["NGC 5904", "229.638", "2.081", "true"]);
    assert_eq!(about(&table, "ra").1[2].as_deref(), Some("right: ascension"));
}

#[test]
fn a_header_that_does_not_fit_is_refused() {
    for (content, why) in [
        (ARCHIVE.replace("name: dec", "name: de"), "column `dec` is not where the header declares it"),
        (ARCHIVE.replace("delimiter: ','", "delimiter: ';'"), "`;` is no delimiter of ECSV"),
    ] {
        assert_eq!(
            Desk::new().refusal("a.ecsv", content),
            format!("cannot import a.ecsv: this is no valid ECSV: {why}")
        );
    }
    let rounded = ARCHIVE.replace("65205373152172032", "6.5E16");
    assert!(Desk::new().refusal("a.ecsv", rounded).contains("went through a spreadsheet"));
    let bad_list = ARCHIVE.replace("[1.5,NaN,3]", "[1.5,high]");
    assert!(Desk::new().refusal("a.ecsv", bad_list).contains("column `flux`: `high` is no Float64"));
}
