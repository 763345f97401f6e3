//! What applies to somebody, each value with its reason.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use stillhere::core::policy::Mode;
use utoipa::{IntoParams, ToSchema};

use super::{tokens::MAX_GROUPS, unprocessable};
use crate::{
    admins::{Admin, Scope as May},
    policy::{Chosen, CountedBody, DailyLogout, Limit, ModeBody, OnLockBody, Scope, Source},
    problem::{ForAdmins, Problem},
    state::AppState,
};

/// A value in force and its reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonedBody {
    /// The value.
    value: serde_json::Value,
    /// `user`, `group`, `organization` or `settings` (the server's flags and defaults).
    from: &'static str,
    /// Which group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// The group's priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    /// What cut the value: `hipaa` (15 minutes at the most) or `idle_timeout` (it has to be shorter).
    #[serde(skip_serializing_if = "Option::is_none")]
    limited_by: Option<Limit>,
}

/// What applies to a user, each value with its reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EffectiveBody {
    user: String,
    groups: Vec<String>,
    version: u64,
    values: BTreeMap<&'static str, ReasonedBody>,
}

/// The groups that the user is taken to have.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Groups {
    /// Names, separated by commas.
    groups: Option<String>,
}

/// What applies to a user, each value with its reason
#[utoipa::path(
    get, path = "/v1/admin/users/{user}/policy", tag = "policy", security(("admin" = [])),
    params(("user" = String, Path, description = "The user's name, as registered"), Groups),
    responses(
        (status = 200, description = "The values", body = EffectiveBody),
        ForAdmins,
        (status = 422, description = "A parameter is unknown or too long", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn effective(
    State(state): State<AppState>,
    admin: Admin,
    Path(user): Path<String>,
    groups: Result<Query<Groups>, QueryRejection>,
) -> Result<Json<EffectiveBody>, Problem> {
    admin.may(May::PolicyRead)?;
    let groups = groups?.0.groups.unwrap_or_default();
    let groups: Vec<String> =
        groups.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if groups.len() > MAX_GROUPS {
        return Err(unprocessable(format!("groups must name at most {MAX_GROUPS} groups.")));
    }
    let (version, values) = state.policies().explain(&user, &groups, |values, version| {
        let daily = values.daily.map(|(entry, from)| (entry.layer.logout_daily.clone(), from));
        let api = values.api.map(|(entry, from)| (entry.layer.api_rules.clone(), from));
        let chosen = |value, source| Chosen { value, source, limited_by: None };
        let mut all = BTreeMap::from([
            ("idle_timeout_ms", reasoned(&values.idle_timeout_ms)),
            ("warn_before_ms", reasoned(&values.warn_before_ms)),
            ("keepalive_ms", reasoned(&values.keepalive_ms)),
            ("max_hold_ms", reasoned(&values.max_hold_ms)),
            ("mode", reasoned(&map(values.mode, mode_body))),
            ("counts", reasoned(&map(values.counts, CountedBody::from))),
            ("on_lock", reasoned(&map(values.on_lock, OnLockBody::from))),
            ("link_tokens", reasoned(&values.link_tokens)),
        ]);
        let daily = daily.and_then(|(daily, from): (Option<DailyLogout>, _)| Some((daily?, from)));
        all.extend(daily.map(|(v, from)| ("logout_daily", reasoned(&chosen(json(&v), from)))));
        let api = api.and_then(|(api, from)| Some((api?, from)));
        all.extend(api.map(|(v, from)| ("api_rules", reasoned(&chosen(json(&v), from)))));
        (version, all)
    });
    let mut values = values;
    let own = state.policies().stored(&Scope::User(user.clone()));
    if let Some(shift) = own.and_then(|own| own.layer.shift) {
        let source = Source::User;
        let shift = Chosen { value: json(&shift), source, limited_by: None };
        values.insert("shift", reasoned(&shift));
    }
    Ok(Json(EffectiveBody { user, groups, version, values }))
}

const fn mode_body(mode: Mode) -> ModeBody {
    match mode {
        Mode::Enforce => ModeBody::Enforce,
        Mode::Observe => ModeBody::Observe,
    }
}

fn map<T: Copy, U>(chosen: Chosen<'_, T>, to: impl Fn(T) -> U) -> Chosen<'_, U> {
    Chosen { value: to(chosen.value), source: chosen.source, limited_by: chosen.limited_by }
}

fn reasoned<T: Serialize>(chosen: &Chosen<'_, T>) -> ReasonedBody {
    let (from, group, priority) = match chosen.source {
        Source::User => ("user", None, None),
        Source::Group { group, priority } => ("group", Some(group.to_owned()), Some(priority)),
        Source::Organization => ("organization", None, None),
        Source::Settings => ("settings", None, None),
    };
    ReasonedBody {
        value: json(&chosen.value),
        from,
        group,
        priority,
        limited_by: chosen.limited_by,
    }
}

/// Integers, strings and lists of them always serialize.
fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
