//! What a query's text may be: how long, how deep, and which statements. Checked before anything is planned.
//!
//! Depth is bounded on the flat list of tokens, because a tree that is too deep already exhausts the stack
//! when it is dropped. Who may see which table is not decided here.

use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Cte, ObjectName, Query, Statement as Sql, Visit, Visitor, visit_relations,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::crossmatch;
use super::diagnose;
use super::error::QueryError;
use super::limits::Limits;
use super::place::Place;

/// The one statement in `sql`, if it is one that may run; what it is made of is still to be checked by [`parsed`].
pub(crate) fn statement(sql: &str, limits: &Limits) -> Result<Statement, QueryError> {
    let statement = any_statement(sql, limits)?;
    permit(&statement)?;
    Ok(statement)
}

/// The one statement in `sql`, whatever it is; it has to be checked before it runs.
pub(crate) fn any_statement(sql: &str, limits: &Limits) -> Result<Statement, QueryError> {
    if sql.len() > limits.sql_bytes {
        return Err(QueryError::TooComplex {
            what: format!("its text has {} bytes, of {} permitted", sql.len(), limits.sql_bytes),
        });
    }
    check_depth(&tokens(sql)?, limits)?;
    parse(sql, limits)
}

/// A statement that was parsed already, if it is one that may run.
pub(crate) fn parsed(mut statement: Statement, limits: &Limits) -> Result<Statement, QueryError> {
    permit(&statement)?;
    crossmatch::name_tables(&mut statement);
    check_scans(&statement, limits)?;
    Ok(statement)
}

/// Whether the statement is a query in words, and not one that the engine makes up, as for SHOW.
pub(crate) fn is_query(statement: &Statement) -> bool {
    matches!(innermost(statement), Some(Sql::Query(_)))
}

/// Where a statement names a table, by the name's parts joined with dots.
pub(crate) fn place_of_table(statement: &Statement, name: &str, sql: &str) -> Option<Place> {
    let mut places = Vec::new();
    let _: ControlFlow<()> = visit_relations(innermost(statement)?, |relation| {
        if joined(relation).eq_ignore_ascii_case(name) {
            places.extend(relation.0.first().and_then(|part| part.as_ident()).map(|ident| ident.span.start));
        }
        ControlFlow::Continue(())
    });
    let start = places.first()?;
    Place::new(sql, start.line, start.column)
}

fn joined(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(|part| part.as_ident());
    let parts: Vec<&str> = parts.map(|ident| ident.value.as_str()).collect();
    parts.join(".")
}

fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, QueryError> {
    Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().map_err(|error| QueryError::Syntax {
        message: diagnose::first_lower(&error.message),
        place: Place::new(sql, error.location.line, error.location.column),
    })
}

/// An expression tree is never deeper than the tokens between two commas, added up over the open brackets.
fn check_depth(tokens: &[TokenWithSpan], limits: &Limits) -> Result<(), QueryError> {
    let mut open = vec![0usize];
    let mut depth = 0usize;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::Comma | Token::SemiColon => depth -= open.last_mut().map_or(0, std::mem::take),
            Token::LParen | Token::LBracket | Token::LBrace => open.push(0),
            Token::RParen | Token::RBracket | Token::RBrace if open.len() > 1 => {
                depth -= open.pop().unwrap_or(0);
            }
            _ => {}
        }
        depth += 1;
        if let Some(tokens) = open.last_mut() {
            *tokens += 1;
        }
        check_one_depth(open.len() - 1, depth, limits)?;
    }
    Ok(())
}

fn check_one_depth(brackets: usize, tokens: usize, limits: &Limits) -> Result<(), QueryError> {
    if brackets > limits.open_brackets {
        let what = format!("more than {} brackets are open at once", limits.open_brackets);
        return Err(QueryError::TooComplex { what });
    }
    if tokens > limits.unbroken_tokens {
        let most = limits.unbroken_tokens;
        let what = format!(
            "more than {most} words and signs without a comma; write long alternatives as x IN (a, b, ...)"
        );
        return Err(QueryError::TooComplex { what });
    }
    Ok(())
}

fn parse(sql: &str, limits: &Limits) -> Result<Statement, QueryError> {
    let mut statements = DFParserBuilder::new(sql)
        .with_recursion_limit(limits.open_brackets + 10)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| diagnose::planning(error, sql, limits))?;
    match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(QueryError::Syntax { message: "the query is empty".into(), place: None }),
        (Some(_), _) => Err(QueryError::Forbidden { what: "more than one statement".into() }),
    }
}

fn permit(statement: &Statement) -> Result<(), QueryError> {
    let forbidden = |what: &str| Err(QueryError::Forbidden { what: what.to_owned() });
    match statement {
        Statement::Statement(sql) => match sql.as_ref() {
            Sql::Query(_)
            | Sql::ExplainTable { .. }
            | Sql::ShowTables { .. }
            | Sql::ShowColumns { .. }
            | Sql::ShowFunctions { .. } => Ok(()),
            other => forbidden(&first_words(&other.to_string())),
        },
        // It would tell of every file where it is and what it cost.
        Statement::Explain(explain) if explain.options.analyze && explain.options.verbose => {
            forbidden("EXPLAIN ANALYZE VERBOSE")
        }
        Statement::Explain(explain) => permit(&explain.statement),
        Statement::CreateExternalTable(_) => forbidden("CREATE EXTERNAL TABLE"),
        Statement::CopyTo(_) => forbidden("COPY"),
        Statement::Reset(_) => forbidden("RESET"),
    }
}

fn first_words(statement: &str) -> String {
    let words: Vec<&str> = statement.split_whitespace().take(2).collect();
    words.join(" ").chars().take(40).collect()
}

/// Common table expressions are expanded where they are used, so uses of uses multiply.
fn check_scans(statement: &Statement, limits: &Limits) -> Result<(), QueryError> {
    let mut names = Names::default();
    let _: ControlFlow<()> = match innermost(statement) {
        Some(sql) => sql.visit(&mut names),
        None => return Ok(()),
    };
    let uses = |cte: &String| names.relations.iter().filter(|name| *name == cte).count().max(1);
    let expanded =
        names.ctes.iter().map(uses).fold(names.relations.len(), |scans, uses| scans.saturating_mul(uses));
    if expanded > limits.scans {
        let what = format!("it reads tables {expanded} times, of {} permitted", limits.scans);
        return Err(QueryError::TooComplex { what });
    }
    Ok(())
}

fn innermost(statement: &Statement) -> Option<&Sql> {
    match statement {
        Statement::Statement(sql) => Some(sql),
        Statement::Explain(explain) => innermost(&explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => None,
    }
}

/// The same, to change it.
pub(crate) fn innermost_mut(statement: &mut Statement) -> Option<&mut Sql> {
    match statement {
        Statement::Statement(sql) => Some(sql),
        Statement::Explain(explain) => innermost_mut(&mut explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => None,
    }
}

/// The names of tables and common table expressions, in lower case.
#[derive(Default)]
struct Names {
    relations: Vec<String>,
    ctes: Vec<String>,
}

impl Visitor for Names {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.relations.push(joined(relation).to_lowercase());
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let name = |cte: &Cte| cte.alias.name.value.to_lowercase();
        self.ctes.extend(query.with.iter().flat_map(|with| with.cte_tables.iter().map(name)));
        ControlFlow::Continue(())
    }
}
