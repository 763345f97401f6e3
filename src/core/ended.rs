//! Why a session is over.

use serde::{Deserialize, Serialize};

/// Why a session is over (docs/contract.md, section 1). The order is the order of precedence when
/// two contexts learn of different ends at once: the smaller wins, so all show the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndedBecause {
    /// An administrator or another service ended the token.
    Revoked,
    /// The person signed out.
    SignedOut,
    /// The policy's clock time or end of shift came.
    Schedule,
    /// Nobody was active for the idle timeout.
    Idle,
    /// The deadline came and the authority could not be asked: fail closed.
    AuthorityUnreachable,
    /// The app no longer has a token.
    TokenMissing,
}

impl EndedBecause {
    /// All reasons, in order of precedence.
    pub const ALL: [Self; 6] = [
        Self::Revoked,
        Self::SignedOut,
        Self::Schedule,
        Self::Idle,
        Self::AuthorityUnreachable,
        Self::TokenMissing,
    ];

    /// The name on every public surface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::SignedOut => "signed-out",
            Self::Schedule => "schedule",
            Self::Idle => "idle",
            Self::AuthorityUnreachable => "authority-unreachable",
            Self::TokenMissing => "token-missing",
        }
    }

    /// The reason of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|because| because.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        for because in EndedBecause::ALL {
            assert_eq!(EndedBecause::parse(because.name()), Some(because));
        }
        assert_eq!(EndedBecause::parse("bored"), None);
    }
}
