//! The accounts of people for whom another identity provider vouches.
//!
//! A person is an issuer and a subject. The name that the provider tells is only a wish: an account that somebody else
//! has here is never given away because of its name.

use api::names::{USERNAME_MAX_BYTES, Username};
use sqlx::{Row, Sqlite, SqlitePool, Transaction};

use super::accounts::{fresh_id, username};
use super::{IdentityError, now};

/// How many people may wish for one name; the next ones get a random one.
const SAME_NAMES: u32 = 100;
/// Room for what tells people of one name apart.
const WISH_MAX_BYTES: usize = USERNAME_MAX_BYTES - 8;

/// Somebody whom a provider has recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who vouches.
    pub issuer: String,
    /// Whom they know under this identifier, for ever.
    pub subject: String,
    /// The name that they tell, in any characters.
    pub wished_name: String,
}

/// The account of this person, made at the first sign-in.
pub async fn account_of(pool: &SqlitePool, person: &Person) -> Result<Username, IdentityError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let row = sqlx::query("SELECT account FROM vouched WHERE issuer = ? AND subject = ?")
        .bind(&person.issuer)
        .bind(&person.subject)
        .fetch_optional(&mut *transaction)
        .await?;
    if let Some(row) = row {
        return username(row.try_get("account")?);
    }
    let name = new_account(&mut transaction, &person.wished_name).await?;
    sqlx::query("INSERT INTO vouched (issuer, subject, account) VALUES (?, ?, ?)")
        .bind(&person.issuer)
        .bind(&person.subject)
        .bind(name.as_str())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(name)
}

async fn new_account(
    transaction: &mut Transaction<'_, Sqlite>,
    wish: &str,
) -> Result<Username, IdentityError> {
    let plain = plain_name(wish);
    let numbered = (2..=SAME_NAMES).map(|number| format!("{plain}-{number}"));
    let candidates = std::iter::once(plain.clone()).chain(numbered).chain([format!("person-{}", fresh_id())]);
    for candidate in candidates {
        let name = username(candidate)?;
        let added = sqlx::query(
            "INSERT INTO accounts (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(fresh_id())
        .bind(name.as_str())
        .bind(now())
        .execute(&mut **transaction)
        .await?;
        if added.rows_affected() == 1 {
            return Ok(name);
        }
    }
    Err(IdentityError::Damaged("number of accounts of one name"))
}

/// What can be kept of a name in the characters of ours: `Maria Mitchell@esa.int` is `maria-mitchell`.
fn plain_name(wish: &str) -> String {
    let local = wish.split('@').next().unwrap_or_default().to_lowercase();
    let mut name = String::new();
    for character in local.chars().take(WISH_MAX_BYTES) {
        match character {
            'a'..='z' | '0'..='9' => name.push(character),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "person".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_alphabets_become_names_of_ours() {
        let wishes = ["maria", "Maria Mitchell@esa.int", "..\\../x", "Ångström", "", "@", "---", "名前"];
        let expected = ["maria", "maria-mitchell", "x", "ngstr-m", "person", "person", "person", "person"];
        assert_eq!(wishes.map(plain_name), expected);
        let long = plain_name(&"é1".repeat(500));
        assert!(long.len() <= WISH_MAX_BYTES && long.parse::<Username>().is_ok(), "{long}");
    }
}
