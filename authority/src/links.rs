//! Tokens of one sign-in that share activity, where the administrator wants that (`--link-tokens`).

use dashmap::DashMap;

use crate::store::{Key, Owner};

/// A user, and one of their sign-ins.
type SignIn = (String, String);

/// Which tokens belong together.
#[derive(Debug, Default)]
pub(crate) struct Links(DashMap<SignIn, Vec<Key>>);

/// A sign-in's name means nothing without its user's: another system may have given the same.
fn sign_in(owner: &Owner) -> Option<SignIn> {
    owner.sign_in.as_ref().map(|sign_in| (owner.user.clone(), sign_in.clone()))
}

impl Links {
    /// A token was registered.
    pub(crate) fn tie(&self, owner: &Owner, key: Key) {
        if let Some(sign_in) = sign_in(owner) {
            self.0.entry(sign_in).or_default().push(key);
        }
    }

    /// A token was forgotten.
    pub(crate) fn untie(&self, owner: &Owner, key: &Key) {
        if let Some(sign_in) = sign_in(owner) {
            self.0.remove_if_mut(&sign_in, |_, keys| {
                keys.retain(|known| known != key);
                keys.is_empty()
            });
        }
    }

    /// The other tokens of that sign-in.
    pub(crate) fn others(&self, owner: &Owner, key: &Key) -> Vec<Key> {
        let keys = sign_in(owner).and_then(|sign_in| self.0.get(&sign_in));
        keys.map_or_else(Vec::new, |keys| {
            keys.iter().filter(|other| *other != key).copied().collect()
        })
    }
}
