//! The idle timeout, of the organization and of its groups.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use stillhere::core::policy::{
    MAX_IDLE_TIMEOUT_MS, MIN_DEV_IDLE_TIMEOUT_MS, MIN_IDLE_TIMEOUT_MS, Mode,
};
use utoipa::ToSchema;

use super::{
    Caller, ORGANIZATION_ADMIN,
    error::{ErrorBody, Refused},
    write,
};
use crate::{
    admins::Scope as May,
    policy::{Layer, MAX_HIPAA_IDLE_TIMEOUT_MS, ModeBody, Scope, TimeoutUnit},
    problem::Problem,
    routes::admin,
    state::AppState,
    wire::Object,
};

const PATH: &str = "/api/v2/tokens/timeout";
const SECONDS: &str = "idleTokenTimeoutSeconds";
const BUNDLES: &str = "inactivityTimeoutGroupBundles";

/// In what a console shows a timeout; nothing here depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub(crate) enum Unit {
    /// In minutes.
    Minutes,
    /// In hours. Shown as minutes all the same where they are no whole hours.
    Hours,
}

impl Unit {
    fn shown(layer: &Layer, seconds: u64) -> Self {
        if layer.timeout_unit == Some(TimeoutUnit::Hours) && seconds.is_multiple_of(3600) {
            Self::Hours
        } else {
            Self::Minutes
        }
    }

    const fn kept(self) -> TimeoutUnit {
        match self {
            Self::Minutes => TimeoutUnit::Minutes,
            Self::Hours => TimeoutUnit::Hours,
        }
    }
}

/// Groups that have one timeout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InactivityTimeoutGroupBundle {
    /// Of a user's groups the one with the lowest number counts, 1 to 5.
    priority: u64,
    /// 300 to 28,800; at most 900 with the HIPAA flag.
    timeout_seconds: u64,
    /// Minutes without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inactivity_timeout_unit: Option<Unit>,
    /// Their names, as tokens are registered with them. At least one.
    groups: Vec<String>,
}

/// The idle timeout.
///
/// What is left out of a `PUT` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct IdleTokenTimeout {
    /// The organization's, 300 to 28,800; at most 900 with the HIPAA flag.
    idle_token_timeout_seconds: Option<u64>,
    /// False: the organization's policy only observes, so that nobody is logged out, by the schedule
    /// neither. A group or a user whose policy has a mode of its own keeps that.
    enable_idle_token_timeout: Option<bool>,
    /// In what a console shows the organization's timeout.
    inactivity_timeout_unit: Option<Unit>,
    /// Whether any group has a timeout of its own. False takes all of them away: what is switched off
    /// is not kept.
    inactivity_timeout_groups_enabled: Option<bool>,
    /// The groups that have one. Those that are in none of the bundles lose theirs.
    inactivity_timeout_group_bundles: Option<Vec<InactivityTimeoutGroupBundle>>,
}

/// The policies as they are.
struct Known {
    version: u64,
    organization: Layer,
    groups: BTreeMap<String, Layer>,
    idle_timeout_ms: u64,
    mode: Mode,
    dev: bool,
}

impl Known {
    fn read(state: &AppState) -> Self {
        // The version first: what is written in between makes the writing fail, not the reading wrong.
        let version = state.policies().version();
        let (organization, groups, _) = state.policies().all();
        // Nobody has no name, so that these are the organization's.
        let (idle_timeout_ms, mode) = state
            .policies()
            .explain("", &[], |values, _| (values.idle_timeout_ms.value, values.mode.value));
        let dev = state.settings().dev;
        Self { version, organization, groups, idle_timeout_ms, mode, dev }
    }

    fn hipaa(&self) -> bool {
        self.organization.hipaa == Some(true)
    }

    fn shown(&self) -> IdleTokenTimeout {
        let seconds = self.idle_timeout_ms / 1000;
        let bundles = self.bundles();
        IdleTokenTimeout {
            idle_token_timeout_seconds: Some(seconds),
            enable_idle_token_timeout: Some(self.mode == Mode::Enforce),
            inactivity_timeout_unit: Some(Unit::shown(&self.organization, seconds)),
            inactivity_timeout_groups_enabled: Some(!bundles.is_empty()),
            inactivity_timeout_group_bundles: Some(bundles),
        }
    }

    /// Groups of one priority and one timeout stand together.
    fn bundles(&self) -> Vec<InactivityTimeoutGroupBundle> {
        let mut found: BTreeMap<(u64, u64, Unit), Vec<String>> = BTreeMap::new();
        for (group, layer) in &self.groups {
            let (Some(priority), Some(ms)) = (layer.priority, layer.idle_timeout_ms) else {
                continue;
            };
            let ms = if self.hipaa() { ms.min(MAX_HIPAA_IDLE_TIMEOUT_MS) } else { ms };
            let (seconds, priority) = (ms / 1000, u64::from(priority));
            let unit = Unit::shown(layer, seconds);
            found.entry((priority, seconds, unit)).or_default().push(group.clone());
        }
        let bundle = |((priority, timeout_seconds, unit), groups)| InactivityTimeoutGroupBundle {
            priority,
            timeout_seconds,
            inactivity_timeout_unit: Some(unit),
            groups,
        };
        found.into_iter().map(bundle).collect()
    }

    fn check_seconds(&self, field: &str, seconds: u64) -> Result<(), Refused> {
        let min = if self.dev { MIN_DEV_IDLE_TIMEOUT_MS } else { MIN_IDLE_TIMEOUT_MS } / 1000;
        let (max, hipaa) = if self.hipaa() {
            (MAX_HIPAA_IDLE_TIMEOUT_MS / 1000, " in an organization with the HIPAA flag")
        } else {
            (MAX_IDLE_TIMEOUT_MS / 1000, "")
        };
        if (min..=max).contains(&seconds) {
            return Ok(());
        }
        Err(Refused::invalid(field, format!("be between {min} and {max}{hipaa}")))
    }

    /// The policies that have to change. Nothing is written before all of it is known to be good.
    fn changes(&self, wanted: &IdleTokenTimeout) -> Result<Vec<(Scope, Option<Layer>)>, Refused> {
        let organization = self.new_organization(wanted)?;
        let mut changes = Vec::new();
        if organization != self.organization {
            changes.push((Scope::Organization, Some(organization)));
        }
        let bundles = wanted.inactivity_timeout_group_bundles.as_deref();
        match (wanted.inactivity_timeout_groups_enabled, bundles) {
            (Some(false), Some([_, ..])) => {
                let rule = "be empty where inactivityTimeoutGroupsEnabled is false: timeouts that \
                            are switched off are not kept";
                return Err(Refused::invalid(BUNDLES, rule));
            }
            (Some(false), _) => changes.extend(self.new_groups(&[])?),
            (_, Some(bundles)) => changes.extend(self.new_groups(bundles)?),
            (_, None) => {}
        }
        Ok(changes)
    }

    fn new_organization(&self, wanted: &IdleTokenTimeout) -> Result<Layer, Refused> {
        let mut layer = self.organization.clone();
        if let Some(seconds) = wanted.idle_token_timeout_seconds {
            self.check_seconds(SECONDS, seconds)?;
            set_seconds(&mut layer, seconds);
        }
        if let Some(unit) = wanted.inactivity_timeout_unit {
            set_unit(&mut layer, unit);
        }
        if let Some(enabled) = wanted.enable_idle_token_timeout
            && enabled != (self.mode == Mode::Enforce)
        {
            layer.mode = Some(if enabled { ModeBody::Enforce } else { ModeBody::Observe });
        }
        Ok(layer)
    }

    fn new_groups(
        &self,
        bundles: &[InactivityTimeoutGroupBundle],
    ) -> Result<Vec<(Scope, Option<Layer>)>, Refused> {
        let mut wanted = BTreeMap::new();
        for bundle in bundles {
            self.check_bundle(bundle)?;
            for group in &bundle.groups {
                if wanted.insert(group, bundle).is_some() {
                    let rule = format!("name each group once, and names `{group}` twice");
                    return Err(Refused::invalid(BUNDLES, rule));
                }
            }
        }
        let lost = self.groups.iter().filter(|(group, layer)| {
            layer.idle_timeout_ms.is_some() && !wanted.contains_key(*group)
        });
        let mut changes: Vec<_> = lost
            .map(|(group, layer)| (Scope::Group(group.clone()), without_timeout(layer)))
            .collect();
        for (group, bundle) in wanted {
            let known = self.groups.get(group);
            let mut layer = known.cloned().unwrap_or_default();
            layer.priority = u8::try_from(bundle.priority).ok();
            set_seconds(&mut layer, bundle.timeout_seconds);
            set_unit(&mut layer, bundle.inactivity_timeout_unit.unwrap_or(Unit::Minutes));
            if known != Some(&layer) {
                changes.push((Scope::Group(group.clone()), Some(layer)));
            }
        }
        Ok(changes)
    }

    fn check_bundle(&self, bundle: &InactivityTimeoutGroupBundle) -> Result<(), Refused> {
        if !(1..=5).contains(&bundle.priority) {
            return Err(Refused::invalid(&format!("{BUNDLES}.priority"), "be between 1 and 5"));
        }
        self.check_seconds(&format!("{BUNDLES}.timeoutSeconds"), bundle.timeout_seconds)?;
        let groups = format!("{BUNDLES}.groups");
        if bundle.groups.is_empty() {
            return Err(Refused::invalid(&groups, "name at least one group"));
        }
        bundle.groups.iter().try_for_each(|group| {
            let long = |_| Refused::invalid(&groups, "hold names of 1 to 256 plain characters");
            admin::name(BUNDLES, group).map_err(long)
        })
    }
}

/// Less than a second that an administrator set elsewhere is not lost by sending back what was shown.
fn set_seconds(layer: &mut Layer, seconds: u64) {
    if layer.idle_timeout_ms.map(|ms| ms / 1000) != Some(seconds) {
        layer.idle_timeout_ms = Some(seconds * 1000);
    }
}

/// Minutes are what is shown where nothing is kept.
fn set_unit(layer: &mut Layer, unit: Unit) {
    layer.timeout_unit = Some(unit.kept()).filter(|unit| *unit != TimeoutUnit::Minutes);
}

/// A group's policy without its timeout. None if nothing but the priority is left.
fn without_timeout(layer: &Layer) -> Option<Layer> {
    let rest = Layer { idle_timeout_ms: None, timeout_unit: None, ..layer.clone() };
    let empty = Layer { priority: None, ..rest.clone() }.is_empty();
    (!empty).then_some(rest)
}

/// The idle timeout
///
/// For any token that lives, and for administrators.
#[utoipa::path(
    get, path = "/api/v2/tokens/timeout", tag = "genesys", security(("token" = []), ("admin" = [])),
    responses(
        (status = 200, description = "The timeout", body = IdleTokenTimeout),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "No token that lives", body = ErrorBody),
        (status = 403, description = "An administrator's token without the scope policy:read", body = ErrorBody),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<IdleTokenTimeout>, Refused> {
    if caller.admin.is_some() {
        caller.admin(&state, May::PolicyRead, ORGANIZATION_ADMIN).await?;
    } else {
        state.with(&caller.bearer, || state.call(&caller.bearer.key, "GET", PATH)).await?;
    }
    Ok(Json(Known::read(&state).shown()))
}

/// Sets the idle timeout
///
/// It writes the same policies as `/v1/admin/policy`: `idle_timeout_ms` and `mode` of the
/// organization's, `idle_timeout_ms` and `priority` of the groups'. Whatever else they hold stays. A
/// value that is not allowed changes nothing.
#[utoipa::path(
    put, path = "/api/v2/tokens/timeout", tag = "genesys", security(("admin" = [])),
    request_body = IdleTokenTimeout,
    responses(
        (status = 200, description = "The timeout after it", body = IdleTokenTimeout),
        (status = 400, description = "A value is not allowed, or the request cannot be read", body = ErrorBody),
        (status = 401, description = "No token that lives", body = ErrorBody),
        (status = 403, description = "`directory:organization:admin` is missing: the scope policy:write", body = ErrorBody),
        (status = 409, description = "Somebody else wrote at the same time: what was written until then stays", body = ErrorBody),
        (status = 413, description = "Over 16 KiB", body = ErrorBody),
        (status = 415, description = "Not JSON", body = ErrorBody),
    ),
)]
pub(crate) async fn put(
    State(state): State<AppState>,
    caller: Caller,
    wanted: Result<Json<Object<IdleTokenTimeout>>, JsonRejection>,
) -> Result<Json<IdleTokenTimeout>, Refused> {
    let admin = caller.admin(&state, May::PolicyWrite, ORGANIZATION_ADMIN).await?;
    let Json(Object(wanted)) = wanted.map_err(Problem::from)?;
    let known = Known::read(&state);
    let changes = known.changes(&wanted)?;
    write(&state, &admin, changes, known.version).await?;
    Ok(Json(Known::read(&state).shown()))
}
