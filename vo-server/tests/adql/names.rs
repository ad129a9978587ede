//! Names never become anything else than names, and words that are reserved never become names.

use sqlparser::ast::{Expr, SelectItem, SetExpr, TableFactor};
use vo_server::adql::{self, Limits};

use crate::{sky, world::World};

/// Identifiers that are tried, three in each query.
const IDENTIFIERS: u64 = 1_000_000;
/// Texts that are tried.
const TEXTS: u64 = 20_000;

/// Characters that mean something somewhere, among some that do not.
const LETTERS: [&str; 24] = [
    "a",
    "Z",
    "7",
    "_",
    " ",
    "\"",
    "'",
    "`",
    ";",
    "--",
    "/*",
    "*/",
    "\\",
    "\n",
    ".",
    ",",
    "(",
    ")",
    "\u{3b1}",
    "\u{1f52d}",
    "$1",
    "DROP TABLE",
    "\r",
    "\t",
];

/// The name of a number, by a fixed permutation.
fn name(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut name = String::from("n");
    for _ in 0..1 + number % 9 {
        state ^= state >> 29;
        state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        name.push_str(LETTERS[usize::try_from(state >> 40).expect("24 bits") % LETTERS.len()]);
    }
    name
}

/// The names of the columns, and of the table, that the syntax tree of a query has.
fn read(text: &str) -> Vec<String> {
    let query = adql::parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let SetExpr::Select(select) = *query.body else { panic!("{text}") };
    let mut names = Vec::new();
    for item in &select.projection {
        let SelectItem::ExprWithAlias { expr: Expr::Identifier(column), alias } = item else {
            panic!("{text}")
        };
        names.extend([column.value.clone(), alias.value.clone()]);
    }
    let TableFactor::Table { name, .. } = &select.from[0].relation else { panic!("{text}") };
    names.extend(name.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.clone()));
    names
}

#[test]
fn a_quoted_name_comes_out_as_it_went_in() {
    for number in (0..IDENTIFIERS).step_by(3) {
        let names = [name(number), name(number + 1), name(number + 2)];
        let [column, alias, table] = names.each_ref().map(|name| name.replace('"', "\"\""));
        assert_eq!(read(&format!("SELECT \"{column}\" AS \"{alias}\" FROM \"{table}\"")), names);
    }
}

#[tokio::test]
async fn a_name_that_looks_like_sql_is_a_column_that_does_not_exist() {
    for number in 0..500 {
        let name = name(number);
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let error = World.ask(&format!("SELECT {quoted} FROM stars")).await.expect_err("no such column");
        let said = error.to_string();
        assert!(said.contains(": no such column "), "{name:?}: {said}");
    }
}

#[test]
fn a_text_that_looks_like_sql_is_a_text() {
    for number in 0..TEXTS {
        let name = name(number);
        let text = format!("SELECT '{}' AS x FROM stars", name.replace('\'', "''"));
        let query = adql::parse(&text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let SetExpr::Select(select) = *query.body else { panic!("{text}") };
        let SelectItem::ExprWithAlias { expr: Expr::Value(value), .. } = &select.projection[0] else {
            panic!("{text}")
        };
        assert_eq!(value.value.clone().into_string(), Some(name));
    }
}

#[test]
fn every_reserved_word_is_refused_as_a_name_and_accepted_in_quotes() {
    for word in adql::reserved_words() {
        for word in [word.to_owned(), word.to_lowercase()] {
            for text in [format!("SELECT stars.{word} FROM stars"), format!("SELECT id AS {word} FROM stars")]
            {
                let error = adql::parse(&text, &Limits::default()).expect_err(&text);
                assert!(error.position().is_some(), "{text}");
            }
            let quoted = format!("SELECT stars.\"{word}\" AS \"{word}\" FROM stars AS \"{word}\"");
            assert!(adql::parse(&quoted, &Limits::default()).is_ok(), "{quoted}");
        }
    }
}

#[tokio::test]
async fn tables_are_found_in_any_capitals_with_and_without_their_schema() {
    let expected = sky::count("SELECT COUNT(*) FROM gaiadr3.gaia_source").await;
    for table in
        ["GAIADR3.GAIA_SOURCE", "gaia_source", "\"gaiadr3\".\"gaia_source\"", "GaiaDR3.\"gaia_source\""]
    {
        assert_eq!(sky::count(&format!("SELECT COUNT(*) FROM {table}")).await, expected, "{table}");
    }
}

#[tokio::test]
async fn a_query_that_is_as_deep_as_permitted_is_answered() {
    let brackets = format!("SELECT {}id{} FROM stars WHERE id = 1", "(".repeat(38), ")".repeat(38));
    let chain = format!("SELECT id FROM stars WHERE id = 1{}", " OR id = 1".repeat(450));
    let sum = format!("SELECT 1{} FROM dual", " + 1".repeat(900));
    let list = format!("SELECT id FROM stars WHERE id IN (1{})", ", 1".repeat(50_000));
    for text in [brackets, chain, sum, list] {
        let answer = World.ask(&text).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(answer.num_rows(), 1);
    }
}
