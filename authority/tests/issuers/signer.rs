//! A key pair of an issuer, and what it signs.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "stillhere";
pub const NOW_MS: u64 = 1_700_000_000_000;

pub struct Signer {
    id: String,
    pair: Ed25519KeyPair,
}

impl Signer {
    pub fn new(id: &str) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(id)).unwrap();
        Self { id: id.into(), pair }
    }

    pub fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": x })
    }

    /// A token of user ann that is valid at [`NOW_MS`] and for ten minutes more.
    pub fn token(&self) -> String {
        self.signed(json!({}), json!({}))
    }

    /// The same with other or further members of header and claims; null removes one.
    pub fn signed(&self, header: Value, claims: Value) -> String {
        let usual = json!({ "alg": "EdDSA", "kid": self.id });
        let header = encoded(&merged(usual, header));
        let usual = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": NOW_MS / 1000 + 600,
        });
        let message = format!("{header}.{}", encoded(&merged(usual, claims)));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

pub fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// A JWK set of these.
pub fn jwks(signers: &[&Signer]) -> Value {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() })
}

fn merged(mut usual: Value, other: Value) -> Value {
    for (name, value) in other.as_object().unwrap() {
        usual[name] = value.clone();
    }
    usual.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    usual
}
