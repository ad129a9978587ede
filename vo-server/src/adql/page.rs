//! The page of the user guide about ADQL, whose list of functions is made from [`super::functions`].

use std::fmt::Write as _;
use std::path::Path;

use super::{Function, Group, functions};

const INTRODUCTION: &str = "# ADQL\n\n\
    TAP takes ADQL 2.1 with everything that the standard leaves to a service: geometry, `LOWER`, `UPPER`, `ILIKE`, `WITH`, \
    `UNION`, `EXCEPT`, `INTERSECT`, `CAST`, `COALESCE`, `IN_UNIT` and `OFFSET`. Positions are ICRS; the coordinate system \
    before them may be left out.\n\n\
    More than the standard has: `%`, the operators `& | ^ ~` on integers, numbers such as `0x1F`, `dual` (a table with one \
    row), columns of truth values compared with a text (`has_rvs = 'true'`), and the functions under *Archive and others*. \
    A table whose name is unique needs no schema.\n\n\
    Less than SQL has, as the standard says: `LIMIT` is `TOP`, a comment begins with `--`, there is no `CASE` and no \
    subquery as a value, and reserved words are names only in double quotes. What is refused is told with its line and \
    column.\n\n\
    This page is made from the list that queries are checked with: `NEARSIDE_WRITE_DOCS=1 cargo test -p vo-server \
    adql::page` writes it anew.\n";

const SECTIONS: [(&str, &[Group]); 4] = [
    ("Of many rows", &[Group::Aggregate, Group::UserAggregate]),
    ("Mathematics", &[Group::Mathematics]),
    ("Geometry", &[Group::Geometry]),
    ("Archive and others", &[Group::Text, Group::Condition, Group::Unit, Group::User]),
];

fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    for (title, groups) in SECTIONS {
        let _ = write!(text, "\n## {title}\n\n");
        for function in functions().iter().filter(|function| groups.contains(&function.group)) {
            let Function { signature, about, .. } = function;
            let _ = writeln!(text, "- `{signature}`: {about}");
        }
    }
    text
}

#[test]
fn the_page_about_adql_lists_every_function() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ADQL.md");
    if std::env::var_os("NEARSIDE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("the page is written");
    }
    let found = std::fs::read_to_string(&path).expect("the page");
    assert!(found == page(), "docs/ADQL.md is old: NEARSIDE_WRITE_DOCS=1 cargo test -p vo-server adql::page");
    let listed = functions().iter().filter(|function| found.contains(&format!("- `{}`", function.signature)));
    assert_eq!(listed.count(), functions().len());
}
