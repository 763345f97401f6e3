//! How issuers are set up, and what is wrong with it.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use jsonwebtoken::{Algorithm, AlgorithmFamily};

use super::{IntrospectionIssuer, Issuer, JwtIssuer, http::address};

pub use crate::{http_client::AnswerLimits, secret::Secret};

/// Furthest that the clocks of issuer and authority may be apart, in milliseconds. RFC 7519,
/// section 4.1.4, allows "no more than a few minutes".
pub const MAX_LEEWAY_MS: u64 = 60_000;

/// A value that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field of the settings.
    pub field: &'static str,
    /// What it has to be, as the rest of a sentence that begins with the field's name.
    pub why: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.why)
    }
}

impl std::error::Error for Wrong {}

/// What an issuer's claims are called, and how exactly their times are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSettings {
    /// The claim with the user's name.
    pub user: String,
    /// The claim with the user's groups. A token may be without it.
    pub groups: Option<String>,
    /// Milliseconds that `exp` may be past and `nbf` ahead, 0 to 60,000: clocks differ.
    pub leeway_ms: u64,
}

impl Default for ClaimSettings {
    fn default() -> Self {
        Self { user: "sub".into(), groups: Some("groups".into()), leeway_ms: MAX_LEEWAY_MS }
    }
}

/// An issuer whose tokens are JWTs (RFC 7519, RFC 9068).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtSettings {
    /// The claim `iss`, to the letter.
    pub issuer: String,
    /// Where the issuer publishes its keys (RFC 7517, section 5): https, or http on loopback.
    pub jwks_url: String,
    /// What must be among the claim `aud`.
    pub audience: String,
    /// The algorithms that the issuer signs with and no others, of RS256, RS384, RS512, PS256,
    /// PS384, PS512, ES256, ES384 and EdDSA. A token does not choose how it is checked (RFC 8725,
    /// section 3.1).
    pub algorithms: Vec<String>,
    /// Names of claims.
    pub claims: ClaimSettings,
    /// Bounds of the answer with the keys.
    pub limits: AnswerLimits,
    /// Milliseconds between two attempts to fetch the keys, at least 1: tokens with invented keys
    /// must not make the authority a nuisance to the issuer.
    pub refetch_after_ms: u64,
    /// Milliseconds after which the keys are fetched again though nothing asks for it, so that a
    /// key which the issuer withdrew is no longer taken.
    pub max_age_ms: u64,
}

impl JwtSettings {
    /// An issuer with everything else as usual.
    pub fn new(
        issuer: impl Into<String>,
        jwks_url: impl Into<String>,
        audience: impl Into<String>,
        algorithms: &[&str],
    ) -> Self {
        Self {
            issuer: issuer.into(),
            jwks_url: jwks_url.into(),
            audience: audience.into(),
            algorithms: algorithms.iter().map(|&name| name.to_owned()).collect(),
            claims: ClaimSettings::default(),
            limits: AnswerLimits::default(),
            refetch_after_ms: 10_000,
            max_age_ms: 300_000,
        }
    }

    /// All that is wrong; empty if the settings can work.
    #[must_use]
    pub fn check(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        not_empty(&mut wrong, "issuer", &self.issuer);
        wrong.extend(address("jwks_url", &self.jwks_url).err());
        not_empty(&mut wrong, "audience", &self.audience);
        if self.algorithms.is_empty() {
            wrong.push(Wrong { field: "algorithms", why: "must name at least one".into() });
        }
        wrong.extend(self.algorithms.iter().filter_map(|name| algorithm(name).err()));
        if self.refetch_after_ms == 0 {
            wrong.push(Wrong { field: "refetch_after_ms", why: "must be at least 1".into() });
        }
        self.claims.check(&mut wrong);
        self.limits.check(&mut wrong);
        wrong
    }

    pub(super) fn algorithms(&self) -> Result<Vec<Algorithm>, Wrong> {
        self.algorithms.iter().map(|name| algorithm(name)).collect()
    }
}

/// An issuer that is asked about each token (RFC 7662).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntrospectionSettings {
    /// The introspection endpoint: https, or http on loopback.
    pub endpoint: String,
    /// The authority's own name at the issuer.
    pub client_id: String,
    /// The authority's own password at the issuer.
    pub client_secret: Secret,
    /// Names of claims.
    pub claims: ClaimSettings,
    /// Bounds of each answer.
    pub limits: AnswerLimits,
    /// Milliseconds for which a refused token is refused without asking again. Short, since a
    /// token can be asked about before the issuer knows it everywhere.
    pub remember_refused_ms: u64,
    /// Refused tokens remembered, at least 1. Each takes about 100 bytes.
    pub max_refused: usize,
    /// Questions under way at the same time, at least 1; the others wait.
    pub max_at_once: usize,
}

impl IntrospectionSettings {
    /// An issuer with everything else as usual.
    pub fn new(
        endpoint: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            client_id: client_id.into(),
            client_secret: client_secret.into().into(),
            claims: ClaimSettings::default(),
            limits: AnswerLimits { max_body: 64 * 1024, ..AnswerLimits::default() },
            remember_refused_ms: 5_000,
            max_refused: 10_000,
            max_at_once: 16,
        }
    }

    /// All that is wrong; empty if the settings can work.
    #[must_use]
    pub fn check(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        wrong.extend(address("endpoint", &self.endpoint).err());
        not_empty(&mut wrong, "client_id", &self.client_id);
        not_empty(&mut wrong, "client_secret", self.client_secret.expose());
        for (field, value) in [("max_refused", self.max_refused), ("max_at_once", self.max_at_once)]
        {
            if value == 0 {
                wrong.push(Wrong { field, why: "must be at least 1".into() });
            }
        }
        self.claims.check(&mut wrong);
        self.limits.check(&mut wrong);
        wrong
    }
}

/// One issuer of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerSettings {
    /// Its tokens are JWTs.
    Jwt(JwtSettings),
    /// It is asked about each token.
    Introspection(IntrospectionSettings),
}

impl IssuerSettings {
    /// All that is wrong; empty if the settings can work.
    #[must_use]
    pub fn check(&self) -> Vec<Wrong> {
        match self {
            Self::Jwt(settings) => settings.check(),
            Self::Introspection(settings) => settings.check(),
        }
    }

    /// The issuer itself. Nothing is fetched before the first token comes.
    ///
    /// # Errors
    /// The first thing that is wrong with the settings, or that this machine has no root
    /// certificates for https.
    pub fn build(self) -> Result<Arc<dyn Issuer>, Wrong> {
        Ok(match self {
            Self::Jwt(settings) => Arc::new(JwtIssuer::new(settings)?),
            Self::Introspection(settings) => Arc::new(IntrospectionIssuer::new(settings)?),
        })
    }
}

impl ClaimSettings {
    fn check(&self, wrong: &mut Vec<Wrong>) {
        not_empty(wrong, "claims.user", &self.user);
        self.groups.iter().for_each(|groups| not_empty(wrong, "claims.groups", groups));
        if self.leeway_ms > MAX_LEEWAY_MS {
            let why = format!("must be between 0 and {MAX_LEEWAY_MS}");
            wrong.push(Wrong { field: "claims.leeway_ms", why });
        }
    }
}

impl AnswerLimits {
    fn check(&self, wrong: &mut Vec<Wrong>) {
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&self.timeout) {
            let why = "must be between 1ms and 10s".into();
            wrong.push(Wrong { field: "limits.timeout", why });
        }
        if self.max_body == 0 {
            wrong.push(Wrong { field: "limits.max_body", why: "must be at least 1".into() });
        }
    }
}

fn not_empty(wrong: &mut Vec<Wrong>, field: &'static str, value: &str) {
    if value.trim().is_empty() {
        wrong.push(Wrong { field, why: "must not be empty".into() });
    }
}

fn algorithm(name: &str) -> Result<Algorithm, Wrong> {
    let wrong = |why| Wrong { field: "algorithms", why };
    let known = Algorithm::from_str(name).map_err(|_| {
        let all = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA";
        wrong(format!("must be of {all}, which {name:?} is not"))
    })?;
    if known.family() == AlgorithmFamily::Hmac {
        // The key that checks such a token could also sign it, and would be public here.
        return Err(wrong(format!("must be asymmetric, which {name} is not")));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt() -> JwtSettings {
        JwtSettings::new("https://a.example", "https://a.example/jwks", "here", &["RS256"])
    }

    fn introspection() -> IntrospectionSettings {
        IntrospectionSettings::new("https://a.example/introspect", "app", "secret")
    }

    /// The one sentence about them.
    fn says(wrong: &[Wrong]) -> String {
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        wrong[0].to_string()
    }

    #[test]
    fn the_usual_ones_can_work() {
        assert_eq!(jwt().check(), []);
        assert_eq!(introspection().check(), []);
    }

    #[test]
    fn all_that_is_wrong_is_said() {
        let wrong = JwtSettings::new("", "", " ", &[]).check();
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["issuer", "jwks_url", "audience", "algorithms"]);
        let wrong = IntrospectionSettings::new("", "", "").check();
        let fields: Vec<_> = wrong.iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["endpoint", "client_id", "client_secret"]);
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let check = |jwks_url: &str| JwtSettings { jwks_url: jwks_url.into(), ..jwt() }.check();
        for host in ["127.0.0.1:8080", "127.8.8.8", "[::1]:9", "localhost"] {
            assert_eq!(check(&format!("http://{host}/jwks")), [], "{host}");
        }
        for url in
            ["http://a.example/", "http://10.0.0.1/", "http://localhost.example/", "ftp://a/"]
        {
            let sentence = "jwks_url must use https; plain http is for loopback only";
            assert_eq!(says(&check(url)), sentence, "{url}");
        }
        let sentence = "jwks_url must be a whole URL, such as https://host/path";
        assert_eq!(says(&check("/jwks")), sentence);
        let sentence = "jwks_url must not carry a name or password";
        assert_eq!(says(&check("https://app:secret@a.example/")), sentence);
        let endpoint = "http://a.example/".into();
        let settings = IntrospectionSettings { endpoint, ..introspection() };
        let sentence = "endpoint must use https; plain http is for loopback only";
        assert_eq!(says(&settings.check()), sentence);
    }

    #[test]
    fn algorithms_are_known_and_asymmetric() {
        let check = |name: &str| JwtSettings { algorithms: vec![name.into()], ..jwt() }.check();
        for name in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"] {
            assert_eq!(check(name), []);
        }
        assert_eq!(check("EdDSA"), []);
        for name in ["HS256", "HS384", "HS512"] {
            let sentence = format!("algorithms must be asymmetric, which {name} is not");
            assert_eq!(says(&check(name)), sentence);
        }
        for name in ["none", "rs256", "ES512", ""] {
            assert!(says(&check(name)).ends_with(&format!("EdDSA, which {name:?} is not")));
        }
    }

    #[test]
    fn numbers_have_ranges() {
        let claims = ClaimSettings { leeway_ms: 60_001, ..ClaimSettings::default() };
        let sentence = "claims.leeway_ms must be between 0 and 60000";
        assert_eq!(says(&JwtSettings { claims, ..jwt() }.check()), sentence);
        for ms in [0, 10_001] {
            let limits =
                AnswerLimits { timeout: Duration::from_millis(ms), ..AnswerLimits::default() };
            let sentence = "limits.timeout must be between 1ms and 10s";
            assert_eq!(says(&JwtSettings { limits, ..jwt() }.check()), sentence);
        }
        let limits = AnswerLimits { max_body: 0, ..AnswerLimits::default() };
        assert_eq!(
            says(&JwtSettings { limits, ..jwt() }.check()),
            "limits.max_body must be at least 1"
        );
        let settings = JwtSettings { refetch_after_ms: 0, ..jwt() };
        assert_eq!(says(&settings.check()), "refetch_after_ms must be at least 1");
        let settings = IntrospectionSettings { max_at_once: 0, ..introspection() };
        assert_eq!(says(&settings.check()), "max_at_once must be at least 1");
    }

    #[test]
    fn a_claim_has_a_name() {
        let claims = ClaimSettings { user: String::new(), ..ClaimSettings::default() };
        assert_eq!(says(&JwtSettings { claims, ..jwt() }.check()), "claims.user must not be empty");
        let claims = ClaimSettings { groups: Some(" ".into()), ..ClaimSettings::default() };
        let settings = IntrospectionSettings { claims, ..introspection() };
        assert_eq!(says(&settings.check()), "claims.groups must not be empty");
    }

    #[test]
    fn wrong_ones_build_nothing() {
        let jwt = JwtSettings { audience: String::new(), ..jwt() };
        let introspection = IntrospectionSettings { max_refused: 0, ..introspection() };
        for settings in [IssuerSettings::Jwt(jwt), IssuerSettings::Introspection(introspection)] {
            let wrong = settings.check();
            assert_eq!(settings.build().err(), wrong.into_iter().next());
        }
    }
}
