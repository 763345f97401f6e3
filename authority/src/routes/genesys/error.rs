//! Errors in the form that the SDK of Genesys Cloud knows, with that product's codes where they are
//! known. Clients are to look at the status: the code for a token that idled out is not documented
//! there.

use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::Span;
use utoipa::ToSchema;

use crate::{
    admins::Scope,
    problem::{Problem, advice},
    sessions::Gone,
    store::StoreError,
};

/// Names the request in the answer, in the body of an error and in the log.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("inin-correlation-id");

/// Why a call failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorBody {
    /// One sentence on this occurrence.
    message: String,
    /// Stable name of the kind of error.
    code: &'static str,
    /// The HTTP status.
    status: u16,
    /// The sentence with `{name}` in place of each parameter.
    message_with_params: Cow<'static, str>,
    /// The parameters of the sentence.
    message_params: BTreeMap<&'static str, String>,
    /// Names the request in the server's log; the header `ININ-Correlation-Id` says the same.
    context_id: String,
    /// The fields that are wrong.
    details: Vec<Detail>,
    /// Always empty.
    #[schema(no_recursion)]
    errors: Vec<ErrorBody>,
}

/// A field that is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Detail {
    /// As `code`.
    error_code: &'static str,
    /// The name of the field.
    field_name: String,
}

/// A call that failed, before the request has its name.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    status: StatusCode,
    code: &'static str,
    sentence: Cow<'static, str>,
    params: BTreeMap<&'static str, String>,
    field: Option<String>,
    challenge: Option<String>,
}

impl Refused {
    fn new(status: StatusCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: code(status),
            sentence: sentence.into(),
            params: BTreeMap::new(),
            field: None,
            challenge: None,
        }
    }

    /// A field whose value is not allowed. `rule` goes on after "must".
    pub(super) fn invalid(field: &str, rule: impl Into<String>) -> Self {
        Self {
            code: "invalid.value",
            params: BTreeMap::from([("fieldName", field.to_owned()), ("rule", rule.into())]),
            field: Some(field.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, "{fieldName} must {rule}.")
        }
    }

    /// Whoever calls lacks a permission, which an administrator's token has with that scope.
    pub(super) fn missing(permission: &'static str, scope: Scope) -> Self {
        let scope = scope.name();
        let params = [("permission", permission), ("scope", scope)];
        let sentence = "Unable to perform the requested action. You must have at least one of the \
                        following permissions assigned: [{permission}]. An administrator's token \
                        has it with the scope {scope}.";
        Self {
            code: "missing.any.permissions",
            params: params.map(|(name, value)| (name, value.to_owned())).into(),
            challenge: Some(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)),
            ..Self::new(StatusCode::FORBIDDEN, sentence)
        }
    }

    /// Somebody else changed the policies between the reading and the writing.
    pub(super) fn conflict() -> Self {
        let sentence =
            "Somebody else changed the policies at the same time: read them and try again.";
        Self::new(StatusCode::CONFLICT, sentence)
    }

    fn body(self, context_id: String) -> ErrorBody {
        let mut message = self.sentence.to_string();
        for (name, value) in &self.params {
            message = message.replace(&format!("{{{name}}}"), value);
        }
        let detail = |field_name| Detail { error_code: self.code, field_name };
        ErrorBody {
            message,
            code: self.code,
            status: self.status.as_u16(),
            message_with_params: self.sentence,
            message_params: self.params,
            context_id,
            details: self.field.map(detail).into_iter().collect(),
            errors: Vec::new(),
        }
    }
}

/// The code where nothing but the status is known.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "bad.credentials",
        StatusCode::FORBIDDEN => "not.authorized",
        StatusCode::NOT_FOUND => "not.found",
        StatusCode::METHOD_NOT_ALLOWED => "method.not.allowed",
        StatusCode::REQUEST_TIMEOUT => "request.timeout",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "request.entity.too.large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported.media.type",
        StatusCode::TOO_MANY_REQUESTS => "too.many.requests",
        StatusCode::SERVICE_UNAVAILABLE => "service.unavailable",
        status if status.is_client_error() => "bad.request",
        _ => "internal.server.error",
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        // That product knows no other status for a body that cannot be read.
        let status = match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        let mut refused = Self::new(status, problem.detail().to_owned());
        refused.challenge = problem.challenge().map(Cow::into_owned);
        if refused.challenge.as_deref() == Some("Bearer") {
            refused.code = "authentication.required";
        }
        if let Some(because) = problem.because() {
            refused.code = "credentials.expired";
            refused.params.insert("because", because.to_owned());
        }
        refused
    }
}

impl From<Gone> for Refused {
    fn from(gone: Gone) -> Self {
        Problem::from(gone).into()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refused {
    /// Without a body: [`normalize`] writes it, which knows the name of the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let challenge = self.challenge.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(challenge)) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Names a request: its log lines and its answer carry that name.
pub(crate) fn begin(span: &Span) -> String {
    let id = new_id();
    span.record("context_id", &id);
    id
}

/// Gives the answer the name of its request, and every error of this face its form: those of its
/// handlers, and those that no handler made (unknown route, wrong method, too large).
pub(crate) fn normalize(id: &str, mut response: Response) -> Response {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let refused = response.extensions_mut().remove::<Refused>();
        let refused = refused.unwrap_or_else(|| Refused::new(status, advice(status)));
        tracing::info!(status = status.as_u16(), code = refused.code, "refused");
        let mut error = Json(refused.body(id.to_owned())).into_response();
        *error.status_mut() = status;
        for (name, value) in response.headers() {
            if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                error.headers_mut().append(name, value.clone());
            }
        }
        response = error;
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(CORRELATION_ID, id);
    }
    response
}

/// A random UUID (RFC 9562, version 4).
fn new_id() -> String {
    let mut bytes = [0; 16];
    // A name is no secret: without randomness all requests have one, and are answered all the same.
    let _ = getrandom::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = bytes.map(|byte| format!("{byte:02x}")).concat();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
