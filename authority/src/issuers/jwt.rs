//! Tokens that say themselves whose they are: JWTs (RFC 7519), as RFC 8725 and, for access tokens,
//! RFC 9068 want them checked.

use async_trait::async_trait;
use jsonwebtoken::{
    Algorithm, Header, Validation, dangerous::insecure_decode_claims, decode, decode_header,
};
use serde_json::Value;

use super::{
    Identity, Issuer, Rejected,
    claims::{Claims, identity, is_meant_for},
    http::{Endpoint, address},
    jwks::Jwks,
    settings::{ClaimSettings, JwtSettings, Wrong},
    signatures,
};

/// An issuer whose tokens are checked with the keys that it publishes.
#[derive(Debug)]
pub struct JwtIssuer {
    issuer: String,
    audience: String,
    algorithms: Vec<Algorithm>,
    claims: ClaimSettings,
    jwks: Jwks,
}

impl JwtIssuer {
    /// The issuer of these settings. Its keys are fetched when the first token comes.
    ///
    /// # Errors
    /// The first thing that is wrong with the settings, or that this machine has no root
    /// certificates for https.
    pub fn new(settings: JwtSettings) -> Result<Self, Wrong> {
        if let Some(wrong) = settings.check().into_iter().next() {
            return Err(wrong);
        }
        signatures::install();
        let algorithms = settings.algorithms()?;
        let url = address("jwks_url", &settings.jwks_url)?;
        let endpoint = Endpoint::new("jwks_url", &url, settings.limits)?;
        let jwks = Jwks::new(endpoint, settings.refetch_after_ms, settings.max_age_ms);
        let JwtSettings { issuer, audience, claims, .. } = settings;
        Ok(Self { issuer, audience, algorithms, claims, jwks })
    }

    fn check_header(&self, header: &Header) -> Result<(), Rejected> {
        if !self.algorithms.contains(&header.alg) {
            return Err(Rejected::invalid("its algorithm is not among those of the issuer"));
        }
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(Rejected::invalid("its type is neither JWT nor at+jwt"));
        }
        // Extensions that must be understood, and none is (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(Rejected::invalid("it needs an extension that is not known here"));
        }
        Ok(())
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), Rejected> {
        match claims.get("iss") {
            Some(Value::String(issuer)) if *issuer == self.issuer => Ok(()),
            _ => Err(Rejected::invalid("it is of another issuer")),
        }
    }
}

#[async_trait]
impl Issuer for JwtIssuer {
    async fn identify(&self, token: &str, now_ms: u64) -> Result<Identity, Rejected> {
        let header = decode_header(token).map_err(not_a_jwt)?;
        self.check_header(&header)?;
        // Before the signature, since a token from elsewhere must not cost a fetch of keys.
        self.check_issuer(&insecure_decode_claims(token).map_err(not_a_jwt)?)?;
        let key = self.jwks.key(header.kid.as_deref(), header.alg, now_ms).await?;
        let claims: Claims = decode(token, &key, &signature_only(header.alg))
            .map_err(|_| Rejected::invalid("its signature is not the issuer's"))?
            .claims;
        self.check_issuer(&claims)?;
        if !is_meant_for(&claims, &self.audience) {
            return Err(Rejected::invalid("it is meant for another audience"));
        }
        let identity = identity(&claims, &self.claims, now_ms)?;
        if identity.expires_at_ms.is_none() {
            return Err(Rejected::invalid("it does not say when it expires"));
        }
        Ok(identity)
    }
}

/// The library reads the system's clock; claims are checked here, on the time that was given.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Whether it may be an access token by its type. A logout token or a proof of possession has
/// another (RFC 8725, section 3.11; RFC 9068, section 4).
fn is_access_token(typ: &str) -> bool {
    ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known))
}

fn not_a_jwt<E>(_: E) -> Rejected {
    Rejected::invalid("it is no signed JWT of an algorithm that is known here")
}
