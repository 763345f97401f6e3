//! Tokens that only their issuer understands: it is asked about each (RFC 7662). Asking is not
//! using, so it does not lengthen the token's life there.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{sync::Semaphore, time::timeout};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{
    Identity, Issuer, Rejected,
    claims::{Claims, identity},
    http::{Endpoint, address},
    refusals::Refusals,
    settings::{ClaimSettings, IntrospectionSettings, Secret, Wrong},
};

/// An issuer that tells about a token when asked.
#[derive(Debug)]
pub struct IntrospectionIssuer {
    endpoint: Endpoint,
    authorization: Secret,
    claims: ClaimSettings,
    refusals: Refusals,
    turns: Semaphore,
    patience: Duration,
}

impl IntrospectionIssuer {
    /// The issuer of these settings.
    ///
    /// # Errors
    /// The first thing that is wrong with the settings, or that this machine has no root
    /// certificates for https.
    pub fn new(settings: IntrospectionSettings) -> Result<Self, Wrong> {
        if let Some(wrong) = settings.check().into_iter().next() {
            return Err(wrong);
        }
        let url = address("endpoint", &settings.endpoint)?;
        Ok(Self {
            authorization: basic(&settings.client_id, settings.client_secret.expose()).into(),
            patience: settings.limits.timeout,
            endpoint: Endpoint::new("endpoint", &url, settings.limits)?,
            claims: settings.claims,
            refusals: Refusals::new(settings.remember_refused_ms, settings.max_refused),
            turns: Semaphore::new(settings.max_at_once),
        })
    }

    fn check_refused(&self, key: &[u8; 32], now_ms: u64) -> Result<(), Rejected> {
        if self.refusals.contains(key, now_ms) {
            return Err(Rejected::invalid("the issuer refused it a moment ago"));
        }
        Ok(())
    }
}

#[async_trait]
impl Issuer for IntrospectionIssuer {
    fn can_revoke(&self) -> bool {
        true
    }

    async fn identify(&self, token: &str, now_ms: u64) -> Result<Identity, Rejected> {
        let key = Refusals::key(token);
        self.check_refused(&key, now_ms)?;
        let turn = timeout(self.patience, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Rejected::Unreachable("too many tokens are being asked about".into()));
        };
        // Another caller may have asked about it while this one waited.
        self.check_refused(&key, now_ms)?;
        let form = Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let body = self.endpoint.post(self.authorization.expose(), form).await;
        let answer = read(&body.map_err(Rejected::Unreachable)?, &self.claims, now_ms);
        if let Err(Rejected::Invalid(_)) = answer {
            self.refusals.add(key, now_ms);
        }
        answer
    }
}

fn read(body: &[u8], settings: &ClaimSettings, now_ms: u64) -> Result<Identity, Rejected> {
    // The parser's own message may quote the answer.
    let claims: Claims = serde_json::from_slice(body)
        .map_err(|_| Rejected::Unreachable("the answer is no JSON object".into()))?;
    match claims.get("active") {
        Some(Value::Bool(true)) => identity(&claims, settings, now_ms),
        Some(Value::Bool(false)) => Err(Rejected::invalid("the issuer says that it is not active")),
        // Required by RFC 7662, section 2.2: this is some other service.
        _ => Err(Rejected::Unreachable("the answer does not say whether it is active".into())),
    }
}

/// Name and password are form-encoded first (RFC 6749, section 2.3.1): a colon in the name would
/// otherwise end it.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_are_form_encoded_within_basic() {
        let decoded = |header: String| {
            let encoded = header.strip_prefix("Basic ").unwrap();
            String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
        };
        assert_eq!(decoded(basic("app", "secret")), "app:secret");
        assert_eq!(decoded(basic("a:b", "s+e cret%&ü")), "a%3Ab:s%2Be+cret%25%26%C3%BC");
    }

    #[test]
    fn the_password_is_not_shown() {
        let settings = IntrospectionSettings::new("http://127.0.0.1/", "app", "hunter2");
        let shown = format!("{settings:?} {:?}", IntrospectionIssuer::new(settings.clone()));
        assert!(!shown.contains("hunter2") && !shown.contains(&STANDARD.encode("app:hunter2")));
        assert!(shown.contains("[secret]"), "{shown}");
    }
}
