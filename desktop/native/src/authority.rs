//! The authority over HTTP (docs/contract.md, section 3), as `js/authority.ts` has it.

use std::{sync::RwLock, time::Duration};

use async_trait::async_trait;
use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, RETRY_AFTER},
};
use serde::Serialize;
use stillhere::core::{answer::Answer, ended::EndedBecause, output::Report, sender::BOUND_MS};

use crate::{
    answer,
    keepalive::{KeepAlive, News},
};

/// What administrators read in their list of sessions.
const AGENT: &str = concat!("stillhere-native/", env!("CARGO_PKG_VERSION"));
/// How long a request has: the machine waits no longer.
const TIMEOUT: Duration = Duration::from_millis(BOUND_MS);

#[derive(Serialize)]
struct Told<'a> {
    age_ms: u64,
    counts: stillhere::core::facts::Counts,
    contexts: u32,
    holds: Vec<ToldHold>,
    agent: &'a str,
}

#[derive(Serialize)]
struct ToldHold {
    id: String,
    reason: String,
    ttl_ms: u64,
}

/// One token at one authority.
pub struct Authority {
    client: Client,
    root: String,
    token: RwLock<String>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority at that address, http or https, for that token.
    #[must_use]
    pub fn new(client: Client, base: &str, token: String) -> Self {
        let root = format!("{}/v1", base.trim_end_matches('/'));
        Self { client, root, token: RwLock::new(token) }
    }

    /// From now on that token is used (RFC 6749, 6: it was refreshed).
    pub fn set_token(&self, token: String) {
        *self.token.write().unwrap_or_else(std::sync::PoisonError::into_inner) = token;
    }

    fn bearer(&self, request: RequestBuilder) -> RequestBuilder {
        let token = self.token.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        request.bearer_auth(&*token).header(CACHE_CONTROL, "no-store")
    }

    async fn call(&self, request: RequestBuilder) -> Answer {
        let response = match self.bearer(request).timeout(TIMEOUT).send().await {
            Ok(response) => response,
            Err(fault) => {
                // Its text names the address and never the token, which travels in a header.
                tracing::debug!(%fault, "the authority was not reached");
                return Answer::Unreachable { retry_after_ms: None };
            }
        };
        let (status, retry_after_ms) = (response.status(), retry_after_ms(&response));
        let body = response.bytes().await;
        match (status, body) {
            // Its body may break off: what counts has arrived with the head.
            (StatusCode::UNAUTHORIZED, body) => answer::refusal(&body.unwrap_or_default()),
            (StatusCode::TOO_MANY_REQUESTS, _) => Answer::Unreachable { retry_after_ms },
            (status, _) if status.is_server_error() => Answer::Unreachable { retry_after_ms },
            (_, Err(_)) => Answer::Unreachable { retry_after_ms: None },
            (status, Ok(body)) if status.is_success() => answer::state(&body),
            _ => Answer::Invalid,
        }
    }
}

#[async_trait]
impl KeepAlive for Authority {
    async fn send(&self, report: Report) -> Answer {
        let hold = |hold: stillhere::core::output::HoldReport| ToldHold {
            id: format!("{:016x}", hold.id),
            reason: String::from_utf8_lossy(&hold.reason).into_owned(),
            ttl_ms: hold.ttl_ms,
        };
        let told = Told {
            age_ms: report.age_ms,
            counts: report.counts,
            contexts: report.contexts,
            holds: report.holds.into_iter().map(hold).collect(),
            agent: AGENT,
        };
        self.call(self.client.post(format!("{}/keepalive", self.root)).json(&told)).await
    }

    async fn ask(&self) -> Answer {
        self.call(self.client.get(format!("{}/session", self.root))).await
    }

    async fn end(&self, because: EndedBecause) {
        let body = serde_json::json!({ "because": because.name() });
        let request = self.client.delete(format!("{}/session", self.root)).json(&body);
        if let Answer::Unreachable { .. } = self.call(request).await {
            tracing::warn!(
                "the authority could not be told of the end; it ends the token by itself"
            );
        }
    }

    async fn listen(&self, heard: &(dyn Fn(News) + Sync)) {
        let request = self.client.get(format!("{}/events", self.root));
        let request = self.bearer(request.header(ACCEPT, "text/event-stream"));
        let response = match request.send().await {
            Ok(response) => response,
            Err(fault) => {
                tracing::debug!(%fault, "there is no event stream");
                return;
            }
        };
        if response.status() == StatusCode::UNAUTHORIZED {
            let answer = answer::refusal(&response.bytes().await.unwrap_or_default());
            heard(News { answer, at_ms: None });
            return;
        }
        if !response.status().is_success() {
            return;
        }
        let mut events = response.bytes_stream().eventsource();
        while let Some(Ok(event)) = events.next().await {
            if let Some(news) = answer::event(&event.event, &event.data) {
                heard(news);
            }
        }
    }
}

/// `Retry-After` in milliseconds: seconds or a date (RFC 9110, 10.2.3).
fn retry_after_ms(response: &Response) -> Option<u64> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse::<u64>() {
        return seconds.checked_mul(1000);
    }
    let at = httpdate::parse_http_date(text).ok()?;
    #[expect(clippy::disallowed_methods, reason = "a date is compared with the wall clock")]
    let left = at.duration_since(std::time::SystemTime::now()).ok()?;
    u64::try_from(left.as_millis()).ok()
}
