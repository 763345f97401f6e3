//! Logout tokens for relying parties: OpenID Connect Back-Channel Logout 1.0.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Notice, Outcome, Receiver, signing::Signer};
use crate::{
    state::AppState,
    store::{StoreError, Whose},
};

/// The event that makes a token a logout token (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Seconds that a logout token is good for. Section 4 recommends two minutes at the most.
const GOOD_FOR: u64 = 120;

/// Signs what one relying party is sent.
pub(super) struct BackChannel {
    pub(super) audience: String,
    pub(super) signer: Arc<Signer>,
}

impl BackChannel {
    /// Makes one attempt: 200 and 204 are successes (section 2.8).
    pub(super) async fn tell(
        &self,
        receiver: &Receiver,
        state: &AppState,
        notice: &Notice<'_>,
    ) -> Outcome {
        match goes_on(state, notice).await {
            Ok(false) => {}
            Ok(true) => return Outcome::NotNeeded,
            Err(error) => return Outcome::failed(error.to_string()),
        }
        let now_ms = state.now_ms();
        let token = match self.signer.sign("logout+jwt", &self.claims(notice, now_ms)) {
            Ok(token) => token,
            Err(why) => return Outcome::failed(why),
        };
        // The letters of a token mean themselves in a form.
        let form = format!("logout_token={token}");
        let request = receiver.post("application/x-www-form-urlencoded");
        match receiver.send(request, form).await {
            Ok((StatusCode::OK | StatusCode::NO_CONTENT, ..)) => Outcome::Delivered,
            Ok((status, headers, _)) => Outcome::answered(status, &headers, state.now_ms()),
            Err(outcome) => outcome,
        }
    }

    /// The claims of section 2.4. Each attempt is a token of its own with a name (`jti`) of its own:
    /// a relying party that remembers names (section 2.6) would refuse the repeat of one whose answer
    /// was lost, though it had logged out.
    fn claims(&self, notice: &Notice<'_>, now_ms: u64) -> Value {
        let now = now_ms / 1000;
        let mut claims = json!({
            "iss": self.signer.issuer(),
            "aud": self.audience,
            "iat": now,
            "exp": now + GOOD_FOR,
            "jti": format!("{}-{now_ms}", notice.id),
            "events": { EVENT: {} },
            "sub": notice.end.user,
        });
        if let Some(sign_in) = &notice.end.sign_in {
            claims["sid"] = json!(sign_in);
        }
        claims
    }
}

/// Whether the sign-in has another token that lives, or, where the token belonged to none, the user.
/// A logout token ends all of that at the relying party, and people who are present must not be
/// logged out; whatever ends last tells.
async fn goes_on(state: &AppState, notice: &Notice<'_>) -> Result<bool, StoreError> {
    let end = notice.end;
    let whose = match &end.sign_in {
        Some(sign_in) => Whose::SignIn(&end.user, sign_in),
        None => Whose::User(&end.user),
    };
    for key in state.store().find(whose).await? {
        let lives = state.read(&key, |record, _, _| record.session.ended().is_none());
        if lives.await? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}
