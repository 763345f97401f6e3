//! Whose a token is that the authority does not know yet, as the system says that issued it.
//!
//! - [`JwtIssuer`] reads the token itself and checks it with the issuer's published keys.
//! - [`IntrospectionIssuer`] asks the issuer about the token (RFC 7662).
//!
//! Anybody can send anything, so what is sent must not become a burden on the issuer: keys are
//! fetched at most once in a while, refused tokens are remembered, questions under way are counted
//! ([`settings`] has the numbers). What an issuer answers is as little trusted: time and size are
//! bounded, redirects refused.

mod claims;
mod http;
mod introspection;
mod jwks;
mod jwt;
mod keys;
mod refusals;
pub mod settings;
mod signatures;

use std::fmt;

use async_trait::async_trait;

pub use introspection::IntrospectionIssuer;
pub use jwt::JwtIssuer;
pub use settings::{IntrospectionSettings, IssuerSettings, JwtSettings};

/// What an issuer says about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user's name at the issuer, 1 to 256 characters.
    pub user: String,
    /// Ties together the tokens of one sign-in, 1 to 256 characters: the claim `sid` (OpenID
    /// Connect Front-Channel Logout 1.0, section 3).
    pub sign_in: Option<String>,
    /// The user's groups, at most 64 of 1 to 256 characters.
    pub groups: Vec<String>,
    /// When the token runs out, in Unix milliseconds, as the issuer says: the leeway is not added.
    /// None where an introspecting issuer does not say (RFC 7662, section 2.2).
    pub expires_at_ms: Option<u64>,
}

/// Why there is no identity. The sentence is for the log and holds nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// Not a token of this issuer, or no valid one.
    Invalid(String),
    /// The issuer could not be asked: nothing is known about the token.
    Unreachable(String),
}

impl Rejected {
    fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => write!(f, "the token is refused: {why}"),
            Self::Unreachable(why) => write!(f, "the issuer cannot be asked: {why}"),
        }
    }
}

impl std::error::Error for Rejected {}

/// A system that issues tokens to users.
#[async_trait]
pub trait Issuer: Send + Sync + 'static {
    /// Tells whose a token is, at the time `now_ms` in Unix milliseconds.
    ///
    /// # Errors
    /// [`Rejected::Invalid`] if it is nobody's, [`Rejected::Unreachable`] if that cannot be told
    /// now.
    async fn identify(&self, token: &str, now_ms: u64) -> Result<Identity, Rejected>;

    /// Whether it may say otherwise when it is asked again about a token that has not run out.
    fn can_revoke(&self) -> bool {
        false
    }
}
