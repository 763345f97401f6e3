//! What an administrator writes: a layer of values for the organization, a group or a user. A value
//! that is left out is taken from the layer below.

use serde::{Deserialize, Serialize};
use stillhere::core::policy::{
    Counted, MAX_HOLD_MS, MAX_IDLE_TIMEOUT_MS, MIN_DEV_IDLE_TIMEOUT_MS, MIN_IDLE_TIMEOUT_MS,
    MIN_KEEPALIVE_MS, MIN_WARN_BEFORE_MS, Mode, OnLock,
};
use utoipa::ToSchema;

use super::{api_rules::ApiRules, schedule::DailyLogout};
use crate::wire::Object;

/// Longest idle timeout with the HIPAA flag: 15 minutes (docs/contract.md and docs/policy.md).
pub const MAX_HIPAA_IDLE_TIMEOUT_MS: u64 = 15 * 60 * 1000;
/// Longest time by which a shift may be overrun, in milliseconds: 12 hours (NIST SP 800-63B-4,
/// 2.3.3: AAL3 overall).
pub const MAX_SHIFT_GRACE_MS: u64 = 12 * 60 * 60 * 1000;
/// Last moment that has an RFC 3339 form, in Unix milliseconds.
const MAX_MOMENT: i64 = 253_402_300_799_999;

/// Whose values a layer holds. The name is a user's or a group's as registered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everybody.
    Organization,
    /// Who is registered with that group.
    Group(String),
    /// One user.
    User(String),
}

impl Scope {
    /// Whether whoever has that name and those groups is meant.
    #[must_use]
    pub fn covers(&self, user: &str, groups: &[String]) -> bool {
        match self {
            Self::Organization => true,
            Self::Group(name) => groups.contains(name),
            Self::User(name) => name == user,
        }
    }

    /// Reads what [`Scope`]'s `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "organization").then_some(Self::Organization),
            Some(("group", name)) => Some(Self::Group(name.to_owned())),
            Some(("user", name)) => Some(Self::User(name.to_owned())),
            Some(_) => None,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Organization => f.write_str("organization"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
        }
    }
}

/// Whether ends are carried out or only reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModeBody {
    /// The session ends.
    Enforce,
    /// The end is reported and nothing ends.
    Observe,
}

impl From<ModeBody> for Mode {
    fn from(mode: ModeBody) -> Self {
        match mode {
            ModeBody::Enforce => Self::Enforce,
            ModeBody::Observe => Self::Observe,
        }
    }
}

/// What a locked screen does to the session of whoever locked it, where a desktop app tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnLockBody {
    /// Nothing.
    Nothing,
    /// The warning is due at once, and the end `warn_before_ms` after the lock.
    Warn,
    /// The end is due at once.
    End,
}

impl From<OnLockBody> for OnLock {
    fn from(on_lock: OnLockBody) -> Self {
        match on_lock {
            OnLockBody::Nothing => Self::Nothing,
            OnLockBody::Warn => Self::Warn,
            OnLockBody::End => Self::End,
        }
    }
}

impl From<OnLock> for OnLockBody {
    fn from(on_lock: OnLock) -> Self {
        match on_lock {
            OnLock::Nothing => Self::Nothing,
            OnLock::Warn => Self::Warn,
            OnLock::End => Self::End,
        }
    }
}

/// In what a console shows an idle timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeoutUnit {
    /// In minutes.
    Minutes,
    /// In hours.
    Hours,
}

/// Which kinds of input count as activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountedBody {
    /// Trusted key presses.
    pub keystrokes: bool,
    /// Trusted pointer presses.
    pub clicks: bool,
    /// Accepted heartbeats of an embedding host.
    pub heartbeats: bool,
    /// Input in other programs, as the operating system knows it. Left out: it does not count.
    #[serde(default)]
    pub system: bool,
}

impl From<CountedBody> for Counted {
    fn from(CountedBody { keystrokes, clicks, heartbeats, system }: CountedBody) -> Self {
        Self { keystrokes, clicks, heartbeats, system }
    }
}

impl From<Counted> for CountedBody {
    fn from(Counted { keystrokes, clicks, heartbeats, system }: Counted) -> Self {
        Self { keystrokes, clicks, heartbeats, system }
    }
}

/// When a user's shift ends, and how much longer they may stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// The end (RFC 3339, with an offset from UTC).
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// Milliseconds after it at which the session ends, at most 12 hours.
    #[serde(default)]
    pub grace_ms: u64,
}

impl Shift {
    /// When the sessions that began before it end, in Unix milliseconds. None if the moment cannot
    /// be read or lies before 1970 or after 9999.
    #[must_use]
    pub fn logout_at(&self) -> Option<u64> {
        let at: jiff::Timestamp = self.ends_at.parse().ok()?;
        let at = Some(at.as_millisecond()).filter(|at| (0..=MAX_MOMENT).contains(at))?;
        u64::try_from(at).ok()?.checked_add(self.grace_ms)
    }
}

/// The values of one layer. Durations are whole milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Layer {
    /// Time without activity after which the session ends, 300,000 to 28,800,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// In what a console shows `idle_timeout_ms`; nothing here depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_unit: Option<TimeoutUnit>,
    /// Time before the deadline at which the warning is due, at least 20,000. Cut to a third of
    /// an idle timeout that is not longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_before_ms: Option<u64>,
    /// Time between two keep-alives of a token at the least, 1,000 to 28,800,000. Cut to a third of
    /// a shorter idle timeout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keepalive_ms: Option<u64>,
    /// Longest time to live of a hold, at most 86,400,000; 0 allows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hold_ms: Option<u64>,
    /// Whether ends are carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModeBody>,
    /// What counts as activity in the pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "object")]
    pub counts: Option<CountedBody>,
    /// What a locked screen does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_lock: Option<OnLockBody>,
    /// Whether the tokens of one sign-in share activity and holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_tokens: Option<bool>,
    /// A time of the day at which sessions end however active their users are.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "object")]
    pub logout_daily: Option<DailyLogout>,
    /// Which API calls count as activity; none without it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "object")]
    pub api_rules: Option<ApiRules>,
    /// The organization's only: no idle timeout is longer than 900,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipaa: Option<bool>,
    /// A group's only, and needed there: of a user's groups the one with the lowest number counts, 1
    /// to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// A user's only: the end of the shift, as a workforce system knows it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "object")]
    pub shift: Option<Shift>,
}

impl Layer {
    /// Checks every value. `dev` allows the short times of the development mode.
    ///
    /// # Errors
    /// One sentence that names the field and what it takes.
    pub fn check(&self, scope: &Scope, dev: bool) -> Result<(), String> {
        let (min_idle, min_warn) = if dev {
            (MIN_DEV_IDLE_TIMEOUT_MS, 0)
        } else {
            (MIN_IDLE_TIMEOUT_MS, MIN_WARN_BEFORE_MS)
        };
        for (field, value, min, max) in [
            ("idle_timeout_ms", self.idle_timeout_ms, min_idle, MAX_IDLE_TIMEOUT_MS),
            ("warn_before_ms", self.warn_before_ms, min_warn, MAX_IDLE_TIMEOUT_MS),
            ("keepalive_ms", self.keepalive_ms, MIN_KEEPALIVE_MS, MAX_IDLE_TIMEOUT_MS),
            ("max_hold_ms", self.max_hold_ms, 0, MAX_HOLD_MS),
        ] {
            if value.is_some_and(|value| value < min || value > max) {
                return Err(format!("{field} must be between {min} and {max}."));
            }
        }
        self.check_place(scope)?;
        if let Some(daily) = &self.logout_daily {
            daily.check()?;
        }
        if let Some(rules) = &self.api_rules {
            rules.check()?;
        }
        self.shift.as_ref().map_or(Ok(()), check_shift)
    }

    /// Three values have one place only.
    fn check_place(&self, scope: &Scope) -> Result<(), String> {
        let (organization, group, user) = match scope {
            Scope::Organization => (true, false, false),
            Scope::Group(_) => (false, true, false),
            Scope::User(_) => (false, false, true),
        };
        if self.hipaa.is_some() && !organization {
            return Err("hipaa belongs to the organization's policy only.".to_owned());
        }
        if self.shift.is_some() && !user {
            return Err("shift belongs to a user's policy only.".to_owned());
        }
        match self.priority {
            Some(_) if !group => Err("priority belongs to a group's policy only.".to_owned()),
            None if group => Err("priority is missing: give the group 1 to 5.".to_owned()),
            Some(priority) if !(1..=5).contains(&priority) => {
                Err("priority must be between 1 and 5.".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Whether the layer says nothing, so that it need not be kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn object<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: serde::de::DeserializeOwned,
    D: serde::Deserializer<'de>,
{
    Option::<Object<T>>::deserialize(from).map(|object| object.map(|Object(value)| value))
}

fn check_shift(shift: &Shift) -> Result<(), String> {
    if shift.grace_ms > MAX_SHIFT_GRACE_MS {
        return Err(format!("shift.grace_ms must be between 0 and {MAX_SHIFT_GRACE_MS}."));
    }
    if shift.logout_at().is_none() {
        return Err("shift.ends_at must be a moment such as 2026-11-26T17:00:00+01:00 (RFC 3339)."
            .to_owned());
    }
    Ok(())
}
