//! Power fails at every step of every change, and what was not flushed is lost: every acknowledged table is there and
//! whole afterwards, nothing else can be seen, and no file is left over.

use test_postgres::Postgres;
use user_space::{SpaceError, UserSpace, Way};

use crate::forgetful::{ForgetfulDisk, Loss};
use crate::world::{Home, seen, store, table, user};

/// A change, and what maria may see after it failed or succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Create,
    Append,
    Replace,
    Drop,
}

type Tables = Vec<(String, Vec<i64>)>;

fn tables(values: &[(&str, std::ops::Range<i64>)]) -> Tables {
    values.iter().map(|(name, values)| (format!("user_maria.{name}"), values.clone().collect())).collect()
}

impl Change {
    const ALL: [Self; 4] = [Self::Create, Self::Append, Self::Replace, Self::Drop];

    async fn make(self, space: &UserSpace) -> Result<(), SpaceError> {
        match self {
            Self::Create => store(space, "new", Way::Create, 0..3_000).await.map(drop),
            Self::Append => store(space, "old", Way::Append, 100..3_000).await.map(drop),
            Self::Replace => store(space, "old", Way::Replace, 5_000..9_000).await.map(drop),
            Self::Drop => space.drop_table(&user("maria"), &user("maria"), &table("old")).await.map(drop),
        }
    }

    fn before() -> Tables {
        tables(&[("old", 0..100)])
    }

    fn after(self) -> Tables {
        match self {
            Self::Create => tables(&[("new", 0..3_000), ("old", 0..100)]),
            Self::Append => tables(&[("old", 0..3_000)]),
            Self::Replace => tables(&[("old", 5_000..9_000)]),
            Self::Drop => Vec::new(),
        }
    }
}

/// Makes a change on a disk that fails after some more steps; what came of it, and the steps that it took.
async fn cut(home: &Home, change: Change, after: usize, loss: Loss) -> (Result<(), SpaceError>, usize) {
    let disk = ForgetfulDisk::default();
    let space = home.open_on(std::sync::Arc::new(disk.clone())).await.expect("a user space");
    store(&space, "old", Way::Create, 0..100).await.expect("stored before");
    let before = disk.steps();
    disk.fail_after(after);
    let outcome = change.make(&space).await;
    let steps = disk.steps() - before;
    space.close().await;
    drop(space);
    disk.forget(loss);
    (outcome, steps)
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_half_made_is_seen() {
    let _running = Postgres::start();
    let mut cuts = 0;
    for change in Change::ALL {
        for loss in Loss::ALL {
            let mut after = 0;
            while cut_everywhere(change, loss, after).await {
                (after, cuts) = (after + 1, cuts + 1);
            }
        }
    }
    assert!(cuts > 50, "only {cuts} cuts were tried");
}

/// Whether there were more steps to cut.
async fn cut_everywhere(change: Change, loss: Loss, after: usize) -> bool {
    // What the disk forgets is the same for both databases, and a new one of PostgreSQL takes its time.
    let homes = match loss {
        Loss::Everything => Home::both().into(),
        _ => vec![Home::sqlite()],
    };
    let mut more = false;
    for home in homes {
        let (outcome, steps) = cut(&home, change, after, loss).await;
        let space = home.open().await;
        let found = seen(&space, "maria").await;
        let case = format!("{change:?}, {loss:?}, cut after {after} steps: {outcome:?}");
        match outcome {
            Ok(()) => assert_eq!(found, change.after(), "{case}"),
            Err(_) => assert_eq!(found, Change::before(), "{case}"),
        }
        let expected = if found.is_empty() { 0 } else { found.len() + usize::from(appended(&found)) };
        assert_eq!(home.files(), expected, "{case}");
        space.close().await;
        more |= after < steps;
    }
    more
}

/// Whether the table is the one that was appended to, which has two files.
fn appended(tables: &Tables) -> bool {
    *tables == Change::Append.after()
}

#[tokio::test]
async fn a_start_on_a_broken_disk_says_so_and_loses_nothing() {
    for home in Home::both() {
        let (outcome, _) = cut(&home, Change::Create, 2, Loss::Nothing).await;
        outcome.expect_err("the disk failed");
        assert!(home.files() > 1, "something has to be left over");
        let broken = ForgetfulDisk::failing_at(Some(0));
        let refused = home.open_on(std::sync::Arc::new(broken)).await.err().expect("it cannot sweep");
        assert!(matches!(refused, SpaceError::Disk(_)), "{refused}");
        let space = home.open().await;
        assert_eq!((seen(&space, "maria").await, home.files()), (Change::before(), 1));
    }
}

#[tokio::test]
async fn a_start_leaves_alone_what_another_server_is_writing() {
    for home in Home::both() {
        let (first, rows) = (home.open().await, crate::world::batch(0..10));
        let upload =
            first.upload(&user("maria"), &user("maria"), &table("t"), Way::Create, &rows.schema()).await;
        let mut upload = upload.expect("it begins").expect("there is something to do");
        let second = home.open().await;
        upload.write(&rows).expect("written");
        upload.finish().await.expect("nobody took the file away");
        assert_eq!(seen(&second, "maria").await[0].1.len(), 10);
    }
}
