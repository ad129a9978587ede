//! `POST /tap-server/TableTool`: what a table's columns are, and what a table is called.

use axum::extract::{Request, State};
use axum::response::Response;
use user_space::{ColumnNote, TableName, schema_of};

use super::{own, space};
use crate::app::App;
use crate::dali::{self, Answer};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use api::names::Username;

/// Absent values arrive as astroquery prints them.
const NONE: &str = "None";

/// Renames a table (`rename`), describes its columns (`edit`), or says which are its position (`radec`).
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let (owner, space) = (caller.person()?.clone(), space(&app)?);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let action = parameters.required("ACTION")?.to_ascii_lowercase();
    match action.as_str() {
        "rename" => {
            let name = table(&owner, &parameters, "TABLE_NAME")?;
            let new_name = table(&owner, &parameters, "NEW_TABLE_NAME")?;
            let columns = new_names(parameters.get("NEW_COLUMN_NAMES").unwrap_or_default())?;
            space.rename(&owner, &name, &new_name, &columns).await?;
        }
        "edit" => {
            let name = table(&owner, &parameters, "TABLE0")?;
            space.describe(&owner, &name, &notes(&parameters)?).await?;
        }
        "radec" => {
            let name = table(&owner, &parameters, "TABLE_NAME")?;
            let position = [("RA", "Ra", "pos.eq.ra;meta.main"), ("DEC", "Dec", "pos.eq.dec;meta.main")];
            let note = |(parameter, flag, ucd): (&'static str, &str, &str)| {
                let column = parameters.required(parameter)?.to_owned();
                Ok(ColumnNote {
                    column,
                    flag: Some(flag.to_owned()),
                    ucd: Some(ucd.to_owned()),
                    ..ColumnNote::default()
                })
            };
            let notes: Vec<ColumnNote> = position.into_iter().map(note).collect::<Result<_, Refusal>>()?;
            space.describe(&owner, &name, &notes).await?;
        }
        other => {
            let hint = "it is rename, edit or radec".to_owned();
            return Err(
                Refusal::Value { name: "ACTION", value: other.chars().take(80).collect(), hint }.into()
            );
        }
    }
    Ok(dali::text(format!("{}: done\n", schema_of(&owner))))
}

fn table(owner: &Username, parameters: &Parameters, name: &'static str) -> Result<TableName, Refusal> {
    own(owner, parameters.required(name)?)
}

/// `old:new,old:new`
fn new_names(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |pair: &str| {
        let (old, new) = pair.split_once(':').ok_or_else(|| Refusal::Value {
            name: "new_column_names",
            value: pair.chars().take(80).collect(),
            hint: "it is old:new, and commas between several".to_owned(),
        })?;
        Ok((old.trim().to_owned(), new.trim().to_owned()))
    };
    text.split(',').filter(|text| !text.trim().is_empty()).map(pair).collect()
}

/// What the form says about the columns of its first table.
fn notes(parameters: &Parameters) -> Result<Vec<ColumnNote>, Refusal> {
    let count = parameters.required("TABLE0_NUMCOLS")?;
    let count: usize = count.parse().map_err(|_| Refusal::Value {
        name: "TABLE0_NUMCOLS",
        value: count.chars().take(80).collect(),
        hint: "it is a number".to_owned(),
    })?;
    let said = |index: usize, what: &str| {
        let name = format!("TABLE0_COL{index}{what}");
        parameters.get(&name).map(str::to_owned)
    };
    let note = |index: usize| {
        let column = said(index, "")?;
        let value =
            |what: &str| said(index, what).map(|value| if value == NONE { String::new() } else { value });
        Some(ColumnNote { column, ucd: value("_UCD"), utype: value("_UTYPE"), flag: value("_FLAGS") })
    };
    Ok((0..count.min(parameters.pairs().len())).filter_map(note).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_values_are_empty_and_columns_are_counted() {
        let pairs = [
            ("TABLE0_NUMCOLS", "2"),
            ("TABLE0_COL0", "ra"),
            ("TABLE0_COL0_UCD", "pos.eq.ra"),
            ("TABLE0_COL0_UTYPE", "None"),
            ("TABLE0_COL0_FLAGS", "Ra"),
            ("TABLE0_COL1", "n"),
        ];
        let parameters = Parameters::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let ra = ColumnNote {
            column: "ra".into(),
            ucd: Some("pos.eq.ra".into()),
            utype: Some(String::new()),
            flag: Some("Ra".into()),
        };
        let n = ColumnNote { column: "n".into(), ..ColumnNote::default() };
        assert_eq!(notes(&parameters).expect("a form"), [ra, n]);
    }

    #[test]
    fn new_names_are_pairs() {
        let names = new_names("a:b, c:d").expect("pairs");
        assert_eq!(names, [("a".to_owned(), "b".to_owned()), ("c".to_owned(), "d".to_owned())]);
        assert!(new_names("a").is_err());
    }
}
