//! The organization's settings, of which one is kept here: the API calls that are no activity.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Caller, ORGANIZATION_ADMIN,
    error::{ErrorBody, Refused},
    write,
};
use crate::{
    admins::Scope as May,
    policy::{ApiRules, Scope},
    problem::Problem,
    state::AppState,
    wire::Object,
};

/// Every call.
const ALL: &str = "/**";
const EXCLUSIONS: &str = "inactivityTimeoutExclusions";

/// The organization's settings.
///
/// The exclusions are patterns as in `api_rules.exclude` of the organization's policy. In Genesys Cloud
/// every API call is activity unless it is excluded, and here none is unless it is included. So an
/// organization that includes none shows `["/**"]`: all of them are excluded.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct OrgAuthSettings {
    /// False: signing in is not done here.
    #[serde(skip_serializing_if = "Option::is_none")]
    multifactor_authentication_required: Option<bool>,
    /// False: which origins may call is a flag of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_allowlist_enabled: Option<bool>,
    /// Empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_allowlist: Option<Vec<String>>,
    /// Empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address_allowlist: Option<Vec<String>>,
    /// Never there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    password_requirements: Option<Value>,
    /// Patterns of the API calls that are no activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    inactivity_timeout_exclusions: Option<Vec<String>>,
    /// False.
    #[serde(skip_serializing_if = "Option::is_none")]
    universal_logout: Option<bool>,
    /// Never there.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_storage_location: Option<String>,
}

impl OrgAuthSettings {
    fn shown(rules: Option<&ApiRules>) -> Self {
        Self {
            multifactor_authentication_required: Some(false),
            domain_allowlist_enabled: Some(false),
            domain_allowlist: Some(Vec::new()),
            ip_address_allowlist: Some(Vec::new()),
            inactivity_timeout_exclusions: Some(exclusions(rules)),
            universal_logout: Some(false),
            ..Self::default()
        }
    }

    /// Refuses what cannot be set here, rather than let anybody believe that it was.
    fn check(&self, shown: &Self) -> Result<(), Refused> {
        let (wanted, shown) = (fields(self), fields(shown));
        let mut wanted = wanted.as_object().into_iter().flatten();
        let other = wanted.find(|(name, value)| *name != EXCLUSIONS && shown[*name] != **value);
        other.map_or(Ok(()), |(name, _)| {
            let is = &shown[name];
            let stay = if is.is_null() { String::new() } else { format!("stay {is} or ") };
            Err(Refused::invalid(name, format!("{stay}be left out: it is not set here")))
        })
    }
}

/// Booleans, strings and lists of them always serialize.
fn fields(settings: &OrgAuthSettings) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}

fn exclusions(rules: Option<&ApiRules>) -> Vec<String> {
    match rules {
        Some(rules) if !rules.include.is_empty() => rules.exclude.clone(),
        _ => vec![ALL.to_owned()],
    }
}

/// The rules with those exclusions. None if they stay as they are.
fn with(rules: Option<&ApiRules>, wanted: Vec<String>) -> Option<ApiRules> {
    if wanted == exclusions(rules) {
        return None;
    }
    match rules {
        Some(ApiRules { include, .. }) if !include.is_empty() => {
            Some(ApiRules { include: include.clone(), exclude: wanted })
        }
        // A list that nobody filled in must not turn every poll into activity.
        _ if wanted.is_empty() => None,
        _ => Some(ApiRules { include: vec![ALL.to_owned()], exclude: wanted }),
    }
}

/// The organization's settings
#[utoipa::path(
    get, path = "/api/v2/organizations/authentication/settings", tag = "genesys", security(("admin" = [])),
    responses(
        (status = 200, description = "The settings", body = OrgAuthSettings),
        (status = 400, description = "The request cannot be read", body = ErrorBody),
        (status = 401, description = "No token that lives", body = ErrorBody),
        (status = 403, description = "`directory:organization:admin` is missing: the scope policy:read", body = ErrorBody),
    ),
)]
pub(crate) async fn get(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Json<OrgAuthSettings>, Refused> {
    caller.admin(&state, May::PolicyRead, ORGANIZATION_ADMIN).await?;
    let (organization, _, _) = state.policies().all();
    Ok(Json(OrgAuthSettings::shown(organization.api_rules.as_ref())))
}

/// Sets which API calls are no activity
///
/// Exclusions replace `api_rules.exclude` of the organization's policy. Where that includes no call,
/// it includes all others from then on, as in Genesys Cloud; what an administrator included by name
/// stays. Three things change nothing: what the `GET` shows, no list at all, and an empty list where no
/// call is included (to count every call, say so in `api_rules`). Any other field must be as the `GET`
/// shows it, or left out.
#[utoipa::path(
    patch, path = "/api/v2/organizations/authentication/settings", tag = "genesys", security(("admin" = [])),
    request_body = OrgAuthSettings,
    responses(
        (status = 200, description = "The settings after it", body = OrgAuthSettings),
        (status = 400, description = "A value is not allowed, or the request cannot be read", body = ErrorBody),
        (status = 401, description = "No token that lives", body = ErrorBody),
        (status = 403, description = "`directory:organization:admin` is missing: the scope policy:write", body = ErrorBody),
        (status = 409, description = "Somebody else wrote at the same time", body = ErrorBody),
        (status = 413, description = "Over 16 KiB", body = ErrorBody),
        (status = 415, description = "Not JSON", body = ErrorBody),
    ),
)]
pub(crate) async fn patch(
    State(state): State<AppState>,
    caller: Caller,
    wanted: Result<Json<Object<OrgAuthSettings>>, JsonRejection>,
) -> Result<Json<OrgAuthSettings>, Refused> {
    let admin = caller.admin(&state, May::PolicyWrite, ORGANIZATION_ADMIN).await?;
    let Json(Object(wanted)) = wanted.map_err(Problem::from)?;
    let version = state.policies().version();
    let (mut organization, _, _) = state.policies().all();
    wanted.check(&OrgAuthSettings::shown(organization.api_rules.as_ref()))?;
    let rules = wanted.inactivity_timeout_exclusions;
    let rules = rules.and_then(|wanted| with(organization.api_rules.as_ref(), wanted));
    if let Some(rules) = rules {
        rules.check().map_err(|why| {
            let rule = why.split_once(" must ").map_or(why.as_str(), |(_, rule)| rule);
            Refused::invalid(EXCLUSIONS, rule.trim_end_matches('.'))
        })?;
        organization.api_rules = Some(rules);
        let change = (Scope::Organization, Some(organization.clone()));
        write(&state, &admin, vec![change], version).await?;
    }
    Ok(Json(OrgAuthSettings::shown(organization.api_rules.as_ref())))
}
