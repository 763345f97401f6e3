//! A set of an issuer's public keys, and which of them may check a token. Pure.

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

/// What an algorithm needs for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    kind: Kind,
    /// The only algorithm for which the issuer uses it (RFC 7517, section 4.4).
    only_for: Option<KeyAlgorithm>,
    key: DecodingKey,
}

/// The keys of an issuer that can check signatures.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Reads a JWK set. Keys that cannot be used here are passed over, as RFC 7517, section 5,
    /// advises: a set may hold keys for encryption, or of kinds that were invented later.
    ///
    /// # Errors
    /// When it is no JWK set.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(body)
            .map_err(|why| format!("the answer is no JWK set: {why}"))?;
        Ok(Self(set.keys.into_iter().filter_map(usable).collect()))
    }

    /// The key that may check a token with this header. A token that does not name its key is
    /// checked only where there is no choice.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| {
            kind(algorithm) == Some(key.kind)
                && key.only_for.is_none_or(|only| only == KeyAlgorithm::from(algorithm))
        });
        let found = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        found.map(|found| &found.key)
    }
}

/// The key's kind follows from the algorithm and must not follow from the token alone (RFC 8725,
/// section 3.1). Symmetric algorithms have none.
fn kind(algorithm: Algorithm) -> Option<Kind> {
    match algorithm {
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => Some(Kind::Rsa),
        Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => Some(Kind::Rsa),
        Algorithm::ES256 => Some(Kind::P256),
        Algorithm::ES384 => Some(Kind::P384),
        Algorithm::EdDSA => Some(Kind::Ed25519),
        _ => None,
    }
}

fn usable(key: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Kind::Rsa,
        AlgorithmParameters::EllipticCurve(on) if on.curve == EllipticCurve::P256 => Kind::P256,
        AlgorithmParameters::EllipticCurve(on) if on.curve == EllipticCurve::P384 => Kind::P384,
        AlgorithmParameters::OctetKeyPair(on) if on.curve == EllipticCurve::Ed25519 => {
            Kind::Ed25519
        }
        _ => return None,
    };
    let common = &jwk.common;
    // RFC 7517, sections 4.2 and 4.3.
    let for_signatures =
        common.public_key_use.as_ref().is_none_or(|its| *its == PublicKeyUse::Signature);
    let may_verify =
        common.key_operations.as_ref().is_none_or(|its| its.contains(&KeyOperations::Verify));
    if !for_signatures || !may_verify {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(Key { id: jwk.common.key_id, kind, only_for: jwk.common.key_algorithm, key })
}
