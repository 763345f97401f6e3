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
    // Names travel in headers, too.
    let text = value.as_str().filter(|text| {
        (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    });
    text.map(str::to_owned).ok_or_else(|| {
        Rejected::invalid(format!(
            "its claim {claim:?} is no string of 1 to {MAX_NAME} characters, none of them a control one"
        ))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    /// What comes of these claims and a `sub`.
    fn read(more: Value) -> Result<Identity, Rejected> {
        let mut claims = more.as_object().unwrap().clone();
        claims.entry("sub").or_insert("ann".into());
        identity(&claims, &ClaimSettings::default(), NOW_MS)
    }

    #[test]
    fn times_are_seconds_with_or_without_a_fraction() {
        let expiry = |exp| read(json!({ "exp": exp })).unwrap().expires_at_ms;
        assert_eq!(expiry(json!(1_700_000_001)), Some(1_700_000_001_000));
        assert_eq!(expiry(json!(1_700_000_001.25)), Some(1_700_000_001_250));
        assert_eq!(expiry(json!(u64::MAX)), Some(u64::MAX));
        assert_eq!(expiry(json!(1e300)), Some(u64::MAX));
        assert_eq!(expiry(Value::Null), None);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for claim in ["exp", "nbf"] {
            for value in [json!("1700000001"), json!(-1), json!(-0.5), json!(true), json!([1])] {
                assert!(read(json!({ claim: value })).is_err(), "{claim} {value}");
            }
        }
    }

    #[test]
    fn the_leeway_goes_both_ways_and_can_be_none() {
        let at = |leeway_ms, claim: &str, seconds: u64| {
            let claims = json!({ "sub": "ann", claim: seconds });
            let settings = ClaimSettings { leeway_ms, ..ClaimSettings::default() };
            identity(claims.as_object().unwrap(), &settings, NOW_MS).is_ok()
        };
        let now = NOW_MS / 1000;
        assert_eq!([at(0, "exp", now), at(0, "exp", now + 1)], [false, true]);
        assert_eq!([at(0, "nbf", now + 1), at(0, "nbf", now)], [false, true]);
        assert_eq!([at(30_000, "exp", now - 30), at(30_000, "exp", now - 29)], [false, true]);
        assert_eq!([at(30_000, "nbf", now + 31), at(30_000, "nbf", now + 30)], [false, true]);
    }

    #[test]
    fn names_are_strings_of_1_to_256_characters() {
        let longest = "ü".repeat(256);
        assert_eq!(read(json!({ "sub": longest })).unwrap().user, longest);
        for claim in ["sub", "sid", "groups"] {
            for value in [
                json!(""),
                json!("ü".repeat(257)),
                json!(7),
                json!({ "value": "a" }),
                json!("a\nb"),
            ] {
                assert!(read(json!({ claim: value })).is_err(), "{claim} {value}");
            }
        }
    }

    #[test]
    fn groups_are_one_or_up_to_64() {
        let groups = |value| read(json!({ "groups": value })).map(|identity| identity.groups);
        assert_eq!(groups(json!("night")).unwrap(), ["night"]);
        assert_eq!(groups(json!(["night", "day"])).unwrap(), ["night", "day"]);
        assert!(groups(Value::Null).unwrap().is_empty());
        assert_eq!(groups(json!(vec!["a"; 64])).unwrap().len(), 64);
        assert!(groups(json!(vec!["a"; 65])).is_err());
        assert!(groups(json!(["night", 7])).is_err());
    }

    #[test]
    fn groups_are_not_read_where_none_are_wanted() {
        let claims = json!({ "sub": "ann", "groups": 7 });
        let settings = ClaimSettings { groups: None, ..ClaimSettings::default() };
        let identity = identity(claims.as_object().unwrap(), &settings, NOW_MS).unwrap();
        assert!(identity.groups.is_empty());
    }
}
