//! Who was logged out and why, and what administrators did.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use super::{export, unprocessable};
use crate::{
    admins::{Admin, Scope},
    journal::{AuditLine, EndLine},
    problem::{ForAdmins, Problem},
    report::MAX_INTEGER,
    state::AppState,
    store::{Log, StoreError},
};

/// Lines of one answer where nothing else is asked for.
const PAGE: usize = 1000;
/// The most that can be asked for.
const MAX_PAGE: usize = 10_000;

/// Which lines are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only older lines than this number: the `next` of the answer before.
    #[param(maximum = 9_007_199_254_740_992_i64)]
    before: Option<u64>,
    /// At most so many, 1 to 10,000; 1,000 without it.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
}

/// A line with its number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Numbered<T> {
    /// Grows with each line.
    pub(super) number: u64,
    #[serde(flatten)]
    pub(super) line: T,
}

/// Lines of the log of ends, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndsBody {
    ends: Vec<Numbered<EndLine>>,
    /// What to send as `before` for older ones. Missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Lines of the audit log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditBody {
    acts: Vec<Numbered<AuditLine>>,
    /// What to send as `before` for older ones. Missing at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Who was logged out when and why; under a policy that observes, who would have been
///
/// JSON, or CSV where `Accept` asks for `text/csv`. The newest 100,000 are kept.
#[utoipa::path(
    get, path = "/v1/admin/ends", tag = "admin", security(("admin" = [])), params(Wanted),
    responses(
        (status = 200, description = "The newest first", body = EndsBody),
        ForAdmins,
        (status = 422, description = "A parameter is unknown or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ends(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let (ends, next) = read(&state, &admin, Log::Ends, wanted?.0).await?;
    let body = EndsBody { ends, next };
    export::answer(&headers, body.ends.iter(), &body)
}

/// What administrators did
///
/// JSON, or CSV where `Accept` asks for `text/csv`. The newest 100,000 are kept.
#[utoipa::path(
    get, path = "/v1/admin/audit", tag = "admin", security(("admin" = [])), params(Wanted),
    responses(
        (status = 200, description = "The newest first", body = AuditBody),
        ForAdmins,
        (status = 422, description = "A parameter is unknown or out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn audit(
    State(state): State<AppState>,
    admin: Admin,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Problem> {
    let (acts, next) = read(&state, &admin, Log::Audit, wanted?.0).await?;
    let body = AuditBody { acts, next };
    export::answer(&headers, body.acts.iter(), &body)
}

/// Reads a page of a log for an administrator who may read logs.
pub(super) async fn read<T: DeserializeOwned>(
    state: &AppState,
    admin: &Admin,
    log: Log,
    Wanted { before, limit }: Wanted,
) -> Result<(Vec<Numbered<T>>, Option<u64>), Problem> {
    admin.may(Scope::LogsRead)?;
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(unprocessable(format!("limit must be between 1 and {MAX_PAGE}.")));
    }
    if before.is_some_and(|before| before > MAX_INTEGER) {
        return Err(unprocessable(format!("before must be between 0 and {MAX_INTEGER}.")));
    }
    let lines = state.store().lines(log, before, limit).await?;
    let next = lines.last().filter(|(number, _)| lines.len() == limit && *number > 1);
    let next = next.map(|(number, _)| *number);
    let parse = |(number, text): (u64, String)| {
        let line = serde_json::from_str(&text);
        line.map(|line| Numbered { number, line }).map_err(|why| StoreError(why.to_string()))
    };
    Ok((lines.into_iter().map(parse).collect::<Result<_, _>>()?, next))
}

impl export::Row for &Numbered<EndLine> {
    const HEADER: &'static [&'static str] = &[
        "number",
        "at",
        "id",
        "user",
        "sign_in",
        "because",
        "observed",
        "began_at",
        "active_at",
        "idle_timeout_ms",
        "policy_version",
        "newest",
    ];

    fn cells(&self) -> Vec<String> {
        let line = &self.line;
        let newest = line.newest.iter().map(|seen| format!("{} {}", seen.kind, seen.at));
        vec![
            self.number.to_string(),
            line.at.clone(),
            line.id.clone(),
            line.user.clone(),
            line.sign_in.clone().unwrap_or_default(),
            line.because.clone(),
            line.observed.to_string(),
            line.began_at.clone(),
            line.active_at.clone(),
            line.idle_timeout_ms.to_string(),
            line.policy_version.to_string(),
            newest.collect::<Vec<_>>().join("; "),
        ]
    }
}

impl export::Row for &Numbered<AuditLine> {
    const HEADER: &'static [&'static str] =
        &["number", "at", "by", "act", "target", "version", "before", "after"];

    fn cells(&self) -> Vec<String> {
        let line = &self.line;
        let json = |value: &Option<serde_json::Value>| {
            value.as_ref().map(ToString::to_string).unwrap_or_default()
        };
        vec![
            self.number.to_string(),
            line.at.clone(),
            line.by.clone(),
            line.act.clone(),
            line.target.clone(),
            line.version.map(|version| version.to_string()).unwrap_or_default(),
            json(&line.before),
            json(&line.after),
        ]
    }
}
