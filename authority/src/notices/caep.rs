//! Security event tokens (RFC 8417) that say that a session was revoked (OpenID CAEP 1.0, section
//! 3.1), pushed as RFC 8935 has it.

use std::{sync::Arc, time::UNIX_EPOCH};

use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Notice, Outcome, Receiver, signing::Signer};
use crate::{journal::EndLine, secret::Secret, state::AppState};

const EVENT: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
/// Most characters of a receiver's own words that are kept.
const MAX_WORDS: usize = 200;

/// Signs what one receiver is sent.
pub(super) struct Caep {
    pub(super) audience: String,
    /// Who gave the users their names.
    pub(super) subject_issuer: String,
    pub(super) token: Option<Secret>,
    pub(super) signer: Arc<Signer>,
}

/// Why a receiver does not take a token (RFC 8935, section 2.3).
#[derive(Deserialize)]
struct Refusal {
    err: String,
    #[serde(default)]
    description: String,
}

impl Caep {
    /// Makes one attempt: 202 is the one success (RFC 8935, section 2.2), and a 400 that says why is
    /// the receiver's last word on this token (section 2.3).
    pub(super) async fn tell(
        &self,
        receiver: &Receiver,
        state: &AppState,
        notice: &Notice<'_>,
    ) -> Outcome {
        let token = match self.signer.sign("secevent+jwt", &self.claims(notice)) {
            Ok(token) => token,
            Err(why) => return Outcome::failed(why),
        };
        let mut request =
            receiver.post("application/secevent+jwt").header(header::ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        match receiver.send(request, token).await {
            Ok((StatusCode::ACCEPTED, ..)) => Outcome::Delivered,
            Ok((StatusCode::BAD_REQUEST, headers, body)) => match self.refusal(&body) {
                Some(why) => Outcome::Refused(why),
                None => Outcome::answered(StatusCode::BAD_REQUEST, &headers, state.now_ms()),
            },
            Ok((status, headers, _)) => Outcome::answered(status, &headers, state.now_ms()),
            Err(outcome) => outcome,
        }
    }

    /// The claims. There is neither `sub` nor `exp` (OpenID Shared Signals Framework 1.0, sections 3
    /// and 4.1). All of it is the same at each attempt, so that a receiver can drop repeats by `jti`
    /// (RFC 8417, section 2.2).
    fn claims(&self, notice: &Notice<'_>) -> Value {
        let end = notice.end;
        let at = seconds(&end.at);
        let event = json!({
            "event_timestamp": at,
            "initiating_entity": initiator(&end.because),
            "reason_admin": { "en": reason(end) },
        });
        json!({
            "iss": self.signer.issuer(),
            "aud": self.audience,
            "iat": at,
            "jti": notice.id,
            // Tells which tokens are about the same end, whoever receives them.
            "txn": format!("{}-{at}", end.id),
            "sub_id": {
                "format": "complex",
                "session": { "format": "opaque", "id": end.id },
                "user": { "format": "iss_sub", "iss": self.subject_issuer, "sub": end.user },
            },
            "events": { EVENT: event },
        })
    }

    fn refusal(&self, body: &[u8]) -> Option<String> {
        let Refusal { err, description } = serde_json::from_slice(body).ok()?;
        // A receiver may quote what it was sent.
        let hidden = |text: String| match &self.token {
            Some(token) => text.replace(token.expose(), "[secret]"),
            None => text,
        };
        let words = hidden(format!("{err}: {description}"));
        let plain = words.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect::<String>();
        Some(format!("the receiver refused it: {}", plain.trim_end_matches([' ', ':'])))
    }
}

/// Seconds since the Unix epoch of a moment in RFC 3339.
fn seconds(at: &str) -> u64 {
    let since = humantime::parse_rfc3339(at).ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.unwrap_or_default().as_secs()
}

/// Who set the end off (CAEP 1.0, section 2).
fn initiator(because: &str) -> &'static str {
    match because {
        "revoked" => "admin",
        "signed-out" => "user",
        _ => "policy",
    }
}

fn reason(end: &EndLine) -> String {
    match end.because.as_str() {
        "idle" => {
            format!("Nobody was active for the idle timeout of {} s.", end.idle_timeout_ms / 1000)
        }
        "schedule" => "The policy ends sessions at this time.".to_owned(),
        "revoked" => "An administrator ended the session.".to_owned(),
        _ => "The user signed out.".to_owned(),
    }
}
