//! Every role, with every verb, on tables of user space: what happens is what the permission table says, and what is
//! denied to strangers sounds like what was never there.

use api::permission::{Object, Role, Verb, may};
use test_postgres::Postgres;
use user_space::{Access, Group, SpaceError, UserSpace, Way};

use crate::world::{Home, batch, seen, store, table, user};

const ROLES: [Role; 5] = [Role::Anonymous, Role::Person, Role::Reader, Role::Writer, Role::Owner];

/// Maria's table, shared with a group that reads and one that writes.
async fn shared_space(home: &Home) -> UserSpace {
    let space = home.open().await;
    store(&space, "stars", Way::Create, [1]).await.expect("stored");
    for (member, access) in [("reader", Access::Read), ("writer", Access::Write)] {
        let group = Group {
            id: String::new(),
            owner: user("maria"),
            title: member.to_owned(),
            description: String::new(),
            members: vec![user(member)],
        };
        let group = space.set_group(&group).await.expect("a group");
        space.share(&user("maria"), &table("stars"), &group, access, "").await.expect("shared");
    }
    space
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Anonymous => "anonymous",
        Role::Person | Role::Member => "vera",
        Role::Reader => "reader",
        Role::Writer => "writer",
        Role::Owner => "maria",
    }
}

/// Does it, to a table that may be there or not.
async fn act(space: &UserSpace, role: Role, verb: Verb, on: &str) -> Result<bool, SpaceError> {
    let (actor, owner, rows) = (user(name(role)), user("maria"), batch([2]));
    let store = async |way| {
        let upload = space.upload(&actor, &owner, &table(on), way, &rows.schema()).await?;
        let Some(mut upload) = upload else { return Ok(false) };
        upload.write(&rows)?;
        upload.finish().await.map(|_| true)
    };
    match verb {
        Verb::Read => {
            Ok(seen(space, name(role)).await.iter().any(|(seen, _)| *seen == format!("user_maria.{on}")))
        }
        Verb::Create => store(Way::Create).await,
        Verb::Append => store(Way::Append).await,
        Verb::Replace => store(Way::Replace).await,
        Verb::Drop => space.drop_table(&actor, &owner, &table(on)).await,
        // These take the owner alone, so that a server has nobody else to name.
        Verb::Describe => space.describe(&actor, &table(on), &[]).await.map(|()| true),
        Verb::Share => {
            let groups = space.groups(&actor).await?;
            let group = groups.first().map_or("none", |group| group.id.as_str());
            space.share(&actor, &table(on), group, Access::Read, "").await.map(|()| true)
        }
    }
}

#[tokio::test]
async fn the_space_does_what_the_permission_table_says() {
    let _running = Postgres::start();
    for role in ROLES {
        for verb in Verb::ALL {
            for home in Home::both() {
                let space = shared_space(&home).await;
                let (object, on) = match verb {
                    Verb::Create => (Object::UserSchema, "new"),
                    _ => (Object::UserTable, "stars"),
                };
                let done = act(&space, role, verb, on).await;
                assert_eq!(matches!(done, Ok(true)), may(role, object, verb), "{role:?} {verb:?}: {done:?}");
            }
        }
    }
}

#[tokio::test]
async fn to_strangers_what_is_denied_sounds_like_what_was_never_there() {
    let _running = Postgres::start();
    for role in [Role::Anonymous, Role::Person] {
        for verb in Verb::ALL {
            for home in Home::both() {
                let space = shared_space(&home).await;
                let told = async |on: &str| {
                    let told = act(&space, role, verb, on).await;
                    format!("{:?}", told.map_err(|error| error.to_string())).replace(on, "TABLE")
                };
                assert_eq!(told("stars").await, told("never").await, "{role:?} {verb:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_longer_shared_is_gone() {
    for home in Home::both() {
        let space = shared_space(&home).await;
        assert_eq!(seen(&space, "reader").await.len(), 1);
        let shares = space.shares(&user("reader")).await.expect("one share");
        assert_eq!(shares.len(), 1);
        assert!(!space.stop_sharing(&user("reader"), &shares[0].id).await.expect("only the owner may"));
        assert!(space.stop_sharing(&user("maria"), &shares[0].id).await.expect("stopped"));
        assert_eq!(seen(&space, "reader").await, []);
        let writers = space.groups(&user("writer")).await.expect("one group");
        assert!(space.drop_group(&user("maria"), &writers[0].id).await.expect("removed"));
        assert_eq!(seen(&space, "writer").await, []);
        assert_eq!(seen(&space, "maria").await.len(), 1);
    }
}

#[tokio::test]
async fn a_member_who_leaves_the_group_sees_its_tables_no_more() {
    for home in Home::both() {
        let space = shared_space(&home).await;
        let mut group = space.groups(&user("reader")).await.expect("one group").remove(0);
        group.members.clear();
        space.set_group(&group).await.expect("changed");
        assert_eq!(seen(&space, "reader").await, []);
    }
}
