//! The bodies of requests and responses.

use std::time::{Duration, UNIX_EPOCH};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error},
};
use stillhere::core::policy::{Mode, Policy};
use utoipa::ToSchema;

use crate::{
    journal::SeenBody,
    policy::{CountedBody, OnLockBody},
    report::Counts,
    session::{Standing, State},
};

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
    /// What a locked screen does, where a desktop app tells of it.
    pub on_lock: OnLockBody,
}

impl From<&Policy> for PolicyBody {
    fn from(policy: &Policy) -> Self {
        Self {
            version: policy.version,
            idle_timeout_ms: policy.idle_timeout_ms,
            warn_before_ms: policy.warn_before_ms,
            keepalive_ms: policy.keepalive_ms,
            logout_at: policy.logout_at.map(rfc3339),
            mode: match policy.mode {
                Mode::Enforce => "enforce",
                Mode::Observe => "observe",
            },
            counts: policy.counts.into(),
            max_hold_ms: policy.max_hold_ms,
            on_lock: policy.on_lock.into(),
        }
    }
}

/// A moment in RFC 3339. What lies past the year 9999 has no such form and is cut to its end.
pub(crate) fn rfc3339(unix_ms: u64) -> String {
    const LAST_MS: u64 = 253_402_300_799_999;
    let at = UNIX_EPOCH + Duration::from_millis(unix_ms.min(LAST_MS));
    humantime::format_rfc3339_millis(at).to_string()
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

/// A value that is written as a JSON object. Structures alone could be written as lists of their values
/// too, and an empty list would be a structure that says nothing.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let object = serde_json::Map::deserialize(from)?;
        T::deserialize(serde_json::Value::Object(object)).map(Self).map_err(D::Error::custom)
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

/// An API call that was seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallBody {
    /// Method and path, with `*` for the segments that look like names of things.
    pub what: String,
    /// Milliseconds since it was seen last, to 10 s.
    pub age_ms: u64,
    /// Whether it counted as activity.
    pub counted: bool,
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
    /// The user's groups.
    pub groups: Vec<String>,
    /// `alive` or `held`.
    pub state: &'static str,
    /// When it began (RFC 3339).
    #[schema(format = DateTime)]
    pub began_at: String,
    /// Milliseconds since the newest activity, or since the newest hold ended.
    pub idle_ms: u64,
    /// Milliseconds until the deadline; null while held.
    pub remaining_ms: Option<u64>,
    /// The idle timeout in force.
    pub idle_timeout_ms: u64,
    /// What keeps it alive, in one sentence.
    pub why: String,
    /// When each kind of activity was seen last.
    pub newest: Vec<SeenBody>,
    /// The API calls that proxies asked about, each kind once, and whether they counted.
    pub calls: Vec<CallBody>,
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

/// Live sessions, by id.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsBody {
    /// One for each token.
    pub sessions: Vec<SessionBody>,
    /// What to send as `after` for more. Missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many sessions a call ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedCountBody {
    /// Sessions that lived until this call.
    pub ended: usize,
}
