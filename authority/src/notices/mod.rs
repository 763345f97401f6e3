//! Telling the outside when a session ended.
//!
//! The log of ends is the outbox: each receiver is a reader of it with a position of its own that the
//! store keeps, so what was not acknowledged is sent again after a crash, and of many nodes the one
//! that has the reader's lease sends ([`delivery`]). Lines that were only observed are passed over:
//! nobody was logged out.
//!
//! - [`webhook`]: JSON, signed (Standard Webhooks 1.0.0).
//! - [`backchannel`]: logout tokens to relying parties (OpenID Connect Back-Channel Logout 1.0).
//! - [`caep`]: security event tokens (RFC 8417, CAEP 1.0) by push (RFC 8935).

mod backchannel;
mod backoff;
mod caep;
pub(crate) mod dead_letters;
mod delivery;
pub(crate) mod metrics;
pub mod settings;
mod signing;
mod webhook;

use std::{fmt, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header, request},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use self::{backchannel::BackChannel, caep::Caep, delivery::Delivery, webhook::Webhook};
use crate::{http_client::Endpoint, journal::EndLine, state::AppState};

pub use self::{
    settings::{NoticeSettings, RetrySettings},
    signing::Signer,
};

/// What is sent as `User-Agent`.
const AGENT: &str = concat!("stillhere-authority/", env!("CARGO_PKG_VERSION"));

/// How a receiver is told.
enum Way {
    Webhook(Webhook),
    BackChannel(BackChannel),
    Caep(Caep),
}

struct Inner {
    name: String,
    /// Scheme, host and port: paths and queries of webhooks can hold secrets.
    origin: String,
    endpoint: Endpoint,
    way: Way,
}

/// Somebody who is told when a session ended. Cheap to clone. It shows neither its secrets nor the
/// path of its address.
#[derive(Clone)]
pub struct Receiver(Arc<Inner>);

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.reader(), self.origin())
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// The receiver has it.
    Delivered,
    /// There is nothing to tell this receiver.
    NotNeeded,
    /// It may work later.
    Failed {
        /// One sentence without secrets.
        why: String,
        /// Milliseconds that the receiver asks for until the next attempt.
        after_ms: Option<u64>,
    },
    /// The receiver wants this message never, for this reason.
    Refused(String),
    /// The receiver wants no message any more.
    Gone,
}

impl Outcome {
    fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), after_ms: None }
    }

    /// An answer that is no success.
    fn answered(status: StatusCode, headers: &HeaderMap, now_ms: u64) -> Self {
        let why = if status.is_redirection() {
            format!("a redirect was answered ({status}), which is not followed")
        } else {
            format!("{status} was answered")
        };
        Self::Failed { why, after_ms: backoff::retry_after(headers, now_ms) }
    }
}

/// What a receiver is told.
struct Notice<'a> {
    /// The same at each attempt, and another for each receiver.
    id: String,
    end: &'a EndLine,
}

impl<'a> Notice<'a> {
    /// The notice of a line of the log of ends. What it is about goes into its name too, since the
    /// numbers begin anew with a store that was lost.
    fn new(receiver: &Receiver, number: u64, end: &'a EndLine) -> Self {
        let about = format!("{}\n{number}\n{}\n{}", receiver.reader(), end.id, end.at);
        let mut id = URL_SAFE_NO_PAD.encode(Sha256::digest(about));
        id.truncate(22);
        Self { id, end }
    }
}

impl Receiver {
    fn new(name: String, origin: String, endpoint: Endpoint, way: Way) -> Self {
        Self(Arc::new(Inner { name, origin, endpoint, way }))
    }

    /// The name of the section of the configuration file: `webhook`, `backchannel-logout` or `caep`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0.way {
            Way::Webhook(_) => "webhook",
            Way::BackChannel(_) => "backchannel-logout",
            Way::Caep(_) => "caep",
        }
    }

    /// Its name, unique among those of its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it is: scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Its name as a reader of the log of ends.
    #[must_use]
    pub fn reader(&self) -> String {
        format!("{}:{}", self.kind(), self.name())
    }

    /// Makes one attempt.
    async fn tell(&self, state: &AppState, number: u64, end: &EndLine) -> Outcome {
        let notice = Notice::new(self, number, end);
        match &self.0.way {
            Way::Webhook(webhook) => webhook.tell(self, state, &notice).await,
            Way::BackChannel(rp) => rp.tell(self, state, &notice).await,
            Way::Caep(caep) => caep.tell(self, state, &notice).await,
        }
    }

    fn post(&self, content_type: &str) -> request::Builder {
        let request = self.0.endpoint.post();
        request.header(header::CONTENT_TYPE, content_type).header(header::USER_AGENT, AGENT)
    }

    /// Sends a request: status, headers, and as much of the body as came.
    async fn send(
        &self,
        request: request::Builder,
        body: String,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Outcome> {
        let answer = self.0.endpoint.send(request, Body::from(body)).await;
        let mut answer = answer.map_err(Outcome::failed)?;
        let (status, headers) = (answer.status, std::mem::take(&mut answer.headers));
        // The status decides; a body that is too long or does not end changes nothing about it.
        Ok((status, headers, answer.body().await.unwrap_or_default()))
    }
}

/// Starts to tell all receivers, until the shutdown. Dropping the set stops it at once.
pub(crate) async fn start(state: &AppState) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for receiver in &state.settings().notices.receivers {
        // Before anybody can be logged out: a new reader begins behind the newest line.
        if let Err(error) = state.store().position(&receiver.reader()).await {
            tracing::error!(%error, ?receiver, "it is not known yet where to go on");
        }
        all.spawn(Delivery::new(state.clone(), receiver.clone()).run());
    }
    all
}
