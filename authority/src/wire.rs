//! The bodies of requests and responses.

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use stillhere::core::policy::{Mode, Policy};
use utoipa::ToSchema;

use crate::{
    report::Counts,
    session::{Standing, State},
};

/// Which kinds of input count as activity.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CountedBody {
    /// Trusted key presses.
    pub keystrokes: bool,
    /// Trusted pointer presses.
    pub clicks: bool,
    /// Accepted heartbeats of an embedding host.
    pub heartbeats: bool,
}

/// The policy that applies to a token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PolicyBody {
    /// Grows with each change, over restarts too. The highest wins.
    pub version: u64,
    /// Milliseconds without activity after which the session ends.
    pub idle_timeout_ms: u64,
    /// Milliseconds before the deadline at which the warning is due.
    pub warn_before_ms: u64,
    /// Milliseconds between two keep-alives of a token at the least.
    pub keepalive_ms: u64,
    /// Moment at which the session ends however active its user is (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub logout_at: Option<String>,
    /// `enforce`, or `observe`: the agent reports what it would have done.
    #[schema(pattern = "^(enforce|observe)$")]
    pub mode: &'static str,
    /// What counts as activity.
    pub counts: CountedBody,
    /// Longest time to live of a hold, in milliseconds.
    pub max_hold_ms: u64,
}

impl From<&Policy> for PolicyBody {
    fn from(policy: &Policy) -> Self {
        let counts = policy.counts;
        Self {
            version: policy.version,
            idle_timeout_ms: policy.idle_timeout_ms,
            warn_before_ms: policy.warn_before_ms,
            keepalive_ms: policy.keepalive_ms,
            logout_at: policy.logout_at.and_then(rfc3339),
            mode: match policy.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            },
            counts: CountedBody {
                keystrokes: counts.keystrokes,
                clicks: counts.clicks,
                heartbeats: counts.heartbeats,
            },
            max_hold_ms: policy.max_hold_ms,
        }
    }
}

fn rfc3339(unix_ms: u64) -> Option<String> {
    // Dates past the year 9999 have no RFC 3339 form; such a schedule is none.
    const LAST_MS: u64 = 253_402_300_799_999;
    let at = (unix_ms <= LAST_MS).then(|| UNIX_EPOCH + Duration::from_millis(unix_ms))?;
    Some(humantime::format_rfc3339_millis(at).to_string())
}

/// Where a token stands, and the policy that applies to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StateBody {
    /// `alive`, `held` or `ended`.
    #[schema(pattern = "^(alive|held|ended)$")]
    pub state: &'static str,
    /// Milliseconds until the deadline; null while held.
    pub remaining_ms: Option<u64>,
    /// Milliseconds since the newest activity, or since the newest hold ended.
    pub idle_ms: u64,
    /// Why it ended: `idle`, `schedule`, `revoked` or `signed-out`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<&'static str>,
    /// The policy.
    pub policy: PolicyBody,
}

impl StateBody {
    /// The body for that state under that policy.
    #[must_use]
    pub fn new(state: State, policy: &Policy) -> Self {
        Self {
            state: standing_name(state.standing),
            remaining_ms: state.remaining_ms,
            idle_ms: state.idle_ms,
            because: match state.standing {
                Standing::Ended(because) => Some(because.name()),
                Standing::Alive | Standing::Held => None,
            },
            policy: policy.into(),
        }
    }
}

/// The name of a standing in JSON.
pub(crate) const fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Alive => "alive",
        Standing::Held => "held",
        Standing::Ended(_) => "ended",
    }
}

/// Why a token's holder ends it.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct EndBody {
    /// `idle`, `schedule`, `revoked` or `signed-out`; the last if it is left out.
    pub because: Option<String>,
}

/// A token that was issued elsewhere.
#[derive(Deserialize, ToSchema)]
pub struct RegisterBody {
    /// The token, 16 to 8192 characters of the form b64token (RFC 6750, section 2.1).
    pub token: String,
    /// Whose it is, 1 to 256 characters.
    pub user: String,
    /// Ties together the tokens of one sign-in, at most 256 characters.
    pub sign_in: Option<String>,
    /// The user's groups, at most 64 of at most 256 characters.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A hold as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldBody {
    /// The name that the context gave it.
    pub id: String,
    /// What the person is busy with.
    pub reason: String,
    /// Milliseconds until it lapses.
    pub expires_in_ms: u64,
}

/// A live session as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// First 22 characters of base64url(SHA-256(token)).
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// Ties together the tokens of one sign-in.
    pub sign_in: Option<String>,
    /// `alive` or `held`.
    pub state: &'static str,
    /// Milliseconds since the newest activity, or since the newest hold ended.
    pub idle_ms: u64,
    /// Milliseconds until the deadline; null while held.
    pub remaining_ms: Option<u64>,
    /// How often each kind of activity was seen.
    pub counts: Counts,
    /// Contexts that shared the token at the newest report.
    pub contexts: u32,
    /// Holds that live.
    pub holds: Vec<HoldBody>,
    /// Keep-alives received.
    pub keepalives: u64,
    /// Name and version of the agent that reported last.
    pub agent: String,
}

/// All live sessions, in no order.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsBody {
    /// One for each token.
    pub sessions: Vec<SessionBody>,
}

/// How many sessions a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedCountBody {
    /// Sessions that lived until this call.
    pub ended: usize,
}
