//! The kinds of requests that are counted apart.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `POST /v1/keepalive`.
    KeepAlive,
    /// `GET /v1/session`.
    Question,
    /// `DELETE /v1/session`.
    End,
    /// `GET /v1/events`, up to its first state.
    Stream,
    /// `OPTIONS` of any of them, from another origin.
    Preflight,
    /// `POST /v1/sessions`, by the server of the app.
    SignIn,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::KeepAlive, Self::Question, Self::End, Self::Stream, Self::Preflight, Self::SignIn];

    /// Its name in tables and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeepAlive => "keepalive",
            Self::Question => "question",
            Self::End => "end",
            Self::Stream => "stream",
            Self::Preflight => "preflight",
            Self::SignIn => "sign-in",
        }
    }
}

/// A number for each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Each<T>(pub [T; 6]);

impl<T: Copy> Each<T> {
    /// That of one kind.
    #[must_use]
    pub const fn of(&self, kind: Kind) -> T {
        self.0[kind as usize]
    }

    /// Each made into something else.
    #[must_use]
    pub fn map<U>(self, change: impl Fn(T) -> U) -> Each<U> {
        Each(self.0.map(change))
    }
}

impl<T: Serialize> Serialize for Each<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (kind, value) in Kind::ALL.into_iter().zip(&self.0) {
            map.serialize_entry(kind.name(), value)?;
        }
        map.end()
    }
}
