//! Tables are made, replaced, appended to and dropped; by their owner, and within limits.

use arrow_schema::{DataType, Field, Schema};
use catalogue::engine::UserTables;
use futures::future::join_all;
use user_space::{SpaceError, SpaceLimits, Way};

use crate::world::{Home, batch, seen, store, table, user};

#[tokio::test]
async fn a_table_is_its_owners_and_survives_a_restart() {
    for home in Home::both() {
        let space = home.open().await;
        store(&space, "stars", Way::Create, 0..5).await.expect("stored");
        space.close().await;
        let space = home.open().await;
        assert_eq!(seen(&space, "maria").await, [("user_maria.stars".to_owned(), vec![0, 1, 2, 3, 4])]);
        assert_eq!(seen(&space, "vera").await, []);
        assert_eq!(seen(&space, "anonymous").await, []);
    }
}

#[tokio::test]
async fn each_way_of_storing_does_what_it_says() {
    for home in Home::both() {
        let space = home.open().await;
        let missing = store(&space, "t", Way::Append, [1]).await.expect_err("no table yet");
        assert_eq!(missing.to_string(), "no such table user_maria.t");
        store(&space, "t", Way::CreateOrAppend, [1]).await.expect("created");
        store(&space, "t", Way::CreateOrAppend, [2]).await.expect("appended");
        store(&space, "t", Way::Append, [3]).await.expect("appended");
        let exists = store(&space, "T", Way::Create, [4]).await.expect_err("it exists");
        assert!(matches!(exists, SpaceError::Exists { .. }), "{exists}");
        assert_eq!(store(&space, "t", Way::Keep, [5]).await.expect("kept").rows, 0);
        assert_eq!(seen(&space, "maria").await[0].1, [1, 2, 3]);
        store(&space, "t", Way::Replace, [6]).await.expect("replaced");
        assert_eq!(seen(&space, "maria").await[0].1, [6]);
        assert!(space.drop_table(&user("maria"), &user("maria"), &table("t")).await.expect("dropped"));
        assert!(
            !space.drop_table(&user("maria"), &user("maria"), &table("t")).await.expect("nothing to drop")
        );
        assert_eq!((seen(&space, "maria").await, home.files()), (vec![], 0));
    }
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    for home in Home::both() {
        let space = home.open().await;
        let rows = batch(0..1_000);
        let upload =
            space.upload(&user("maria"), &user("maria"), &table("t"), Way::Create, &rows.schema()).await;
        let mut upload = upload.expect("it begins").expect("there is something to do");
        upload.write(&rows).expect("written");
        assert_eq!(home.files(), 1);
        drop(upload);
        assert_eq!((seen(&space, "maria").await, home.files()), (vec![], 0));
    }
}

#[tokio::test]
async fn of_two_uploads_of_one_new_table_one_wins() {
    for home in Home::both() {
        let space = home.open().await;
        let rows = batch([1]);
        let begin = || async {
            let upload =
                space.upload(&user("maria"), &user("maria"), &table("t"), Way::Create, &rows.schema()).await;
            let mut upload = upload.expect("it begins").expect("there is something to do");
            upload.write(&rows).expect("written");
            upload
        };
        let (first, second) = (begin().await, begin().await);
        second.finish().await.expect("the first to finish");
        let late = first.finish().await.expect_err("the table exists");
        assert!(matches!(late, SpaceError::Exists { .. }), "{late}");
        assert_eq!((seen(&space, "maria").await[0].1.clone(), home.files()), (vec![1], 1));
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_their_table_are_refused_and_change_nothing() {
    for home in Home::both() {
        let space = home.open().await;
        store(&space, "t", Way::Create, [1]).await.expect("stored");
        let other = Schema::new(vec![Field::new("n", DataType::Utf8, true)]);
        let refused = space
            .upload(&user("maria"), &user("maria"), &table("t"), Way::Append, &other)
            .await
            .err()
            .expect("refused");
        assert_eq!(
            refused.to_string(),
            "these rows do not fit table user_maria.t: they have n (Utf8) where it has n (Int64)"
        );
        let mut upload = space
            .upload(&user("maria"), &user("maria"), &table("u"), Way::Create, &other)
            .await
            .expect("it begins")
            .expect("there is something to do");
        assert!(matches!(upload.write(&batch([1])), Err(SpaceError::Differs { .. })));
        drop(upload);
        assert_eq!(seen(&space, "maria").await, [("user_maria.t".to_owned(), vec![1])]);
    }
}

#[tokio::test]
async fn every_limit_has_its_own_refusal() {
    for home in Home::both() {
        let limits = SpaceLimits {
            user_bytes: 100_000,
            user_tables: 2,
            files_per_table: 2,
            uploads: 1,
            ..SpaceLimits::default()
        };
        let space = home.open_with(limits).await;
        // Random numbers do not compress.
        let noise = |rows: usize| (0..rows).map(|_| rand::random::<i64>());
        let full = store(&space, "a", Way::Create, noise(50_000)).await.expect_err("too large");
        assert!(matches!(full, SpaceError::Full { limit_bytes: 100_000 }), "{full}");
        store(&space, "a", Way::Create, noise(7_000)).await.expect("stored");
        let full = store(&space, "a", Way::Append, noise(7_000)).await.expect_err("too large together");
        assert!(matches!(full, SpaceError::Full { .. }), "{full}");
        store(&space, "a", Way::Replace, noise(7_000)).await.expect("the old one does not count");
        store(&space, "a", Way::Append, [1]).await.expect("appended");
        let often = store(&space, "a", Way::Append, [1]).await.expect_err("too often");
        assert!(often.to_string().starts_with("table user_maria.a was appended to 2 times"), "{often}");
        store(&space, "b", Way::Create, [1]).await.expect("stored");
        let many = store(&space, "c", Way::Create, [1]).await.expect_err("too many");
        assert!(matches!(many, SpaceError::TooManyTables { limit: 2 }), "{many}");
        let rows = batch([1]);
        let held = space
            .upload(&user("vera"), &user("vera"), &table("t"), Way::Create, &rows.schema())
            .await
            .expect("it begins");
        let busy =
            space.upload(&user("vera"), &user("vera"), &table("u"), Way::Create, &rows.schema()).await.err();
        assert!(matches!(busy, Some(SpaceError::Busy { limit: 1 })));
        drop(held);
        assert_eq!(home.files(), 3);
    }
}

#[tokio::test]
async fn every_change_is_another_epoch_and_no_other_call_is() {
    for home in Home::both() {
        let space = home.open().await;
        let mut epochs = vec![space.epoch().await.expect("an epoch")];
        for way in [Way::Create, Way::Append, Way::Replace] {
            store(&space, "t", way, [1]).await.expect("stored");
            epochs.push(space.epoch().await.expect("an epoch"));
        }
        space.drop_table(&user("maria"), &user("maria"), &table("t")).await.expect("dropped");
        epochs.push(space.epoch().await.expect("an epoch"));
        assert!(epochs.windows(2).all(|two| two[0] < two[1]), "{epochs:?}");
        store(&space, "t", Way::Append, [1]).await.expect_err("no table");
        seen(&space, "maria").await;
        assert_eq!(Some(&space.epoch().await.expect("an epoch")), epochs.last());
    }
}

#[tokio::test]
async fn nobody_has_no_tables() {
    for home in Home::both() {
        let space = home.open().await;
        let refused = space
            .upload(&user("anonymous"), &user("anonymous"), &table("t"), Way::Create, &batch([1]).schema())
            .await;
        assert!(matches!(refused.err(), Some(SpaceError::NoAccount)));
    }
}

/// Two servers on one database and one directory; of the second nobody tells the first.
#[tokio::test]
async fn servers_that_share_a_database_keep_its_limits_and_names_together() {
    for home in Home::both() {
        let limits = SpaceLimits { user_tables: 5, ..SpaceLimits::default() };
        let (one, two) = (home.open_with(limits).await, home.open_with(limits).await);
        let stored = (0..20).map(|n| {
            let (space, name) = (if n % 2 == 0 { &one } else { &two }, format!("t{}", n / 2));
            async move { store(space, &name, Way::Create, [n]).await }
        });
        let stored = join_all(stored).await;
        let mut refused = [0, 0];
        for refusal in stored.iter().filter_map(|stored| stored.as_ref().err()) {
            match refusal {
                SpaceError::Exists { .. } => refused[0] += 1,
                SpaceError::TooManyTables { limit: 5 } => refused[1] += 1,
                other => panic!("{other}"),
            }
        }
        assert_eq!((stored.iter().flatten().count(), refused.iter().sum::<i32>()), (5, 15));
        assert_eq!((seen(&one, "maria").await.len(), home.files()), (5, 5));
        assert_eq!(seen(&one, "maria").await, seen(&two, "maria").await);
    }
}
