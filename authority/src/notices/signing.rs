//! The key with which the authority signs tokens, and its public half.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const WRONG_KEY: &str = "must hold one private key in PKCS#8 (BEGIN PRIVATE KEY), Ed25519, P-256 or \
                         RSA of 2048 to 4096 bits, such as `openssl genpkey -algorithm ed25519` makes";

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// Signs tokens under the name of an issuer. It never shows its key.
pub struct Signer {
    issuer: String,
    id: String,
    pair: Pair,
    jwk: Value,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("issuer", &self.issuer)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// The signer of a private key in PEM. The key decides the algorithm: EdDSA (RFC 8037, section
    /// 3.1), ES256 or RS256 (RFC 7518, section 3.1).
    ///
    /// # Errors
    /// What the file has to hold, as the rest of a sentence that begins with the name of the setting.
    pub fn from_pem(issuer: impl Into<String>, pem: &[u8]) -> Result<Self, &'static str> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| WRONG_KEY)?;
        let pair = pair(der.secret_pkcs8_der()).ok_or(WRONG_KEY)?;
        let members = pair.public_members().ok_or(WRONG_KEY)?;
        // Its thumbprint (RFC 7638, section 3): the required members, by name.
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(json!(members).to_string()));
        let mut jwk = json!(members);
        jwk["kid"] = json!(id);
        jwk["alg"] = json!(pair.algorithm());
        jwk["use"] = json!("sig");
        Ok(Self { issuer: issuer.into(), id, pair, jwk })
    }

    /// The issuer's name, as in the claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public key (RFC 7517, section 4).
    #[must_use]
    pub const fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// A signed token of that type (RFC 7515, sections 4.1.9 and 7.1).
    ///
    /// # Errors
    /// When the system gives no randomness, or the library refuses the key after all.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> Result<String, String> {
        let header = json!({ "alg": self.pair.algorithm(), "kid": self.id, "typ": typ });
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(claims));
        let signature = self.pair.sign(message.as_bytes()).map_err(|_| {
            "the token could not be signed: the system gave no randomness".to_owned()
        })?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn pair(der: &[u8]) -> Option<Pair> {
    // OpenSSL leaves the public half of an Ed25519 key out.
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Some(Pair::Ed25519(pair));
    }
    let random = SystemRandom::new();
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random) {
        return Some(Pair::P256(pair));
    }
    RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa)
}

impl Pair {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    /// What a thumbprint is made of (RFC 7638, section 3.2; RFC 8037, section 2), by name.
    fn public_members(&self) -> Option<std::collections::BTreeMap<&'static str, String>> {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self {
            Self::Ed25519(pair) => vec![
                ("kty", "OKP".to_owned()),
                ("crv", "Ed25519".to_owned()),
                ("x", encoded(pair.public_key().as_ref())),
            ],
            Self::P256(pair) => {
                // 4, then both coordinates (SEC 1, section 2.3.3).
                let point = pair.public_key().as_ref();
                vec![
                    ("kty", "EC".to_owned()),
                    ("crv", "P-256".to_owned()),
                    ("x", encoded(point.get(1..33)?)),
                    ("y", encoded(point.get(33..65)?)),
                ]
            }
            Self::Rsa(pair) => {
                let PublicKeyComponents { n, e } =
                    PublicKeyComponents::<Vec<u8>>::from(pair.public());
                vec![("kty", "RSA".to_owned()), ("n", encoded(&n)), ("e", encoded(&e))]
            }
        };
        Some(members.into_iter().collect())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::P256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8037, appendix A.1, as OpenSSL writes it.
    const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_is_named_by_its_thumbprint_and_shows_its_public_half_only() {
        let signer = Signer::from_pem("https://a.example", ED25519.as_bytes()).unwrap();
        // RFC 8037, appendix A.2 and A.3.
        let expected = json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "alg": "EdDSA",
            "use": "sig",
        });
        assert_eq!(signer.jwk(), &expected);
        assert!(!format!("{signer:?}").contains("nWGxne"), "the private half");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let public = ED25519.replace("PRIVATE", "PUBLIC");
        let cut = ED25519.replace("MC4C", "");
        for pem in ["", "nothing", &public, &cut] {
            assert!(Signer::from_pem("https://a.example", pem.as_bytes()).is_err(), "{pem}");
        }
    }
}
