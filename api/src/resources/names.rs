//! Names of the objects that belong to a lab. Each is a function of the lab alone, so that two controllers, or one
//! that was killed halfway, can only ever make the same object twice, and the second attempt is refused.

use super::GROUP;

/// Longest name of a Lab in bytes: leaves room for the prefixes and suffixes below in the
/// 63 bytes of a label (RFC 1123 section 2.1).
pub const NAME_MAX_BYTES: usize = 48;

/// Every object that the controller makes carries this label with the value [`MANAGER`].
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The value of [`MANAGED_BY`], and the field manager of every apply.
pub const MANAGER: &str = "nearside-controller";

/// The label with the name of the lab that an object belongs to.
pub const LAB_LABEL: &str = "nearside.dev/lab";

/// The label with the name of the environment that a lab runs.
pub const ENVIRONMENT_LABEL: &str = "nearside.dev/environment";

/// The annotation with the account that a home belongs to.
pub const ACCOUNT_ANNOTATION: &str = "nearside.dev/account";

/// Keeps a Lab until its pod is gone.
pub const LAB_FINALIZER: &str = "nearside.dev/lab";

/// The pod of a lab.
pub fn pod(lab: &str) -> String {
    format!("lab-{lab}")
}

/// The secret with a lab's configuration. It carries the start of the lab's UID, so that a lab of the same name
/// that came later never meets the old one's secrets.
pub fn secret(lab: &str, uid: &str) -> String {
    format!("lab-{lab}-{}", uid.get(..8).unwrap_or(uid))
}

/// The volume with the home of an account: by the account's identifier, never by its name, so that whoever gets a
/// freed name later does not get the home.
pub fn home(account: &str) -> String {
    format!("home-{account}")
}

/// The API version of our resources, for owner references.
pub fn api_version() -> String {
    format!("{GROUP}/v1alpha1")
}
