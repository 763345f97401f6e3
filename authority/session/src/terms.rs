//! What applies to one session at a moment: the policy, and the grace after it became shorter.

use stillhere::core::policy::Policy;

/// Shorter rules do not apply at once to whoever was away for longer than they allow: the
/// authority hears of activity once an interval only, so who looks absent may be typing. Agents
/// hear of the change within a second and say so (docs/decisions/shorter-rules.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// The idle timeout until then, in milliseconds.
    pub idle_timeout_ms: u64,
    /// First moment at which the new timeout alone applies, in Unix milliseconds.
    pub until: u64,
}

/// What one session is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms<'a> {
    /// The policy in force, as agents are told it.
    pub policy: &'a Policy,
    /// The time until a shorter timeout applies to those who look absent.
    pub grace: Option<Grace>,
}

impl<'a> From<&'a Policy> for Terms<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self { policy, grace: None }
    }
}

impl Terms<'_> {
    /// When somebody whose newest activity was at `since` is out: by the timeout in force or, during
    /// the grace, by the one before it.
    pub(crate) fn idle_at(&self, since: u64) -> u64 {
        let strict = since.saturating_add(self.policy.idle_timeout_ms);
        let spared = |grace: Grace| since.saturating_add(grace.idle_timeout_ms).min(grace.until);
        self.grace.map_or(strict, |grace| strict.max(spared(grace)))
    }
}
