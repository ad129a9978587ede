//! `tap/share` (TAP+): groups, and the tables that are shared with them, as astroquery asks and says it.
//!
//! astroquery sends plain text where a form would be encoded, so a description with `&` in it is cut there.

use api::names::Username;
use axum::extract::{Request, State};
use axum::response::Response;
use quick_xml::escape::escape;
use user_space::{Access, Group, Share, UserSpace, schema_of};

use super::{own, space};
use crate::app::App;
use crate::dali::{self, Answer, printable};
use crate::identity::Caller;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::vosi::XML;

/// `GET tap/share?action=GetGroups` and `GetSharedItems`.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let (user, space) = (caller.person()?.clone(), space(&app)?);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    let list = match parameters.required("ACTION")?.to_ascii_lowercase().as_str() {
        "getgroups" => {
            element("sharedGroups", "", &space.groups(&user).await?.iter().map(group_xml).collect::<String>())
        }
        "getshareditems" => {
            let items = space.shares(&user).await?;
            element("sharedItems", "", &items.iter().map(|share| share_xml(share, &user)).collect::<String>())
        }
        other => return Err(no_action(other).into()),
    };
    Ok(dali::document(XML, format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{list}")))
}

/// `POST tap/share` with an action: what astroquery's `share_...` methods send.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Answer> {
    let (user, space) = (caller.person()?.clone(), space(&app)?);
    let parameters = Parameters::read(request, &app.config.traffic).await?;
    match parameters.required("ACTION")?.to_ascii_lowercase().as_str() {
        "createorupdategroup" => set_group(space, user, &parameters).await?,
        "removegroup" => {
            let id = parameters.required("GROUP_ID")?;
            found(space.drop_group(&user, id).await?, "group", id)?;
        }
        "createorupdateitem" => share(space, &user, &parameters).await?,
        "removeitem" => {
            let id = parameters.required("RESOURCE_ID")?;
            found(space.stop_sharing(&user, id).await?, "shared item", id)?;
        }
        other => return Err(no_action(other).into()),
    }
    Ok(dali::text("done\n"))
}

async fn set_group(space: &UserSpace, owner: Username, parameters: &Parameters) -> Result<(), Refusal> {
    let members = parameters.get("USERS_LIST").unwrap_or_default().split(',');
    let members = members.map(str::trim).filter(|member| !member.is_empty()).map(|member| {
        member.parse().map_err(|_| Refusal::NotFound { what: format!("user {}", shortened(member)) })
    });
    let text = |name: &'static str| parameters.get(name).unwrap_or_default().to_owned();
    let group = Group {
        id: text("GROUP_ID"),
        owner,
        title: text("TITLE"),
        description: text("DESCRIPTION"),
        members: members.collect::<Result<_, _>>()?,
    };
    Ok(space.set_group(&group).await.map(drop)?)
}

/// `items_list` is `group|Group|Read`, and commas between several.
async fn share(space: &UserSpace, owner: &Username, parameters: &Parameters) -> Result<(), Refusal> {
    let table = own(owner, parameters.required("TITLE")?)?;
    let description = parameters.get("DESCRIPTION").unwrap_or_default();
    for item in parameters.required("ITEMS_LIST")?.split(',') {
        let parts: Vec<&str> = item.split('|').map(str::trim).collect();
        let (group, access) = match parts.as_slice() {
            [group, kind, mode] if kind.eq_ignore_ascii_case("group") => (*group, access(mode)),
            _ => (item, None),
        };
        let access = access.ok_or_else(|| Refusal::Value {
            name: "items_list",
            value: shortened(item),
            hint: "it is group|Group|Read or group|Group|Write".to_owned(),
        })?;
        space.share(owner, &table, group, access, description).await?;
    }
    Ok(())
}

fn access(mode: &str) -> Option<Access> {
    match mode.to_ascii_lowercase().as_str() {
        "read" => Some(Access::Read),
        "write" => Some(Access::Write),
        _ => None,
    }
}

fn group_xml(group: &Group) -> String {
    let Group { id, owner, title, description, members } = group;
    let user = |member: &Username| format!("<user id=\"{member}\" name=\"{member}\"/>");
    let users = members.iter().map(user).collect::<String>();
    let inside = text("title", title) + &text("description", description) + &element("users", "", &users);
    element("sharedGroup", &format!(" id=\"{id}\" owner=\"{owner}\""), &inside)
}

fn share_xml(share: &Share, user: &Username) -> String {
    let Share { id, owner, table, group, description, access } = share;
    let mode = match access {
        Access::Read => "Read",
        Access::Write => "Write",
    };
    let to = format!(" shareTo=\"{group}\" shareType=\"Group\" shareMode=\"{mode}\"");
    let relation = if owner == user { "owner" } else { "member" };
    let inside = text("title", &format!("{}.{table}", schema_of(owner)))
        + &text("description", description)
        + &element("sharedToItems", "", &element("sharedToItem", &to, ""));
    element("sharedItem", &format!(" id=\"{id}\" type=\"0\" relation=\"{relation}\""), &inside)
}

fn element(name: &str, attributes: &str, inside: &str) -> String {
    format!("<{name}{attributes}>{inside}</{name}>\n")
}

fn text(name: &str, text: &str) -> String {
    element(name, "", &escape(printable(text)))
}

fn found(found: bool, what: &str, id: &str) -> Result<(), Refusal> {
    match found {
        true => Ok(()),
        false => Err(Refusal::NotFound { what: format!("{what} {} of yours", shortened(id)) }),
    }
}

fn no_action(action: &str) -> Refusal {
    let hint =
        "it is GetGroups, GetSharedItems, CreateOrUpdateGroup, RemoveGroup, CreateOrUpdateItem or RemoveItem";
    Refusal::Value { name: "action", value: shortened(action), hint: hint.to_owned() }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
