//! The lines of the two logs: who was logged out and why, and what administrators did.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    policy::InForce,
    session::Ended,
    store::{Key, Record},
    wire::rfc3339,
};

/// When a kind of activity was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeenBody {
    /// `keystrokes`, `clicks`, `heartbeats`, `notes` or `api_calls`.
    pub kind: String,
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    pub at: String,
}

/// Somebody was logged out, or would have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndLine {
    /// When (RFC 3339): an idle end carries the deadline, however late it was noticed.
    #[schema(format = DateTime)]
    pub at: String,
    /// First 22 characters of base64url(SHA-256(token)).
    pub id: String,
    /// Whose it was.
    pub user: String,
    /// The sign-in that it belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<String>,
    /// `idle`, `schedule`, `revoked` or `signed-out`.
    pub because: String,
    /// True where the policy only observes: nobody was logged out.
    pub observed: bool,
    /// When the session began (RFC 3339).
    #[schema(format = DateTime)]
    pub began_at: String,
    /// The newest activity (RFC 3339).
    #[schema(format = DateTime)]
    pub active_at: String,
    /// The idle timeout in force, in milliseconds.
    pub idle_timeout_ms: u64,
    /// The version of the policy in force.
    pub policy_version: u64,
    /// What was seen of the user.
    pub newest: Vec<SeenBody>,
}

impl EndLine {
    /// The line for a record that ended, or would have.
    pub(crate) fn new(
        key: &Key,
        record: &Record,
        ended: Ended,
        in_force: &InForce,
        observed: bool,
    ) -> Self {
        let session = &record.session;
        Self {
            at: rfc3339(ended.at),
            id: key.id(),
            user: record.owner.user.clone(),
            sign_in: record.owner.sign_in.clone(),
            because: ended.because.name().to_owned(),
            observed,
            began_at: rfc3339(session.began_at()),
            active_at: rfc3339(session.active_at()),
            idle_timeout_ms: in_force.policy.idle_timeout_ms,
            policy_version: in_force.policy.version,
            newest: seen(&session.newest()),
        }
    }

    /// As it is kept.
    pub(crate) fn write(&self) -> String {
        // Strings and integers always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Each kind of activity that was seen.
pub(crate) fn seen(newest: &crate::session::Newest) -> Vec<SeenBody> {
    newest.kinds().map(|(kind, at)| SeenBody { kind: kind.to_owned(), at: rfc3339(at) }).collect()
}

/// An administrator did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditLine {
    /// When (RFC 3339).
    #[schema(format = DateTime)]
    pub at: String,
    /// The name of the administrator's token.
    pub by: String,
    /// What was done, such as `policy.write` or `session.revoke`.
    pub act: String,
    /// To what or whom.
    pub target: String,
    /// The policy's version after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What was there before, as far as it is a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// What is there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
}
