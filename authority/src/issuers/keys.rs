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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn ed(id: &str) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": ED })
    }

    fn rsa(id: &str) -> Value {
        json!({ "kty": "RSA", "kid": id, "n": "sXch", "e": "AQAB" })
    }

    fn ec(id: &str, curve: &str) -> Value {
        json!({ "kty": "EC", "crv": curve, "kid": id, "x": "AQ", "y": "AQ" })
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    fn set(keys: &[Value]) -> Keys {
        Keys::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    const ALL: [Algorithm; 12] = [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ];

    fn usable_with(key: Value) -> Vec<Algorithm> {
        let id = key["kid"].as_str().map(str::to_owned);
        let keys = set(&[key]);
        ALL.into_iter().filter(|&alg| keys.find(id.as_deref(), alg).is_some()).collect()
    }

    #[test]
    fn a_key_is_used_with_the_algorithms_of_its_kind() {
        assert_eq!(usable_with(rsa("a")), ALL[3..9]);
        assert_eq!(usable_with(ec("a", "P-256")), [Algorithm::ES256]);
        assert_eq!(usable_with(ec("a", "P-384")), [Algorithm::ES384]);
        assert_eq!(usable_with(ed("a")), [Algorithm::EdDSA]);
    }

    #[test]
    fn a_key_that_says_its_algorithm_is_used_with_no_other() {
        assert_eq!(usable_with(with(rsa("a"), "alg", json!("PS256"))), [Algorithm::PS256]);
        for alg in ["HS256", "RSA-OAEP", "ES256", "invented"] {
            assert_eq!(usable_with(with(rsa("a"), "alg", json!(alg))), [], "{alg}");
        }
    }

    #[test]
    fn a_symmetric_key_is_never_used() {
        assert_eq!(usable_with(json!({ "kty": "oct", "kid": "a", "k": "c2VjcmV0" })), []);
    }

    #[test]
    fn a_key_for_something_else_is_not_used() {
        assert_eq!(usable_with(with(rsa("a"), "use", json!("enc"))), []);
        assert_eq!(usable_with(with(rsa("a"), "key_ops", json!(["encrypt"]))), []);
        assert_eq!(usable_with(with(rsa("a"), "use", json!("sig"))).len(), 6);
        assert_eq!(usable_with(with(rsa("a"), "key_ops", json!(["verify"]))).len(), 6);
    }

    #[test]
    fn keys_that_cannot_be_read_do_not_spoil_the_others() {
        let odd = [
            json!(7),
            json!({ "kty": "AKP", "kid": "a", "alg": "ML-DSA-44", "pub": "AQ" }),
            ec("b", "secp256k1"),
            ec("c", "P-521"),
            json!({ "kty": "RSA", "kid": "d", "n": "sXch" }),
            with(rsa("e"), "n", json!("not base64!")),
        ];
        let keys = set(&[odd.as_slice(), &[ed("f")]].concat());
        assert!(keys.find(Some("f"), Algorithm::EdDSA).is_some());
        assert_eq!(keys.0.len(), 1);
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for body in ["", "<html>", "[]", "{}", r#"{"keys":{}}"#] {
            assert!(Keys::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Keys::parse(br#"{"keys":[]}"#).unwrap().0.is_empty());
    }

    #[test]
    fn keys_of_different_kinds_may_share_a_name() {
        // RFC 7517, section 4.5.
        let keys = set(&[rsa("a"), ed("a")]);
        assert!(keys.find(Some("a"), Algorithm::EdDSA).is_some());
        assert!(keys.find(Some("a"), Algorithm::RS256).is_some());
        assert!(keys.find(Some("A"), Algorithm::RS256).is_none());
    }

    #[test]
    fn a_token_without_a_key_name_has_no_choice() {
        let keys = set(&[rsa("a"), ed("b"), ed("c")]);
        assert!(keys.find(None, Algorithm::RS256).is_some());
        assert!(keys.find(None, Algorithm::EdDSA).is_none());
        assert!(keys.find(None, Algorithm::ES256).is_none());
    }
}
