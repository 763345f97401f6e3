//! Who is logged out when: the layers that administrators wrote, and what they come to for one
//! session. docs/policy.md says it in an administrator's words.

mod api_rules;
mod layer;
mod resolve;
mod schedule;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use stillhere::core::policy::Policy;

use self::{
    api_rules::ApiMatcher,
    resolve::{Stack, Values},
    schedule::Schedule,
};
pub use self::{
    api_rules::ApiRules,
    layer::{
        CountedBody, Layer, MAX_HIPAA_IDLE_TIMEOUT_MS, MAX_SHIFT_GRACE_MS, ModeBody, OnLockBody,
        Scope, Shift, TimeoutUnit,
    },
    resolve::{Chosen, Limit, Source},
    schedule::{DailyLogout, Day},
};
use crate::{
    session::{Grace, LATE_MS, Terms},
    store::Owner,
};

/// Changes that are remembered for the sake of those who look absent at that moment.
const MAX_PAST: usize = 64;

/// What a store keeps of one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// What the administrator wrote.
    pub layer: Layer,
    /// Since when its daily logout is as it is, in Unix milliseconds: a time of the day that had
    /// passed when it was set ends nobody.
    pub logout_since: u64,
}

/// One layer as it is used.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) layer: Layer,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) api: Option<Arc<ApiMatcher>>,
    pub(crate) logout_since: u64,
}

impl Entry {
    fn new(stored: Stored) -> Result<Self, String> {
        let Stored { layer, logout_since } = stored;
        let schedule = layer.logout_daily.as_ref().map(DailyLogout::compile).transpose()?;
        let api = layer.api_rules.as_ref().map(ApiRules::compile).transpose()?.map(Arc::new);
        Ok(Self { layer, schedule, api, logout_since })
    }

    pub(crate) fn priority(&self) -> u8 {
        self.layer.priority.unwrap_or(u8::MAX)
    }
}

/// A layer as it was before a change.
#[derive(Debug)]
struct Past {
    scope: Scope,
    entry: Option<Entry>,
    changed_at: u64,
}

#[derive(Debug, Default)]
struct Layers {
    version: u64,
    organization: Option<Entry>,
    groups: BTreeMap<String, Entry>,
    users: HashMap<String, Entry>,
    past: Vec<Past>,
}

impl Layers {
    fn get(&self, scope: &Scope) -> Option<&Entry> {
        match scope {
            Scope::Organization => self.organization.as_ref(),
            Scope::Group(name) => self.groups.get(name),
            Scope::User(name) => self.users.get(name),
        }
    }

    fn replace(&mut self, scope: &Scope, entry: Option<Entry>) -> Option<Entry> {
        match (scope, entry) {
            (Scope::Organization, entry) => std::mem::replace(&mut self.organization, entry),
            (Scope::Group(name), Some(entry)) => self.groups.insert(name.clone(), entry),
            (Scope::Group(name), None) => self.groups.remove(name),
            (Scope::User(name), Some(entry)) => self.users.insert(name.clone(), entry),
            (Scope::User(name), None) => self.users.remove(name),
        }
    }

    fn now<'a>(&'a self, user: &str, groups: &'a [String]) -> Stack<'a> {
        let named = |name: &'a String| self.groups.get(name).map(|entry| (name.as_str(), entry));
        let groups = groups.iter().filter_map(named).collect();
        Stack::new(self.users.get(user), groups, self.organization.as_ref())
    }

    /// The layers before the changes since `since`.
    fn before<'a>(&'a self, user: &str, groups: &'a [String], since: u64) -> Stack<'a> {
        let was = |scope: &Scope| {
            let mut past = self.past.iter();
            let changed = past.find(|past| past.scope == *scope && past.changed_at >= since);
            changed.map_or_else(|| self.get(scope), |past| past.entry.as_ref())
        };
        let named =
            |name: &'a String| was(&Scope::Group(name.clone())).map(|entry| (name.as_str(), entry));
        let groups = groups.iter().filter_map(named).collect();
        Stack::new(was(&Scope::User(user.to_owned())), groups, was(&Scope::Organization))
    }
}

/// What applies to one session.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    /// As the agents are told.
    pub(crate) policy: Policy,
    /// The time until a shorter timeout applies to those who look absent.
    pub(crate) grace: Option<Grace>,
    /// Whether the tokens of its sign-in share activity.
    pub(crate) link_tokens: bool,
    api: Option<Arc<ApiMatcher>>,
}

impl InForce {
    /// What the session is judged by.
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms { policy: &self.policy, grace: self.grace }
    }

    /// Whether such an API call is activity.
    pub(crate) fn counts_call(&self, method: &str, path: &str) -> bool {
        self.api.as_ref().is_some_and(|api| api.counts(method, path))
    }

    /// Whether the API rules say of such a call that it is none.
    pub(crate) fn excludes_call(&self, method: &str, path: &str) -> bool {
        self.api.as_ref().is_some_and(|api| api.excludes(method, path))
    }
}

/// All layers of one server.
#[derive(Debug)]
pub(crate) struct Policies {
    settings: Policy,
    link_tokens: bool,
    layers: RwLock<Layers>,
}

impl Policies {
    /// Only the server's settings apply.
    pub(crate) fn new(settings: Policy, link_tokens: bool) -> Self {
        Self { settings, link_tokens, layers: RwLock::default() }
    }

    /// The version is at least that.
    pub(crate) fn raise(&self, version: u64) {
        let mut layers = self.layers.write();
        layers.version = layers.version.max(version);
    }

    /// Takes in a layer as the store had it at that version. None removes it. False if the layers are
    /// newer than that: then nothing has changed, since this one may have been written again.
    ///
    /// # Errors
    /// One sentence, when it cannot be read; nothing has changed then.
    pub(crate) fn put(
        &self,
        scope: &Scope,
        stored: Option<Stored>,
        version: u64,
        now: u64,
    ) -> Result<bool, String> {
        let entry = stored.map(Entry::new).transpose()?;
        let mut layers = self.layers.write();
        if layers.version > version {
            return Ok(false);
        }
        layers.version = version;
        let before = layers.replace(scope, entry);
        let recent = now.saturating_sub(stillhere::core::policy::MAX_IDLE_TIMEOUT_MS);
        layers.past.retain(|past| past.changed_at > recent);
        if layers.past.len() == MAX_PAST {
            layers.past.remove(0);
        }
        layers.past.push(Past { scope: scope.clone(), entry: before, changed_at: now });
        Ok(true)
    }

    /// A layer as it was written.
    pub(crate) fn stored(&self, scope: &Scope) -> Option<Stored> {
        let layers = self.layers.read();
        let entry = layers.get(scope)?;
        Some(Stored { layer: entry.layer.clone(), logout_since: entry.logout_since })
    }

    /// The version of all layers together.
    pub(crate) fn version(&self) -> u64 {
        self.layers.read().version
    }

    /// Everybody who has a layer.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let layers = self.layers.read();
        let organization = layers.organization.iter().map(|_| Scope::Organization);
        let groups = layers.groups.keys().cloned().map(Scope::Group);
        organization.chain(groups).chain(layers.users.keys().cloned().map(Scope::User)).collect()
    }

    /// The organization's layer, the groups', and how many users have one.
    pub(crate) fn all(&self) -> (Layer, BTreeMap<String, Layer>, usize) {
        let layers = self.layers.read();
        let organization = layers.organization.as_ref().map(|entry| entry.layer.clone());
        let groups = layers.groups.iter().map(|(name, entry)| (name.clone(), entry.layer.clone()));
        (organization.unwrap_or_default(), groups.collect(), layers.users.len())
    }

    /// What applies at `now` to a session of that owner that began at `began_at`.
    pub(crate) fn in_force(&self, owner: &Owner, began_at: u64, now: u64) -> InForce {
        let layers = self.layers.read();
        let values =
            layers.now(&owner.user, &owner.groups).values(&self.settings, self.link_tokens);
        let mut in_force = in_force(&values, &self.settings, layers.version);
        let user = layers.users.get(&owner.user);
        schedule(&mut in_force.policy, values.daily.map(|(entry, _)| entry), user, began_at);
        in_force.grace = self.grace(&layers, owner, &in_force.policy, now);
        in_force
    }

    /// Gives each value of somebody with its reason to `read`.
    pub(crate) fn explain<T>(
        &self,
        user: &str,
        groups: &[String],
        read: impl FnOnce(&Values<'_>, u64) -> T,
    ) -> T {
        let layers = self.layers.read();
        let values = layers.now(user, groups).values(&self.settings, self.link_tokens);
        read(&values, layers.version)
    }

    fn grace(&self, layers: &Layers, owner: &Owner, policy: &Policy, now: u64) -> Option<Grace> {
        let recent = |past: &&Past| {
            past.scope.covers(&owner.user, &owner.groups)
                && now < past.changed_at.saturating_add(policy.idle_timeout_ms)
        };
        layers
            .past
            .iter()
            .filter(recent)
            .filter_map(|past| {
                let before = layers.before(&owner.user, &owner.groups, past.changed_at);
                let before = before.values(&self.settings, self.link_tokens);
                let heard = before.keepalive_ms.value.saturating_add(LATE_MS);
                let until = past.changed_at.saturating_add(heard.min(policy.idle_timeout_ms));
                let idle_timeout_ms = before.idle_timeout_ms.value;
                let spared = idle_timeout_ms > policy.idle_timeout_ms && now < until;
                spared.then_some(Grace { idle_timeout_ms, until })
            })
            .max_by_key(|grace| grace.until)
    }
}

fn in_force(values: &Values<'_>, settings: &Policy, version: u64) -> InForce {
    InForce {
        policy: Policy {
            version,
            idle_timeout_ms: values.idle_timeout_ms.value,
            warn_before_ms: values.warn_before_ms.value,
            keepalive_ms: values.keepalive_ms.value,
            logout_at: settings.logout_at,
            mode: values.mode.value,
            counts: values.counts.value,
            max_hold_ms: values.max_hold_ms.value,
            on_lock: values.on_lock.value,
        },
        grace: None,
        link_tokens: values.link_tokens.value,
        api: values.api.and_then(|(entry, _)| entry.api.clone()),
    }
}

/// When a session that began at `began_at` ends however active its user is. Of two sessions of one
/// user the one that began after a logout has the higher version, so that contexts which hold both
/// agree on the later one.
fn schedule(policy: &mut Policy, daily: Option<&Entry>, user: Option<&Entry>, began_at: u64) {
    if let Some((entry, schedule)) = daily.and_then(|e| e.schedule.as_ref().map(|s| (e, s))) {
        let after = began_at.max(entry.logout_since);
        policy.logout_at = sooner(policy.logout_at, schedule.next_after(after));
        policy.version = policy.version.max(schedule.last_until(began_at).unwrap_or(0));
    }
    let shift = user.and_then(|entry| entry.layer.shift.as_ref());
    let shift_end = shift.and_then(Shift::logout_at).filter(|at| *at > began_at);
    policy.logout_at = sooner(policy.logout_at, shift_end);
}

fn sooner(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}
