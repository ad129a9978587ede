//! The page of the user guide that lists our functions, made from what each says about itself.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::ours;

const INTRODUCTION: &str = "# Functions\n\n\
    What SQL has here beyond the functions of every SQL; `SHOW FUNCTIONS` lists them all. Positions are ICRS. A null \
    among the arguments makes a result null.\n\n\
    This page is made from the functions' own documentation: `NEARSIDE_WRITE_DOCS=1 cargo test -p catalogue \
    functions::page` writes it anew.\n";

fn page() -> String {
    let functions: Vec<Arc<ScalarUDF>> = ours(&crate::engine::Limits::default()).collect();
    let mut sections: Vec<&'static str> = Vec::new();
    let mut text = INTRODUCTION.to_owned();
    for (_, documentation) in documented(&functions) {
        if !sections.contains(&documentation.doc_section.label) {
            sections.push(documentation.doc_section.label);
        }
    }
    for section in sections {
        let mut of_section =
            documented(&functions).filter(|(_, it)| it.doc_section.label == section).peekable();
        let about = of_section.peek().and_then(|(_, it)| it.doc_section.description).unwrap_or_default();
        let _ = write!(text, "\n## {section}\n\n{about}.\n");
        of_section.for_each(|(function, documentation)| entry(&mut text, function, documentation));
    }
    text
}

fn documented(functions: &[Arc<ScalarUDF>]) -> impl Iterator<Item = (&Arc<ScalarUDF>, &Documentation)> {
    functions.iter().filter_map(|function| Some((function, function.documentation()?)))
}

fn entry(text: &mut String, function: &ScalarUDF, documentation: &Documentation) {
    let Documentation { description, syntax_example, sql_example, arguments, .. } = documentation;
    let _ = write!(text, "\n### {}\n\n`{syntax_example}`\n\n{description}\n", function.name());
    if !function.aliases().is_empty() {
        let _ = write!(text, "\nAlso called {}.\n", function.aliases().join(", "));
    }
    for (i, (name, about)) in arguments.iter().flatten().enumerate() {
        let gap = if i == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}- `{name}`: {about}");
    }
    if let Some(example) = sql_example {
        let _ = write!(text, "\n```sql\n{example}\n```\n");
    }
}

#[test]
fn the_page_of_functions_says_what_the_functions_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FUNCTIONS.md");
    if std::env::var_os("NEARSIDE_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("the page is written");
    }
    let found = std::fs::read_to_string(&path).expect("the page");
    assert!(
        found == page(),
        "docs/FUNCTIONS.md is old: NEARSIDE_WRITE_DOCS=1 cargo test -p catalogue functions::page"
    );
}

#[test]
fn every_function_has_arguments_and_an_example_of_its_syntax() {
    for function in ours(&crate::engine::Limits::default()) {
        let documentation = function.documentation().expect("every function of ours is documented");
        assert!(!documentation.description.is_empty(), "{}", function.name());
        assert!(documentation.syntax_example.starts_with(function.name()), "{}", function.name());
    }
}
