//! The gateway's accounts, as the VO server asks about them: the programs know nothing of each other.

use api::names::Username;
use async_trait::async_trait;
use kernel_gateway::identity::Identity;
use secrecy::SecretString;

/// The accounts of this installation.
pub struct LocalAccounts(pub Identity);

#[async_trait]
impl vo_server::Passwords for LocalAccounts {
    async fn check(&self, name: &Username, password: SecretString) -> bool {
        let checked = self.0.accounts().check(Some(name), password).await;
        checked.unwrap_or_else(|error| {
            tracing::error!(%error, "a password could not be checked");
            false
        })
    }

    async fn exists(&self, name: &Username) -> bool {
        self.0.accounts().exists(name).await.unwrap_or_else(|error| {
            tracing::error!(%error, "an account could not be looked up");
            false
        })
    }
}
