//! How full homes are. The lab writes as it likes, so the only truth is on the disk: it is counted from time to time,
//! what is put meanwhile is added, and nothing is refused before it was counted again.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use api::names::Username;

use super::entry::Kind;
use super::error::HomeError;
use super::folder::Folder;
use super::remove::WALK_DEPTH;
use super::{Home, OURS, Shared, lock};

/// What is known of each home.
#[derive(Default)]
pub(super) struct Accounts(Mutex<HashMap<Username, Account>>);

#[derive(Clone, Copy)]
struct Account {
    counted_bytes: u64,
    counted_at: Option<Instant>,
    /// Bytes of files that are being put.
    reserved_bytes: u64,
}

/// Room in a home for something that is being put. It is given back when this goes, unless it was used.
pub(super) struct Room {
    shared: Arc<Shared>,
    owner: Username,
    bytes: u64,
}

impl Accounts {
    /// The bytes in a home, counted when the last count is too old.
    pub(super) fn used_bytes(&self, home: &Home) -> Result<u64, HomeError> {
        if !self.is_fresh(home) {
            self.count(home)?;
        }
        Ok(self.with(home, |account| account.counted_bytes + account.reserved_bytes))
    }

    fn is_fresh(&self, home: &Home) -> bool {
        let trusted = home.shared.limits.counted_for;
        self.with(home, |account| account.counted_at.is_some_and(|at| at.elapsed() < trusted))
    }

    fn count(&self, home: &Home) -> Result<(), HomeError> {
        let bytes = bytes_in(&home.root, WALK_DEPTH, Some(OsStr::new(OURS)))?;
        self.with(home, |account| {
            (account.counted_bytes, account.counted_at) = (bytes, Some(Instant::now()))
        });
        Ok(())
    }

    fn reserve(&self, home: &Home, bytes: u64) -> bool {
        self.with(home, |account| {
            let after = account.counted_bytes.saturating_add(account.reserved_bytes).saturating_add(bytes);
            let fits = after <= home.shared.limits.home_bytes;
            if fits {
                account.reserved_bytes += bytes;
            }
            fits
        })
    }

    fn with<T>(&self, home: &Home, change: impl FnOnce(&mut Account) -> T) -> T {
        let unknown = Account { counted_bytes: 0, counted_at: None, reserved_bytes: 0 };
        change(lock(&self.0).entry(home.owner.clone()).or_insert(unknown))
    }
}

impl Room {
    /// No room yet.
    pub(super) fn none(home: &Home) -> Self {
        Self { shared: Arc::clone(&home.shared), owner: home.owner.clone(), bytes: 0 }
    }

    /// Makes it larger, if the home is not full.
    pub(super) fn grow(&mut self, home: &Home, bytes: u64) -> Result<(), HomeError> {
        let accounts = &self.shared.accounts;
        if !accounts.is_fresh(home) {
            accounts.count(home)?;
        }
        if !accounts.reserve(home, bytes) {
            accounts.count(home)?;
            if !accounts.reserve(home, bytes) {
                return Err(HomeError::Full { limit: home.shared.limits.home_bytes });
            }
        }
        self.bytes += bytes;
        Ok(())
    }

    /// The bytes are in the home now.
    pub(super) fn is_used(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.give_back(bytes, bytes);
    }

    fn give_back(&self, bytes: u64, used_bytes: u64) {
        if let Some(account) = lock(&self.shared.accounts.0).get_mut(&self.owner) {
            account.reserved_bytes = account.reserved_bytes.saturating_sub(bytes);
            account.counted_bytes = account.counted_bytes.saturating_add(used_bytes);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.give_back(self.bytes, 0);
    }
}

/// The lengths of all files, as they are written; what cannot be read counts as nothing.
fn bytes_in(folder: &Folder, depth: usize, without: Option<&OsStr>) -> Result<u64, HomeError> {
    let mut bytes = 0_u64;
    for name in folder.names()?.into_iter().filter(|name| Some(name.as_os_str()) != without) {
        match folder.entry(&name).map(|entry| entry.kind) {
            Ok(Kind::File { bytes: more }) => bytes = bytes.saturating_add(more),
            Ok(Kind::Container) if depth > 0 => {
                let inner = folder.enter(&name).and_then(|folder| bytes_in(&folder, depth - 1, None));
                bytes = bytes.saturating_add(inner.unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok(bytes)
}
