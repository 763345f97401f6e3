//! Proof Key for Code Exchange (RFC 7636): a code is of use only to whoever asked for it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The SHA-256 of a verifier: the challenge of the method S256, the only one that is taken. With the
/// other one, `plain`, whoever sees the request can redeem the code.
#[derive(Clone, Copy)]
pub(super) struct Challenge([u8; 32]);

impl Challenge {
    /// Reads a challenge as it is sent: 43 characters of base64url (section 4.2). None if it is no
    /// SHA-256.
    pub(super) fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Whether it was made from that verifier (section 4.6). How long that takes says nothing about how
    /// much of it fits.
    pub(super) fn fits(&self, verifier: &str) -> bool {
        is_verifier(verifier) && self.0.ct_eq(&Sha256::digest(verifier)).into()
    }
}

/// 43 to 128 unreserved characters (section 4.1): a shorter one can be guessed from its challenge.
fn is_verifier(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_standard_fits_and_nothing_else_does() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        assert!(challenge.fits(VERIFIER));
        for wrong in [CHALLENGE, "", &VERIFIER[1..], &VERIFIER.replace('d', "D")] {
            assert!(!challenge.fits(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_sha_256_is_no_challenge() {
        for wrong in ["", &CHALLENGE[1..], &format!("{CHALLENGE}="), &format!("{CHALLENGE}A")] {
            assert!(Challenge::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Challenge::parse(&CHALLENGE.replace('-', "+")).is_none(), "base64, not base64url");
    }

    #[test]
    fn a_verifier_that_the_standard_does_not_allow_never_fits() {
        for (verifier, fits) in [
            ("x".repeat(42), false),
            ("x".repeat(43), true),
            ("-._~".repeat(32), true),
            ("x".repeat(129), false),
            (format!("{}+", "x".repeat(42)), false),
        ] {
            let challenge = Challenge(Sha256::digest(&verifier).into());
            assert_eq!(challenge.fits(&verifier), fits, "{verifier}");
        }
    }
}
