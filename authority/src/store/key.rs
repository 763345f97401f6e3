//! What stands for a token.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The first 132 bits of the SHA-256 of a token: as many as its public name has, so that one can be
/// told from the other, and too many for two tokens to share them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key([u8; 17]);

impl Key {
    /// Characters of a token's public name.
    const ID: usize = 22;

    /// The key of that token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        Self(std::array::from_fn(|at| if at == 16 { digest[at] & 0xF0 } else { digest[at] }))
    }

    /// The token's public name: the first 22 characters of base64url(SHA-256), as in the names of
    /// channel and lock in the browser (docs/contract.md, section 4).
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = URL_SAFE_NO_PAD.encode(self.0);
        id.truncate(Self::ID);
        id
    }

    /// The key of a token's public name. None if no token can have it.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        if id.len() != Self::ID {
            return None;
        }
        // The last character says six bits, of which a whole byte takes four: one more says the rest.
        let bytes = URL_SAFE_NO_PAD.decode(format!("{id}A")).ok()?;
        let key = Self(bytes.try_into().ok()?);
        (key.id() == id).then_some(key)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 17] {
        &self.0
    }

    /// The key that has those bytes. None if no token can have it.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let key = Self(bytes.try_into().ok()?);
        (key.0[16] & 0x0F == 0).then_some(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_and_its_public_name_are_told_from_each_other() {
        for number in 0..200 {
            let key = Key::of(&format!("a token of some length {number}"));
            assert_eq!(Key::from_id(&key.id()), Some(key));
            assert_eq!(Key::from_bytes(key.bytes()), Some(key));
        }
        // base64url(SHA-256("abc")), cut to 22 characters.
        assert_eq!(Key::of("abc").id(), "ungWv48Bz-pBQUDeXa4iI7");
    }

    #[test]
    fn what_no_token_can_be_named_is_no_key() {
        for id in ["", "ungWv48Bz-pBQUDeXa4iI", "ungWv48Bz-pBQUDeXa4iI77", "ungWv48Bz+pBQUDeXa4iI7"]
        {
            assert_eq!(Key::from_id(id), None, "{id}");
        }
        assert_eq!(Key::from_id("ééééééééééé"), None);
        assert_eq!(Key::from_bytes(&[1; 17]), None);
    }
}
