//! The authority's answers in JSON (docs/contract.md, section 3). Names only: whether the values make
//! sense is for the machine to judge.

use jiff::Timestamp;
use serde::Deserialize;
use stillhere::core::{
    answer::{Alive, Answer},
    ended::EndedBecause,
    policy::{Counted, Mode, OnLock, Policy},
};

use crate::keepalive::News;

/// The state, or the problem that says why there is none.
#[derive(Debug, Deserialize)]
pub(crate) struct State {
    state: Option<String>,
    because: Option<String>,
    idle_ms: Option<u64>,
    remaining_ms: Option<u64>,
    policy: Option<Rules>,
}

#[derive(Debug, Deserialize)]
struct Rules {
    version: u64,
    idle_timeout_ms: u64,
    warn_before_ms: u64,
    keepalive_ms: u64,
    logout_at: Option<String>,
    mode: Mode,
    counts: Counted,
    #[serde(default)]
    on_lock: OnLock,
    max_hold_ms: u64,
}

impl Rules {
    /// None where the clock time cannot be read: a policy without it would be laxer than the one meant.
    fn policy(self) -> Option<Policy> {
        let logout_at = match self.logout_at {
            None => None,
            Some(text) => {
                let at: Timestamp = text.parse().ok()?;
                Some(u64::try_from(at.as_millisecond()).ok()?)
            }
        };
        Some(Policy {
            version: self.version,
            idle_timeout_ms: self.idle_timeout_ms,
            warn_before_ms: self.warn_before_ms,
            keepalive_ms: self.keepalive_ms,
            logout_at,
            mode: self.mode,
            counts: self.counts,
            on_lock: self.on_lock,
            max_hold_ms: self.max_hold_ms,
        })
    }
}

/// Reads a state.
#[must_use]
pub(crate) fn state(body: &[u8]) -> Answer {
    let Ok(state) = serde_json::from_slice::<State>(body) else { return Answer::Invalid };
    let held = match state.state.as_deref() {
        Some("alive") => false,
        Some("held") => true,
        Some("ended") => return gone(state.because.as_deref()),
        _ => return Answer::Invalid,
    };
    let policy = match state.policy.map(Rules::policy) {
        None => None,
        Some(Some(policy)) => Some(policy),
        Some(None) => return Answer::Invalid,
    };
    Answer::Alive(Alive { idle_ms: state.idle_ms, remaining_ms: state.remaining_ms, held, policy })
}

/// Reads the body of a 401: that the token is dead is said by the status alone.
#[must_use]
pub(crate) fn refusal(body: &[u8]) -> Answer {
    let because = serde_json::from_slice::<State>(body).ok().and_then(|state| state.because);
    gone(because.as_deref())
}

/// When an event was true, beside what it says.
#[derive(Debug, Deserialize)]
struct Moment {
    at_ms: Option<u64>,
}

/// Reads an event of the stream; none for one that is not known.
#[must_use]
pub(crate) fn event(name: &str, data: &str) -> Option<News> {
    let answer = match name {
        "state" | "ended" => state(data.as_bytes()),
        "policy" => {
            let policy = serde_json::from_str::<Rules>(data).ok().and_then(Rules::policy);
            policy.map_or(Answer::Invalid, |policy| {
                Answer::Alive(Alive { policy: Some(policy), ..Alive::default() })
            })
        }
        _ => return None,
    };
    // Without a moment it counts as what may be old.
    let at_ms = serde_json::from_str::<Moment>(data).ok().and_then(|moment| moment.at_ms);
    Some(News { answer, at_ms })
}

fn gone(because: Option<&str>) -> Answer {
    Answer::Gone(because.and_then(EndedBecause::parse).unwrap_or(EndedBecause::Revoked))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIVE: &str = r#"{"state":"alive","remaining_ms":870000,"idle_ms":30000,"policy":{
        "version":7,"idle_timeout_ms":900000,"warn_before_ms":60000,"keepalive_ms":30000,
        "logout_at":"1970-01-01T00:00:05+00:00","mode":"observe","max_hold_ms":3600000,
        "counts":{"keystrokes":true,"clicks":false,"heartbeats":true,"system":true},
        "on_lock":"warn"}}"#;

    fn with(from: &str, to: &str) -> Answer {
        assert!(ALIVE.contains(from), "{from}");
        state(ALIVE.replace(from, to).as_bytes())
    }

    #[test]
    fn a_state_is_read_whole() {
        let policy = Policy {
            version: 7,
            logout_at: Some(5_000),
            mode: Mode::Observe,
            counts: Counted { keystrokes: true, clicks: false, heartbeats: true, system: true },
            on_lock: OnLock::Warn,
            ..Policy::DEFAULT
        };
        let alive = Alive {
            idle_ms: Some(30_000),
            remaining_ms: Some(870_000),
            held: false,
            policy: Some(policy),
        };
        assert_eq!(state(ALIVE.as_bytes()), Answer::Alive(alive.clone()));
        let held = Alive { held: true, remaining_ms: None, ..alive };
        let text = ALIVE.replace("\"alive\"", "\"held\"").replace("870000", "null");
        assert_eq!(state(text.as_bytes()), Answer::Alive(held));
    }

    #[test]
    fn an_authority_that_knows_neither_is_taken_to_allow_neither() {
        let older = ALIVE.replace(",\"system\":true", "").replace("on_lock", "on_something");
        let Answer::Alive(Alive { policy: Some(policy), .. }) = state(older.as_bytes()) else {
            panic!("it is a state");
        };
        assert_eq!((policy.counts.system, policy.on_lock), (false, OnLock::Nothing));
    }

    #[test]
    fn what_makes_no_sense_is_no_answer() {
        assert_eq!(with("1970-01-01T00:00:05+00:00", "tomorrow"), Answer::Invalid);
        assert_eq!(with("1970-01-01T00:00:05+00:00", "1969-01-01T00:00:05+00:00"), Answer::Invalid);
        assert_eq!(with("\"alive\"", "\"asleep\""), Answer::Invalid);
        assert_eq!(with("30000,\"policy", "-1,\"policy"), Answer::Invalid);
        assert_eq!(with("observe", "perhaps"), Answer::Invalid);
        assert_eq!(state(b"<html>"), Answer::Invalid);
        assert_eq!(state(b""), Answer::Invalid);
    }

    #[test]
    fn an_end_says_why() {
        let ended = |because| Answer::Gone(because);
        assert_eq!(with("\"alive\"", "\"ended\",\"because\":\"idle\""), ended(EndedBecause::Idle));
        assert_eq!(refusal(br#"{"because":"signed-out"}"#), ended(EndedBecause::SignedOut));
        assert_eq!(refusal(b"<html>"), ended(EndedBecause::Revoked), "the status says it");
    }

    #[test]
    fn events_are_read_by_their_names() {
        let read =
            |name, data: &str| event(name, data).map(|News { answer, at_ms }| (answer, at_ms));
        assert!(matches!(read("state", ALIVE), Some((Answer::Alive(_), None))));
        let told = ALIVE.replace("{\"state\"", "{\"at_ms\":7,\"state\"");
        assert!(matches!(read("state", &told), Some((Answer::Alive(_), Some(7)))));
        let ended = read("ended", r#"{"state":"ended","because":"idle","at_ms":"soon"}"#);
        assert_eq!(ended, Some((Answer::Gone(EndedBecause::Idle), None)), "an end is an end");
        let policy = r#"{"version":8,"idle_timeout_ms":900000,"warn_before_ms":60000,
            "keepalive_ms":30000,"mode":"enforce","max_hold_ms":3600000,
            "counts":{"keystrokes":true,"clicks":true,"heartbeats":true}}"#;
        let Some((Answer::Alive(alive), _)) = read("policy", policy) else {
            panic!("it is a policy")
        };
        assert_eq!(alive.policy.map(|policy| policy.version), Some(8));
        assert_eq!(read("policy", "{}"), Some((Answer::Invalid, None)));
        assert_eq!(read("weather", ALIVE), None);
    }
}
