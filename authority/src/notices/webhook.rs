//! Webhooks as Standard Webhooks 1.0.0 has them (standardwebhooks.com): JSON whose signature says
//! who sent it, when and as which message.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use serde::Serialize;

use super::{Notice, Outcome, Receiver};
use crate::{secret::Secret, state::AppState};

/// Bytes of a secret ("Signature scheme" in the specification).
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs what one receiver is sent.
pub(super) struct Webhook {
    /// One, or several while secrets are exchanged: the receiver takes any of their signatures.
    keys: Vec<hmac::Key>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: &'a str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    user: &'a str,
    session_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<&'a str>,
    because: &'a str,
    at: &'a str,
    began_at: &'a str,
    active_at: &'a str,
    idle_timeout_ms: u64,
    /// For contact-centre platforms, in the words of one of them: whoever was logged out is offline
    /// and takes no calls from a queue.
    presence: &'static str,
    routing_status: &'static str,
}

impl Webhook {
    /// # Errors
    /// What a secret has to be, as the rest of a sentence that begins with the name of the setting.
    pub(super) fn new(secrets: &[Secret]) -> Result<Self, &'static str> {
        Ok(Self { keys: secrets.iter().map(key).collect::<Result<_, _>>()? })
    }

    /// The signatures of a message, separated by spaces.
    fn sign(&self, id: &str, seconds: u64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        let signature =
            |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, signed.as_bytes()).as_ref()));
        self.keys.iter().map(signature).collect::<Vec<_>>().join(" ")
    }

    /// Makes one attempt: any 2xx is a success, 410 says that the receiver wants no more.
    pub(super) async fn tell(
        &self,
        receiver: &Receiver,
        state: &AppState,
        notice: &Notice<'_>,
    ) -> Outcome {
        let (id, body) = (format!("msg_{}", notice.id), body(notice));
        // The time of the attempt: receivers refuse what is older than some minutes.
        let seconds = state.now_ms() / 1000;
        let request = receiver
            .post("application/json")
            .header("webhook-signature", self.sign(&id, seconds, &body))
            .header("webhook-timestamp", seconds)
            .header("webhook-id", id);
        match receiver.send(request, body).await {
            Ok((status, ..)) if status.is_success() => Outcome::Delivered,
            Ok((StatusCode::GONE, ..)) => Outcome::Gone,
            Ok((status, headers, _)) => Outcome::answered(status, &headers, state.now_ms()),
            Err(outcome) => outcome,
        }
    }
}

fn body(notice: &Notice<'_>) -> String {
    let end = notice.end;
    let message = Message {
        kind: "session.ended",
        timestamp: &end.at,
        data: Data {
            user: &end.user,
            session_id: &end.id,
            sign_in: end.sign_in.as_deref(),
            because: &end.because,
            at: &end.at,
            began_at: &end.began_at,
            active_at: &end.active_at,
            idle_timeout_ms: end.idle_timeout_ms,
            presence: "Offline",
            routing_status: "OFF_QUEUE",
        },
    };
    // Strings and integers always serialize.
    serde_json::to_string(&message).unwrap_or_default()
}

fn key(secret: &Secret) -> Result<hmac::Key, &'static str> {
    let encoded = secret.expose().strip_prefix("whsec_");
    let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    let bytes = bytes.filter(|bytes| SECRET.contains(&bytes.len()));
    let bytes = bytes.ok_or("must each be whsec_ and the base64 of 24 to 64 bytes")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: usize) -> Secret {
        format!("whsec_{}", STANDARD.encode(vec![7; bytes])).into()
    }

    /// The vector with which the specification's own libraries are tested.
    #[test]
    fn a_message_is_signed_as_the_reference_signs_it() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned();
        let webhook = Webhook::new(&[secret.into()]).unwrap();
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = webhook.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn secrets_have_a_form_and_a_length() {
        for bytes in [24, 64] {
            assert!(Webhook::new(&[secret(bytes)]).is_ok(), "{bytes}");
        }
        let bare = secret(24).expose().replace("whsec_", "").into();
        for wrong in [secret(23), secret(65), bare, "whsec_ä".to_owned().into()] {
            assert!(Webhook::new(&[secret(24), wrong]).is_err());
        }
    }
}
