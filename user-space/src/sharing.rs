//! Groups, and the tables that their owners share with them. A group is its maker's, who says who is in it; a table
//! is shared by its owner, with groups that the owner made or is in.

use api::names::Username;

use crate::error::SpaceError;
use crate::name::{TableName, excerpt};
use crate::space::UserSpace;

/// Longest title or description, in bytes.
const TEXT_BYTES: usize = 1_000;

/// People who see something together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number, as text.
    pub id: String,
    /// Who made it.
    pub owner: Username,
    /// What its maker calls it.
    pub title: String,
    /// What it is for.
    pub description: String,
    /// Who is in it; the owner only if named.
    pub members: Vec<Username>,
}

/// What the members of a group may do with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// See and query it.
    Read,
    /// Append to it and replace it, too.
    Write,
}

/// A table that is shared with a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its number, as text.
    pub id: String,
    /// The table's owner.
    pub owner: Username,
    /// The table.
    pub table: String,
    /// The group.
    pub group: String,
    /// What the owner says about it.
    pub description: String,
    /// What members may do.
    pub access: Access,
}

impl UserSpace {
    /// The groups that a user made or is in.
    pub async fn groups(&self, user: &Username) -> Result<Vec<Group>, SpaceError> {
        Ok(self.registry().groups(user).await?)
    }

    /// Makes a group, or changes the one of this number; its number.
    pub async fn set_group(&self, group: &Group) -> Result<String, SpaceError> {
        let Group { title, description, members, .. } = group;
        if title.trim().is_empty() || title.len() > TEXT_BYTES || description.len() > TEXT_BYTES {
            return Err(SpaceError::GroupText { most: TEXT_BYTES });
        }
        if members.len() > self.limits().group_members {
            return Err(SpaceError::TooManyMembers { limit: self.limits().group_members });
        }
        self.registry().set_group(group, self.limits().user_groups).await
    }

    /// Removes a group, and with it what was shared with it. False where the user made no such group.
    pub async fn drop_group(&self, owner: &Username, id: &str) -> Result<bool, SpaceError> {
        Ok(self.registry().drop_group(owner, id).await?)
    }

    /// Shares a table of `owner` with a group, or changes how.
    pub async fn share(
        &self,
        owner: &Username,
        table: &TableName,
        group: &str,
        access: Access,
        description: &str,
    ) -> Result<(), SpaceError> {
        if !self.groups(owner).await?.iter().any(|known| known.id == group) {
            return Err(SpaceError::NoGroup { group: excerpt(group) });
        }
        let share = Share {
            id: uuid::Uuid::new_v4().simple().to_string(),
            owner: owner.clone(),
            table: table.as_str().to_owned(),
            group: group.to_owned(),
            description: description.chars().take(TEXT_BYTES).collect(),
            access,
        };
        self.registry().share(&share).await
    }

    /// Shares a table no more. False where the user shares nothing of this number.
    pub async fn stop_sharing(&self, owner: &Username, id: &str) -> Result<bool, SpaceError> {
        Ok(self.registry().stop_sharing(owner, id).await?)
    }

    /// What a user shares, and what others share with the user.
    pub async fn shares(&self, user: &Username) -> Result<Vec<Share>, SpaceError> {
        Ok(self.registry().shares(user).await?)
    }
}
