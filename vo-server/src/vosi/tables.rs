//! `GET /tables` (VOSI 1.1 section 5), with the attributes that the Gaia archive adds and astroquery needs.

use std::collections::BTreeSet;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::XML;
use crate::app::App;
use crate::columns::Column;
use crate::dali::{self, Answer};
use crate::identity::Caller;
use crate::listing::{self, Key, Listed};
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::routes::public_url;
use crate::tap_schema::about_schema;

/// The namespace of the archive's attributes.
const ESA: &str = "http://esa.int/xml/EsaTapPlus";

/// `GET /tables`: all, or those that `tables=a.b,c.d` names; without columns for `detail=min` and `only_tables=true`.
pub(crate) async fn all(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let base = public_url(&app, request.headers());
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let only_names = parameters.get("detail").is_some_and(|detail| detail.eq_ignore_ascii_case("min"))
        || parameters.get("only_tables").is_some_and(|only| only.eq_ignore_ascii_case("true"));
    let mut tables = listing::tables(&app, &caller).await.map_err(Refusal::from)?;
    if let Some(asked) = parameters.get("tables") {
        let names: Vec<&str> = asked.split(',').map(str::trim).collect();
        tables.retain(|table| names.iter().any(|name| name.eq_ignore_ascii_case(&table.name)));
        if tables.is_empty() {
            return Err(no_table(asked).into());
        }
    }
    Ok(dali::document(XML, tableset(&tables, !only_names, &base)?))
}

/// `GET /tables/{name}`: one table.
pub(crate) async fn one(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Answer> {
    let tables = listing::tables(&app, &caller).await.map_err(Refusal::from)?;
    let table = tables.iter().find(|table| table.name.eq_ignore_ascii_case(&name));
    let table = table.ok_or_else(|| no_table(&name))?;
    let mut xml = start();
    let base = public_url(&app, request.headers());
    write_table(&mut xml, "vosi:table", table, true, &listing::keys(&tables), &namespaces(&base))
        .map_err(Refusal::from_io)?;
    Ok(dali::document(XML, xml.into_inner()))
}

fn no_table(name: &str) -> Refusal {
    let name: String = name.chars().take(80).collect();
    Refusal::NotFound { what: format!("table {name}: /tables without a name lists them") }
}

fn start() -> Writer<Vec<u8>> {
    Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 1)
}

fn namespaces(base: &str) -> Vec<(&'static str, String)> {
    vec![
        ("xmlns:vosi", "http://www.ivoa.net/xml/VOSITables/v1.0".to_owned()),
        ("xmlns:vs", "http://www.ivoa.net/xml/VODataService/v1.1".to_owned()),
        ("xmlns:esatapplus", ESA.to_owned()),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance".to_owned()),
        // Whoever validates finds the attributes declared there.
        ("xsi:schemaLocation", format!("{ESA} {base}/tap-server/esatapplus.xsd")),
    ]
}

fn tableset(tables: &[Listed], with_columns: bool, base: &str) -> Result<Vec<u8>, Refusal> {
    let mut xml = start();
    let mut root = xml.create_element("vosi:tableset");
    let namespaces = namespaces(base);
    for (name, value) in &namespaces {
        root = root.with_attribute((*name, value.as_str()));
    }
    let keys = listing::keys(tables);
    let schemas: BTreeSet<&str> = tables.iter().map(|table| table.schema.as_str()).collect();
    let written = root.write_inner_content(|xml| {
        for schema in schemas {
            xml.create_element("schema").write_inner_content(|xml| {
                text(xml, "name", schema)?;
                text(xml, "description", about_schema(schema))?;
                let of_schema = tables.iter().filter(|table| table.schema == schema);
                of_schema
                    .into_iter()
                    .try_for_each(|table| write_table(xml, "table", table, with_columns, &keys, &[]))
            })?;
        }
        Ok(())
    });
    written.map_err(Refusal::from_io)?;
    Ok(xml.into_inner())
}

fn write_table(
    xml: &mut Writer<Vec<u8>>,
    element: &str,
    table: &Listed,
    with_columns: bool,
    keys: &[Key],
    namespaces: &[(&'static str, String)],
) -> std::io::Result<()> {
    let mut table_element = xml.create_element(element).with_attribute(("type", "table"));
    for (name, value) in namespaces {
        table_element = table_element.with_attribute((*name, value.as_str()));
    }
    let columns: &[Column] = if with_columns { &table.columns } else { &[] };
    table_element.write_inner_content(|xml| {
        text(xml, "name", &table.name)?;
        text(xml, "description", &table.description)?;
        columns.iter().try_for_each(|column| write_column(xml, column))?;
        let keys = keys.iter().filter(|key| with_columns && key.from[0] == table.name);
        keys.into_iter().try_for_each(|key| write_key(xml, key))
    })?;
    Ok(())
}

fn write_key(xml: &mut Writer<Vec<u8>>, key: &Key) -> std::io::Result<()> {
    xml.create_element("foreignKey").write_inner_content(|xml| {
        text(xml, "targetTable", &key.target[0])?;
        xml.create_element("fkColumn").write_inner_content(|xml| {
            text(xml, "fromColumn", &key.from[1])?;
            text(xml, "targetColumn", &key.target[1])
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_column(xml: &mut Writer<Vec<u8>>, column: &Column) -> std::io::Result<()> {
    let flags = column.flags().to_string();
    let element = xml.create_element("column").with_attribute(("esatapplus:flags", flags.as_str()));
    element.write_inner_content(|xml| {
        text(xml, "name", &column.adql_name())?;
        text(xml, "description", &column.description)?;
        text(xml, "unit", &column.unit)?;
        text(xml, "ucd", &column.ucd)?;
        text(xml, "utype", &column.utype)?;
        let mut data_type = xml.create_element("dataType").with_attribute(("xsi:type", "vs:VOTableType"));
        if let Some(size) = column.arraysize() {
            data_type = data_type.with_attribute(("arraysize", size.as_str()));
        }
        data_type.write_text_content(BytesText::new(column.kind.votable()))?;
        if column.is_indexed() {
            text(xml, "flag", "indexed")?;
        }
        if column.is_principal() {
            text(xml, "flag", "principal")?;
        }
        Ok(())
    })?;
    Ok(())
}

/// An element with a text; nothing for an empty one.
fn text(xml: &mut Writer<Vec<u8>>, element: &str, value: &str) -> std::io::Result<()> {
    if !value.is_empty() {
        xml.create_element(element).write_text_content(BytesText::new(value))?;
    }
    Ok(())
}

/// `GET /esatapplus.xsd`: the attributes that astroquery needs, declared for those who validate.
pub(crate) async fn schema_of_attributes() -> Response {
    dali::document(XML, include_str!("esatapplus.xsd"))
}
