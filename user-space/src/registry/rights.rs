//! Who may do what to a table: the permission table of `api`, asked inside the transaction that makes the change.

use api::names::Username;
use api::permission::{Object, Role, Verb, may};
use sqlx::{Any, Transaction};

use super::rows::Found;
use super::store::Candidate;
use crate::error::SpaceError;
use crate::name::schema_of;
use crate::upload::Way;

/// Whether the permission table lets the actor store this.
pub(super) async fn permit(
    change: &mut Transaction<'_, Any>,
    new: &Candidate,
    table: Option<&Found>,
) -> Result<(), SpaceError> {
    let Some(table) = table else {
        let role = if new.actor == new.owner { Role::Owner } else { Role::Person };
        return allowed(role, Object::UserSchema, Verb::Create, &new.actor, (&new.owner, new.name.as_str()));
    };
    let role = role(change, &new.actor, &new.owner, &table.id).await?;
    let verb = match new.way {
        Way::Append | Way::CreateOrAppend => Verb::Append,
        Way::Replace => Verb::Replace,
        // Nothing becomes of the table; whether it is there may be known to whoever sees it.
        Way::Create | Way::Keep => Verb::Read,
    };
    allowed(role, Object::UserTable, verb, &new.actor, (&new.owner, new.name.as_str()))
}

/// Refuses what the permission table does not allow. Who may not even read hears nothing of the table.
pub(super) fn allowed(
    role: Role,
    object: Object,
    verb: Verb,
    actor: &Username,
    (owner, name): (&Username, &str),
) -> Result<(), SpaceError> {
    if may(role, object, verb) {
        return Ok(());
    }
    match may(role, object, Verb::Read) {
        true => Err(SpaceError::Shared { table: format!("{}.{name}", schema_of(owner)) }),
        false => Err(SpaceError::NotYours { schema: schema_of(owner), own: schema_of(actor) }),
    }
}

/// What somebody is to a table.
pub(super) async fn role(
    change: &mut Transaction<'_, Any>,
    actor: &Username,
    owner: &Username,
    table_id: &str,
) -> Result<Role, sqlx::Error> {
    if actor == owner {
        return Ok(Role::Owner);
    }
    let most = "SELECT MAX(s.may_write) FROM user_shares s JOIN user_group_members m ON s.group_id = m.group_id \
                WHERE s.table_id = $1 AND m.member = $2";
    let most = sqlx::query_scalar(most).bind(table_id).bind(actor.as_str());
    let most: Option<i64> = most.fetch_one(&mut **change).await?;
    Ok(match most {
        None => Role::Person,
        Some(1) => Role::Writer,
        Some(_) => Role::Reader,
    })
}
