//! What a token's channel is called (docs/contract.md, section 4), as `js/name.ts` has it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Characters of the hash that a name shows.
const SHOWN: usize = 22;

/// `stillhere:` and the first 22 characters of base64url(SHA-256(group or token)), so that the token
/// itself is never seen outside of the Authorization header.
#[must_use]
pub fn channel(group_or_token: &str) -> String {
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(group_or_token));
    format!("stillhere:{}", hash.get(..SHOWN).unwrap_or(&hash))
}

/// The token's name among those of its group: 0 where all have the same, as without a group.
#[must_use]
pub fn token(token: &str, group: Option<&str>) -> u32 {
    if group.is_none() {
        return 0;
    }
    let hash = Sha256::digest(token);
    hash.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_called_as_pages_call_it() {
        // printf abc | sha256sum: ba7816bf 8f01cfea 414140de 5dae2223 ...
        assert_eq!(channel("abc"), "stillhere:ungWv48Bz-pBQUDeXa4iI7");
    }

    #[test]
    fn a_token_has_a_name_in_a_group_only() {
        assert_eq!(token("abc", None), 0);
        // The first four bytes, little-endian as in a page's Uint32Array.
        assert_eq!(token("abc", Some("desk")), 0xbf16_78ba);
    }
}
