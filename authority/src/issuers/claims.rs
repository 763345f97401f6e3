//! What claims say, whichever way they came. Pure.

use serde_json::{Map, Value};

use super::{Identity, Rejected, settings::ClaimSettings};

/// The claims of one token.
pub(super) type Claims = Map<String, Value>;

/// Characters in a name, and groups of a user: as many as an administrator may register.
const MAX_NAME: usize = 256;
const MAX_GROUPS: usize = 64;

/// Whose the token is, if its time has come and is not over.
///
/// # Errors
/// [`Rejected::Invalid`] with what is wrong with the claims.
pub(super) fn identity(
    claims: &Claims,
    settings: &ClaimSettings,
    now_ms: u64,
) -> Result<Identity, Rejected> {
    let expires_at_ms = moment_ms(claims, "exp")?;
    // "On or after which the JWT MUST NOT be accepted" (RFC 7519, section 4.1.4).
    if expires_at_ms.is_some_and(|exp| now_ms >= exp.saturating_add(settings.leeway_ms)) {
        return Err(Rejected::invalid("it has expired"));
    }
    let begins_at_ms = moment_ms(claims, "nbf")?;
    if begins_at_ms.is_some_and(|nbf| now_ms.saturating_add(settings.leeway_ms) < nbf) {
        return Err(Rejected::invalid("it is not valid yet"));
    }
    let user = present(claims, &settings.user)
        .ok_or_else(|| Rejected::invalid(format!("it has no claim {:?}", settings.user)))?;
    Ok(Identity {
        user: name(&settings.user, user)?,
        sign_in: present(claims, "sid").map(|sid| name("sid", sid)).transpose()?,
        groups: match &settings.groups {
            Some(claim) => groups(claim, present(claims, claim))?,
            None => Vec::new(),
        },
        expires_at_ms,
    })
}

/// Whether a token is meant for `audience`: the claim is one string or a list of them (RFC 7519,
/// section 4.1.3).
pub(super) fn is_meant_for(claims: &Claims, audience: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => all.iter().any(|one| one == audience),
        _ => false,
    }
}

/// Null stands for nothing, as some issuers write it.
fn present<'a>(claims: &'a Claims, claim: &str) -> Option<&'a Value> {
    claims.get(claim).filter(|value| !value.is_null())
}

/// A NumericDate: seconds since the Unix epoch, perhaps with a fraction (RFC 7519, section 2).
fn moment_ms(claims: &Claims, claim: &str) -> Result<Option<u64>, Rejected> {
    let Some(value) = present(claims, claim) else { return Ok(None) };
    let whole = value.as_u64().map(|seconds| seconds.saturating_mul(1000));
    let part = || value.as_f64().filter(|seconds| *seconds >= 0.0);
    whole
        .or_else(|| part().map(|seconds| (seconds * 1000.0) as u64))
        .map(Some)
        .ok_or_else(|| Rejected::invalid(format!("its claim {claim:?} is no point in time")))
}

fn name(claim: &str, value: &Value) -> Result<String, Rejected> {
    let text = value.as_str().filter(|text| (1..=MAX_NAME).contains(&text.chars().count()));
    text.map(str::to_owned).ok_or_else(|| {
        Rejected::invalid(format!("its claim {claim:?} is no string of 1 to {MAX_NAME} characters"))
    })
}

/// Groups choose the policy. One that cannot be read must not pass for one that is not there.
fn groups(claim: &str, value: Option<&Value>) -> Result<Vec<String>, Rejected> {
    let all = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    if all.len() > MAX_GROUPS {
        return Err(Rejected::invalid(format!("its claim {claim:?} has over {MAX_GROUPS} groups")));
    }
    all.iter().map(|group| name(claim, group)).collect()
}
