//! Keys for the authority to sign with, and tokens checked by a library that had no part in signing.

use std::{fs, path::PathBuf, sync::Once};

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header, jwk::JwkSet,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use serde_json::Value;
use stillhere_authority::issuers::{JwtIssuer, JwtSettings};
use tempfile::TempDir;

use crate::rig::Rig;

pub const ISSUER: &str = "https://stillhere.example";

/// A folder with keys in it.
pub struct Keys(TempDir);

impl Keys {
    pub fn new() -> Self {
        let keys = Self(tempfile::tempdir().unwrap());
        let random = SystemRandom::new();
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        keys.write("ed25519", ed25519.as_ref());
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        keys.write("p256", p256.unwrap().as_ref());
        keys
    }

    fn write(&self, name: &str, der: &[u8]) {
        let body = STANDARD.encode(der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        fs::write(self.path(name), pem).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The section of the configuration.
    pub fn signing(&self, name: &str) -> String {
        format!("[signing]\nissuer = {ISSUER:?}\nkey-file = {:?}\n", self.path(name))
    }
}

/// Header and claims of a token that the published key checks.
pub async fn checked(rig: &Rig, token: &str) -> (Header, Value) {
    static INSTALLED: Once = Once::new();
    // Making an issuer tells the library how to check signatures.
    INSTALLED.call_once(|| {
        let settings = JwtSettings::new("a", "https://a.example", "a", &["EdDSA"]);
        drop(JwtIssuer::new(settings));
    });
    let set: JwkSet = serde_json::from_value(rig.get("/v1/jwks.json").await).unwrap();
    let header = decode_header(token).unwrap();
    let jwk = set.find(header.kid.as_deref().unwrap()).expect("the key is not published");
    let key = DecodingKey::from_jwk(jwk).unwrap();
    let mut only_signature = Validation::new(header.alg);
    only_signature.required_spec_claims.clear();
    only_signature.validate_exp = false;
    only_signature.validate_aud = false;
    assert!([Algorithm::EdDSA, Algorithm::ES256].contains(&header.alg));
    let claims = decode(token, &key, &only_signature).expect("the signature is wrong").claims;
    (header, claims)
}
