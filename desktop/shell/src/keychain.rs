//! Where the token waits while the program does not run: the operating system's keychain, and nowhere
//! else. Without one it is kept in memory only.

use keyring::{Entry, Error};
use serde::{Deserialize, Serialize};

/// What the keychain calls this program.
const SERVICE: &str = "stillhere-desktop";

/// A token and whose it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignIn {
    pub(crate) token: String,
    pub(crate) user: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The keychain's entry for one app.
#[derive(Debug, Clone)]
pub(crate) struct Keychain {
    app: String,
}

impl Keychain {
    pub(crate) fn new(app: String) -> Self {
        Self { app }
    }

    /// What it holds, if anything.
    ///
    /// # Errors
    /// When there is no keychain, or it is locked and stays so.
    pub(crate) async fn read(&self) -> Result<Option<SignIn>, String> {
        let secret = self.with(|entry| match entry.get_password() {
            Err(Error::NoEntry) => Ok(None),
            other => other.map(Some),
        });
        let Some(secret) = secret.await? else { return Ok(None) };
        match serde_json::from_str(&secret) {
            Ok(sign_in) => Ok(Some(sign_in)),
            Err(_) => {
                tracing::warn!("what the keychain holds is not ours; sign in again");
                Ok(None)
            }
        }
    }

    /// Puts it there.
    ///
    /// # Errors
    /// When there is no keychain, or it is locked and stays so.
    pub(crate) async fn write(&self, sign_in: &SignIn) -> Result<(), String> {
        let secret = serde_json::to_string(sign_in).map_err(|why| why.to_string())?;
        self.with(move |entry| entry.set_password(&secret)).await
    }

    /// Takes it out.
    ///
    /// # Errors
    /// When there is no keychain, or it is locked and stays so.
    pub(crate) async fn clear(&self) -> Result<(), String> {
        let cleared = self.with(|entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            other => other,
        });
        cleared.await
    }

    /// The keychain may ask the person, and blocks until they have answered.
    async fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let app = self.app.clone();
        let done = tokio::task::spawn_blocking(move || act(&Entry::new(SERVICE, &app)?)).await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(why)) => Err(why.to_string()),
            Err(why) => Err(why.to_string()),
        }
    }
}
