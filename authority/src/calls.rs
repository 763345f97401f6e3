//! The API calls that a token made lately, as far as the authority was asked about them, so that an
//! administrator can see what would keep a session alive, or does.

use serde::{Deserialize, Serialize};

/// Calls that are remembered of one token.
const MAX_CALLS: usize = 16;
/// Characters of a path that are remembered.
const MAX_PATH: usize = 128;
/// A call that was seen less than this long ago is not written down again, in milliseconds: nobody
/// looks that closely, and a page may poll each second.
pub const SEEN_MS: u64 = 10_000;

/// One kind of call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Method and path, with `*` for the segments that look like names of things.
    pub what: String,
    /// When it was seen last, to 10 s, in Unix milliseconds.
    pub at: u64,
    /// Whether it counted as activity.
    pub counted: bool,
}

/// The calls that were seen last, each kind once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls(Vec<Call>);

impl Calls {
    /// Notes a call. Whether that changed anything.
    pub fn note(&mut self, now: u64, what: &str, counted: bool) -> bool {
        if let Some(call) = self.0.iter_mut().find(|call| call.what == what) {
            let news = call.counted != counted || now >= call.at.saturating_add(SEEN_MS);
            if news {
                (call.at, call.counted) = (now, counted);
            }
            return news;
        }
        let call = Call { what: what.to_owned(), at: now, counted };
        let full = self.0.len() >= MAX_CALLS;
        match self.0.iter_mut().min_by_key(|call| call.at).filter(|_| full) {
            Some(oldest) => *oldest = call,
            None => self.0.push(call),
        }
        true
    }

    /// Replaces each moment: a store may count from another than 1970.
    pub(crate) fn map_moments(&mut self, to: impl Fn(u64) -> u64) {
        self.0.iter_mut().for_each(|call| call.at = to(call.at));
    }

    /// The calls, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.0.iter()
    }
}

/// The name of a call: segments that hold a digit or are long name a thing, not a kind of thing, and
/// may be personal.
#[must_use]
pub fn name(method: &str, path: &str) -> String {
    let thing = |segment: &str| segment.len() > 24 || segment.bytes().any(|b| b.is_ascii_digit());
    // The version of an API is no thing.
    let version = |segment: &str| {
        segment.len() <= 3 && segment.starts_with('v') && segment[1..].parse::<u8>().is_ok()
    };
    let keep = |segment| if thing(segment) && !version(segment) { "*" } else { segment };
    let mut path = path.split('/').map(keep).collect::<Vec<_>>().join("/");
    if let Some((cut, _)) = path.char_indices().nth(MAX_PATH) {
        path.truncate(cut);
    }
    format!("{method} {path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_kinds_and_drops_things() {
        for (path, expected) in [
            ("/api/v2/orders/17/lines", "GET /api/v2/orders/*/lines"),
            ("/users/5f1e-9ab", "GET /users/*"),
            ("/users/a-name-that-is-far-too-long-for-a-kind", "GET /users/*"),
            ("/", "GET /"),
        ] {
            assert_eq!(name("GET", path), expected);
        }
        assert_eq!(name("GET", &"/é".repeat(200)).chars().count(), 4 + MAX_PATH);
    }

    #[test]
    fn each_kind_is_kept_once_and_the_oldest_goes() {
        let mut calls = Calls::default();
        assert!(calls.note(1, "GET /a", false));
        assert!(!calls.note(SEEN_MS, "GET /a", false), "seen a moment ago");
        assert!(calls.note(SEEN_MS, "GET /a", true), "it counts now");
        assert!(calls.note(2 * SEEN_MS, "GET /a", true));
        for number in 0..MAX_CALLS as u64 {
            calls.note(3 * SEEN_MS + number, &format!("GET /{number}"), false);
        }
        assert_eq!(calls.iter().count(), MAX_CALLS);
        assert!(calls.iter().all(|call| call.what != "GET /a"));
    }
}
