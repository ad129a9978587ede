//! `/tables`: people's tables as nodes, below their owners' names; a node for each table that the caller sees. Others are not
//! there, whether they exist or not. `rows` has what is in them. Who may do what is decided by the user space.

mod rows;

use std::ffi::OsString;

use api::names::Username;
use audit::Verb;
use jiff::Timestamp;
use user_space::home::Change;
use user_space::{Listed, TableName, UserSpace};

use super::Space;
use super::address::{Authority, Place};
use super::fault::Fault;
use super::node::{Node, NodeKind, Page, fixed};
use super::property::{Property, TYPE, core, time};
use super::view;
use crate::app::App;
use crate::format::OFFERS;
use crate::refusal::Refusal;
use crate::witness;

/// The tables that a person sees, as nodes.
pub(super) struct Tables<'a> {
    app: &'a App,
    authority: &'a Authority,
    space: &'a UserSpace,
    person: &'a Username,
}

impl<'a> Tables<'a> {
    /// Those of a person, where this server has tables of people.
    pub(super) fn of(app: &'a App, space: &'a Space, person: &'a Username) -> Result<Self, Fault> {
        let none = || Refusal::NotFound { what: "user space on this server".to_owned() };
        let tables = app.space.as_ref().ok_or_else(none)?;
        Ok(Self { app, authority: &space.authority, space: tables, person })
    }

    /// The node at a place of tables, with a page of what is in it.
    pub(super) async fn node(&self, place: &Place, page: &Page) -> Result<Node, Fault> {
        match place {
            Place::TablesOf(owner) => {
                let tables = self.listed().await?.into_iter().filter(|table| table.owner == *owner);
                let nodes = tables.map(|table| (table.name.clone().into(), self.of_table(&table)));
                let nodes: Vec<_> = nodes.collect();
                match nodes.is_empty() && owner != self.person {
                    true => Err(self.missing(place)),
                    false => Ok(self.container(place, nodes, page)),
                }
            }
            Place::Table(owner, name) => Ok(self.of_table(&self.table(owner, name).await?)),
            _ => {
                let mut owners: Vec<Username> =
                    self.listed().await?.into_iter().map(|table| table.owner).collect();
                owners.push(self.person.clone());
                owners.sort();
                owners.dedup();
                let node = |owner: Username| {
                    let name = OsString::from(owner.as_str());
                    (name, fixed(self.authority, &Place::TablesOf(owner), &[]))
                };
                Ok(self.container(place, owners.into_iter().map(node).collect(), page))
            }
        }
    }

    /// A table that the person sees.
    pub(super) async fn table(&self, owner: &Username, name: &TableName) -> Result<Listed, Fault> {
        let table = self.space.listed_table(self.person, owner, name).await.map_err(Refusal::from)?;
        table.ok_or_else(|| self.missing(&Place::Table(owner.clone(), name.clone())))
    }

    /// Changes the description of a table, of which nothing else can be said.
    pub(super) async fn describe(
        &self,
        owner: &Username,
        name: &TableName,
        changes: &[Change],
    ) -> Result<(), Fault> {
        self.table(owner, name).await?;
        if owner != self.person {
            return Err(Fault::NotYours);
        }
        for Change { property, value } in changes {
            if *property != core(DESCRIPTION) {
                let what = format!("a table has {} and no other property that people set", core(DESCRIPTION));
                return Err(Fault::InvalidArgument { what });
            }
            self.space.describe_table(owner, name, value.as_deref()).await.map_err(Refusal::from)?;
        }
        Ok(())
    }

    /// Drops a table.
    pub(super) async fn drop(&self, owner: &Username, name: &TableName) -> Result<(), Fault> {
        let dropping = async {
            let dropped = self.space.drop_table(self.person, owner, name).await?;
            let missing = || Refusal::NotFound { what: format!("table {name} of {owner}") };
            if dropped { Ok(0) } else { Err(missing()) }
        };
        witness::change(self.app, self.person, Verb::Drop, (owner, name), dropping).await?;
        Ok(())
    }

    /// Gives a table another name.
    pub(super) async fn rename(&self, from: &Place, to: &Place) -> Result<(), Fault> {
        let (Place::Table(owner, name), Place::Table(new_owner, new_name)) = (from, to) else {
            return Err(Fault::NoFile);
        };
        self.table(owner, name).await?;
        if owner != self.person || new_owner != owner {
            return Err(Fault::NotYours);
        }
        let renamed = self.space.rename(owner, name, new_name, &[]).await;
        Ok(renamed.map_err(Refusal::from)?)
    }

    async fn listed(&self) -> Result<Vec<Listed>, Fault> {
        Ok(self.space.listed(self.person).await.map_err(Refusal::from)?)
    }

    fn missing(&self, place: &Place) -> Fault {
        Fault::NodeNotFound { uri: self.authority.identifier(place) }
    }

    fn container(&self, place: &Place, nodes: Vec<(OsString, Node)>, page: &Page) -> Node {
        let first = page.from.as_ref().map_or(0, |from| nodes.partition_point(|(name, _)| name < from));
        let nodes = nodes.into_iter().skip(first).take(page.nodes).map(|(_, node)| node);
        Node { kind: NodeKind::Container(nodes.collect()), ..fixed(self.authority, place, &[]) }
    }

    fn of_table(&self, table: &Listed) -> Node {
        let Listed { owner, name, description, columns, rows, bytes, changed_at } = table;
        let changed = time(Timestamp::from_second(*changed_at).unwrap_or_default());
        let number =
            |name: &str, value: String| Property { uri: self.authority.own(name), value, read_only: true };
        let described = description.iter().map(|text| Property {
            uri: core(DESCRIPTION),
            value: text.clone(),
            read_only: owner != self.person,
        });
        let media_type = OFFERS[0].media_type.to_owned();
        let said = [
            Property::of_service("creator", owner),
            Property::of_service("date", &changed),
            Property::of_service("mtime", &changed),
            number("columns", columns.to_string()),
            number("rows", rows.to_string()),
            number("bytes", bytes.to_string()),
            Property { uri: TYPE.to_owned(), value: media_type, read_only: true },
        ];
        Node {
            uri: format!("{}/{name}", self.authority.identifier(&Place::TablesOf(owner.clone()))),
            kind: NodeKind::Table {
                accepts: view::taken(self.authority),
                provides: view::given(self.authority),
            },
            properties: said.into_iter().chain(described).collect(),
        }
    }
}

/// The standard property that people set.
const DESCRIPTION: &str = "description";
