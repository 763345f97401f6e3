//! What the administrator decided: how long a person may be absent.

use serde::{Deserialize, Serialize};

use super::facts::Ranked;

/// Shortest idle timeout outside development mode: 5 minutes (docs/architecture.md, rule 11).
pub const MIN_IDLE_TIMEOUT_MS: u64 = 5 * 60 * 1000;
/// Longest idle timeout: 8 hours (docs/architecture.md, rule 11).
pub const MAX_IDLE_TIMEOUT_MS: u64 = 8 * 60 * 60 * 1000;
/// Shortest idle timeout in the authority's explicit development mode.
pub const MIN_DEV_IDLE_TIMEOUT_MS: u64 = 1000;
/// Shortest warning outside development mode: 20 seconds (WCAG 2.2, success criterion 2.2.1).
pub const MIN_WARN_BEFORE_MS: u64 = 20 * 1000;
/// Shortest interval between two keep-alives of a token.
pub const MIN_KEEPALIVE_MS: u64 = 1000;
/// Longest hold that a policy can allow: 24 hours (NIST SP 800-63B-4, 2.2.3: AAL2 overall).
pub const MAX_HOLD_MS: u64 = 24 * 60 * 60 * 1000;

/// Whether an end is carried out or only reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The session ends.
    #[default]
    Enforce,
    /// The end is reported and nothing ends.
    Observe,
}

/// What a locked screen does to the session of whoever locked it. Newer activity takes it back, and a
/// hold keeps the session as always (docs/decisions/screen-lock.md).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLock {
    /// Nothing.
    #[default]
    Nothing,
    /// The warning is due at once, and the end [`Policy::warn_before_ms`] after the lock.
    Warn,
    /// The end is due at once.
    End,
}

impl OnLock {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Warn, Self::End];
}

/// Which kinds of input count as activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Counted {
    /// Trusted key presses, repeats left out.
    pub keystrokes: bool,
    /// Trusted pointer presses.
    pub clicks: bool,
    /// Accepted heartbeats of an embedding host.
    pub heartbeats: bool,
    /// Input anywhere on the machine, where the operating system tells of it. Not unless it is asked
    /// for: to work in other programs is not to work in this one.
    #[serde(default)]
    pub system: bool,
}

impl Counted {
    /// Everything that people do in a page counts, and nothing that they do elsewhere.
    pub const ALL: Self = Self { keystrokes: true, clicks: true, heartbeats: true, system: false };

    /// Whether everything counts that people do in a page.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.keystrokes && self.clicks && self.heartbeats
    }
}

/// The rules for one token as the authority states them. The highest version wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Grows with each change; facts keep the highest.
    pub version: u64,
    /// Milliseconds without activity after which the session ends.
    pub idle_timeout_ms: u64,
    /// Milliseconds before the deadline at which the warning is due.
    pub warn_before_ms: u64,
    /// Milliseconds between two keep-alives of a token at the least.
    pub keepalive_ms: u64,
    /// Moment at which the session ends however active its user is, in milliseconds since the Unix
    /// epoch. A hold that lives then puts it off.
    pub logout_at: Option<u64>,
    /// Whether ends are carried out.
    pub mode: Mode,
    /// What counts as activity.
    pub counts: Counted,
    /// Longest time to live of a hold, in milliseconds.
    pub max_hold_ms: u64,
    /// What a locked screen does.
    #[serde(default)]
    pub on_lock: OnLock,
}

impl Ranked for Policy {
    /// Of two that claim one version the stricter counts.
    fn rank(&self) -> [u64; 2] {
        [self.version, u64::MAX - self.idle_timeout_ms]
    }
}

/// Why a policy was refused: which value, and the range it must lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange {
    /// The field's name, as in JSON.
    pub field: &'static str,
    /// Smallest allowed value in milliseconds.
    pub min: u64,
    /// Largest allowed value in milliseconds.
    pub max: u64,
}

impl Policy {
    /// What holds until the authority has spoken: 15 minutes (PCI DSS 4.0.1, 8.2.8),
    /// a warning one minute before, a keep-alive each 30 seconds.
    pub const DEFAULT: Self = Self {
        version: 0,
        idle_timeout_ms: 15 * 60 * 1000,
        warn_before_ms: 60 * 1000,
        keepalive_ms: 30 * 1000,
        logout_at: None,
        mode: Mode::Enforce,
        counts: Counted::ALL,
        max_hold_ms: 60 * 60 * 1000,
        on_lock: OnLock::Nothing,
    };

    /// Checks every range. `dev` allows the short times of the development mode.
    ///
    /// # Errors
    /// The first value that is out of its range.
    pub fn check(&self, dev: bool) -> Result<(), OutOfRange> {
        let names = ["idle_timeout_ms", "warn_before_ms", "keepalive_ms", "max_hold_ms"];
        let mut ranges = names.into_iter().zip(self.ranges(dev));
        match ranges.find(|(_, (value, min, max))| value < min || value > max) {
            Some((field, (_, min, max))) => Err(OutOfRange { field, min, max }),
            None => Ok(()),
        }
    }

    /// Whether every value is one that an authority can mean, in whichever mode it is.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        self.ranges(true).iter().all(|(value, min, max)| value >= min && value <= max)
    }

    /// Each value, the smallest and the largest that is allowed.
    fn ranges(&self, dev: bool) -> [(u64, u64, u64); 4] {
        let (min_idle, min_warn) = if dev {
            (MIN_DEV_IDLE_TIMEOUT_MS, 0)
        } else {
            (MIN_IDLE_TIMEOUT_MS, MIN_WARN_BEFORE_MS)
        };
        let idle = self.idle_timeout_ms;
        [
            (idle, min_idle, MAX_IDLE_TIMEOUT_MS),
            // The warning must end before the deadline begins: strictly less than the timeout.
            (self.warn_before_ms, min_warn, idle.saturating_sub(1)),
            (self.keepalive_ms, MIN_KEEPALIVE_MS, idle),
            (self.max_hold_ms, 0, MAX_HOLD_MS),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_within_the_range() {
        assert_eq!(Policy::DEFAULT.check(false), Ok(()));
    }

    #[test]
    fn the_times_are_those_of_the_standards_that_they_come_from() {
        let Policy { idle_timeout_ms, warn_before_ms, keepalive_ms, .. } = Policy::DEFAULT;
        let unset = (idle_timeout_ms, warn_before_ms, keepalive_ms);
        assert_eq!(
            unset,
            (900_000, 60_000, 30_000),
            "unless set: 15 minutes, one, and half of one"
        );
        let ends = [300_000, 8 * 3_600_000].map(|idle_timeout_ms| Policy {
            idle_timeout_ms,
            warn_before_ms: 20_000,
            keepalive_ms: 1_000,
            max_hold_ms: 24 * 3_600_000,
            ..Policy::DEFAULT
        });
        for policy in ends {
            assert_eq!(policy.check(false), Ok(()), "5 minutes and 8 hours are allowed themselves");
        }
        let policy = Policy { warn_before_ms: 899_999, keepalive_ms: 900_000, ..Policy::DEFAULT };
        assert_eq!(policy.check(false), Ok(()), "up to the timeout");
        let short = Policy { idle_timeout_ms: 299_999, ..Policy::DEFAULT };
        let refused = OutOfRange { field: "idle_timeout_ms", min: 300_000, max: 28_800_000 };
        assert_eq!(short.check(false), Err(refused));
        assert_eq!(short.check(true), Ok(()));
    }

    #[test]
    fn all_is_counted_only_if_each_kind_is() {
        assert!(Counted::ALL.is_all());
        let Counted { system, .. } = Policy::DEFAULT.counts;
        assert!(!system, "work in other programs counts only where that is asked for");
        assert!(Counted { system: true, ..Counted::ALL }.is_all(), "nothing that a page counts");
        for counted in [
            Counted { keystrokes: false, ..Counted::ALL },
            Counted { clicks: false, ..Counted::ALL },
            Counted { heartbeats: false, ..Counted::ALL },
        ] {
            assert!(!counted.is_all(), "{counted:?}");
        }
    }

    #[test]
    fn short_times_need_the_development_mode() {
        let short = Policy { idle_timeout_ms: 60_000, warn_before_ms: 10_000, ..Policy::DEFAULT };
        assert_eq!(short.check(false).map_err(|e| e.field), Err("idle_timeout_ms"));
        assert_eq!(short.check(true), Ok(()));
    }

    #[test]
    fn each_value_has_its_range() {
        let cases = [
            (
                Policy { idle_timeout_ms: MAX_IDLE_TIMEOUT_MS + 1, ..Policy::DEFAULT },
                "idle_timeout_ms",
            ),
            (Policy { warn_before_ms: 19_999, ..Policy::DEFAULT }, "warn_before_ms"),
            (Policy { warn_before_ms: 900_000, ..Policy::DEFAULT }, "warn_before_ms"),
            (Policy { keepalive_ms: 999, ..Policy::DEFAULT }, "keepalive_ms"),
            (Policy { keepalive_ms: 900_001, ..Policy::DEFAULT }, "keepalive_ms"),
            (Policy { max_hold_ms: MAX_HOLD_MS + 1, ..Policy::DEFAULT }, "max_hold_ms"),
        ];
        for (policy, field) in cases {
            assert_eq!(policy.check(false).map_err(|e| e.field), Err(field));
        }
    }
}
