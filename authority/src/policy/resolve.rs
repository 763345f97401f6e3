//! From layers to values: the user's first, then the groups' by priority, then the organization's,
//! then the server's own. Then the limits.

use serde::Serialize;
use stillhere::core::policy::{Counted, MIN_KEEPALIVE_MS, Mode, OnLock, Policy};
use utoipa::ToSchema;

use super::{
    Entry,
    layer::{Layer, MAX_HIPAA_IDLE_TIMEOUT_MS},
};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// The user's own policy.
    User,
    /// A group's.
    Group {
        /// Which one.
        group: &'a str,
        /// Its priority: the lowest of the user's groups that have a value.
        priority: u8,
    },
    /// The organization's.
    Organization,
    /// The server's flags, environment or configuration file, or their defaults.
    Settings,
}

/// What cut a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The organization's HIPAA flag allows 15 minutes at the most.
    Hipaa,
    /// It has to be shorter than the idle timeout.
    IdleTimeout,
}

/// A value and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen<'a, T> {
    /// The value in force.
    pub value: T,
    /// Whose it is.
    pub source: Source<'a>,
    /// What cut it.
    pub limited_by: Option<Limit>,
}

/// The values in force for somebody, each with its reason.
#[derive(Debug)]
pub(crate) struct Values<'a> {
    pub(crate) idle_timeout_ms: Chosen<'a, u64>,
    pub(crate) warn_before_ms: Chosen<'a, u64>,
    pub(crate) keepalive_ms: Chosen<'a, u64>,
    pub(crate) max_hold_ms: Chosen<'a, u64>,
    pub(crate) mode: Chosen<'a, Mode>,
    pub(crate) counts: Chosen<'a, Counted>,
    pub(crate) on_lock: Chosen<'a, OnLock>,
    pub(crate) link_tokens: Chosen<'a, bool>,
    /// The layer whose daily logout applies.
    pub(crate) daily: Option<(&'a Entry, Source<'a>)>,
    /// The layer whose API rules apply.
    pub(crate) api: Option<(&'a Entry, Source<'a>)>,
}

/// The layers that apply to somebody, the first that has a value wins.
pub(crate) struct Stack<'a> {
    layers: Vec<(&'a Entry, Source<'a>)>,
    hipaa: bool,
}

impl<'a> Stack<'a> {
    /// Puts the layers in order. Of two groups of one priority the stricter counts, and of two as
    /// strict the first by name.
    pub(crate) fn new(
        user: Option<&'a Entry>,
        mut groups: Vec<(&'a str, &'a Entry)>,
        organization: Option<&'a Entry>,
    ) -> Self {
        let rank =
            |entry: &Entry| (entry.priority(), entry.layer.idle_timeout_ms.unwrap_or(u64::MAX));
        groups.sort_by(|(a, x), (b, y)| rank(x).cmp(&rank(y)).then_with(|| a.cmp(b)));
        let named = |(group, entry): (&'a str, &'a Entry)| {
            (entry, Source::Group { group, priority: entry.priority() })
        };
        let mut layers = Vec::with_capacity(groups.len() + 2);
        layers.extend(user.map(|entry| (entry, Source::User)));
        layers.extend(groups.into_iter().map(named));
        layers.extend(organization.map(|entry| (entry, Source::Organization)));
        let hipaa = organization.and_then(|entry| entry.layer.hipaa).unwrap_or(false);
        Self { layers, hipaa }
    }

    fn first(&self, has: impl Fn(&Entry) -> bool) -> Option<(&'a Entry, Source<'a>)> {
        self.layers.iter().find(|(entry, _)| has(entry)).copied()
    }

    fn choose<T>(&self, value: impl Fn(&Layer) -> Option<T>, otherwise: T) -> Chosen<'a, T> {
        let mut given = self.layers.iter();
        given.find_map(|(entry, source)| value(&entry.layer).map(|value| (value, *source))).map_or(
            Chosen { value: otherwise, source: Source::Settings, limited_by: None },
            |(value, source)| Chosen { value, source, limited_by: None },
        )
    }

    /// The values in force.
    pub(crate) fn values(&self, settings: &Policy, link_tokens: bool) -> Values<'a> {
        let mut idle = self.choose(|l| l.idle_timeout_ms, settings.idle_timeout_ms);
        if self.hipaa && idle.value > MAX_HIPAA_IDLE_TIMEOUT_MS {
            idle.value = MAX_HIPAA_IDLE_TIMEOUT_MS;
            idle.limited_by = Some(Limit::Hipaa);
        }
        let third = idle.value / 3;
        let mut warn = self.choose(|l| l.warn_before_ms, settings.warn_before_ms);
        if warn.value >= idle.value {
            (warn.value, warn.limited_by) = (third, Some(Limit::IdleTimeout));
        }
        let mut keepalive = self.choose(|l| l.keepalive_ms, settings.keepalive_ms);
        if keepalive.value > idle.value {
            keepalive.value = third.max(MIN_KEEPALIVE_MS).min(idle.value);
            keepalive.limited_by = Some(Limit::IdleTimeout);
        }
        Values {
            idle_timeout_ms: idle,
            warn_before_ms: warn,
            keepalive_ms: keepalive,
            max_hold_ms: self.choose(|l| l.max_hold_ms, settings.max_hold_ms),
            mode: self.choose(|l| l.mode.map(Mode::from), settings.mode),
            counts: self.choose(|l| l.counts.map(Counted::from), settings.counts),
            on_lock: self.choose(|l| l.on_lock.map(OnLock::from), settings.on_lock),
            link_tokens: self.choose(|l| l.link_tokens, link_tokens),
            daily: self.first(|entry| entry.schedule.is_some()),
            api: self.first(|entry| entry.api.is_some()),
        }
    }
}
