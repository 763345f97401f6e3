//! Who may do what: administrators' tokens and their scopes.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::{bearer, problem::Problem, state::AppState};

/// What an administrator's token allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// See live sessions, and policies as they come to for somebody.
    SessionsRead,
    /// End them.
    SessionsEnd,
    /// Register tokens that were issued elsewhere.
    TokensRegister,
    /// Read policies.
    PolicyRead,
    /// Write policies.
    PolicyWrite,
    /// Read the log of ends and the audit log.
    LogsRead,
}

impl Scope {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::SessionsRead,
        Self::SessionsEnd,
        Self::TokensRegister,
        Self::PolicyRead,
        Self::PolicyWrite,
        Self::LogsRead,
    ];

    /// Its name, as in the configuration file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsEnd => "sessions:end",
            Self::TokensRegister => "tokens:register",
            Self::PolicyRead => "policy:read",
            Self::PolicyWrite => "policy:write",
            Self::LogsRead => "logs:read",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// One administrator's token, of which only the SHA-256 is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken {
    /// Who holds it, for the audit log.
    pub name: String,
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    /// What it allows.
    pub scopes: Vec<Scope>,
}

impl AdminToken {
    /// A token that allows everything.
    #[must_use]
    pub fn of_all_scopes(name: &str, token: &str) -> Self {
        let digest = Sha256::digest(token.as_bytes()).into();
        Self { name: name.to_owned(), digest, scopes: Scope::ALL.to_vec() }
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminToken")
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Proof that the request carries an administrator's token.
#[derive(Debug)]
pub(crate) struct Admin {
    /// Who it is, for the audit log.
    pub(crate) name: String,
    scopes: Vec<Scope>,
}

impl Admin {
    /// Whether the token allows that.
    ///
    /// # Errors
    /// A problem that names the scope (RFC 6750, section 3.1).
    pub(crate) fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Problem::not_allowed(scope.name())) }
    }
}

impl Admin {
    /// Whoever sends an administrator's token. None: it is another token.
    ///
    /// # Errors
    /// When the request carries no token that can be read.
    pub(crate) fn find(headers: &HeaderMap, state: &AppState) -> Result<Option<Self>, Problem> {
        let given = Sha256::digest(bearer::token(headers)?);
        // Digests have one length and all of them are compared, so that the time says nothing about
        // any token.
        let mut found = u32::MAX;
        for (number, known) in (0_u32..).zip(&state.settings().admins) {
            let same: Choice = known.digest.as_slice().ct_eq(&given);
            found.conditional_assign(&number, same);
        }
        let found = usize::try_from(found).ok().and_then(|at| state.settings().admins.get(at));
        Ok(found.map(|admin| Self { name: admin.name.clone(), scopes: admin.scopes.clone() }))
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if let Some(admin) = Self::find(&parts.headers, state)? {
            return Ok(admin);
        }
        let limits = state.limits();
        limits.no_admin(limits.address(parts))?;
        Err(Problem::not_admin())
    }
}
