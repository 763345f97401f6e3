//! What people read outside of windows.

use jiff::{Timestamp, tz::TimeZone};
use stillhere::core::{ended::EndedBecause, rules::Phase};
use stillhere_native::snapshot::Snapshot;

/// The colour of the tray icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Somebody is signed in.
    Active,
    /// The session is about to end.
    Warning,
    /// Nobody is signed in, or it is not known.
    Off,
}

/// What the tray shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) sign: Sign,
    /// Beside the icon, where the system shows it; empty for nothing.
    pub(crate) title: String,
    /// The first line of its menu.
    pub(crate) line: String,
    /// Whether somebody can sign out.
    pub(crate) signed_in: bool,
}

/// The wall clock, in Unix milliseconds.
pub(crate) fn now() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// The time of day of a Unix moment in milliseconds.
fn time_of_day(at: u64, zone: &TimeZone) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(String::new, |at| at.to_zoned(zone.clone()).strftime("%H:%M").to_string())
}

/// `0:45`; rounded up, so that at 0:00 it is over.
fn countdown(ms: u64) -> String {
    let seconds = ms.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// What the tray shows of a session at `now`. Until the warning it is the moment of the end and not the
/// time left, so that nothing needs to be painted anew while nothing happens.
pub(crate) fn shown(user: &str, snapshot: &Snapshot, now: u64, zone: &TimeZone) -> Shown {
    let who = if user.is_empty() { "Signed in" } else { user };
    let left = |at: u64| countdown(at.saturating_sub(now));
    let (sign, title, line) = match (snapshot.phase, snapshot.ends_at) {
        (Phase::Active, Some(at)) => {
            let until = time_of_day(at, zone);
            let line = format!("{who}: signed out at {until} if nobody is here");
            (Sign::Active, until, line)
        }
        (Phase::Warning, Some(at)) => {
            let line = format!("{who}: signed out in {} unless you are here", left(at));
            (Sign::Warning, left(at), line)
        }
        (Phase::Held, _) => {
            let line = match snapshot.holds.first().filter(|reason| !reason.is_empty()) {
                Some(reason) => format!("{who}: stays signed in during \u{201c}{reason}\u{201d}"),
                None => format!("{who}: stays signed in, something is open"),
            };
            (Sign::Active, String::new(), line)
        }
        (Phase::Ended, _) => return signed_out(snapshot.because),
        _ => (Sign::Off, String::new(), format!("{who}: asking the server")),
    };
    Shown { sign, title, line, signed_in: true }
}

/// How long a warning lasts from now on, in words.
pub(crate) fn left(ends_at: Option<u64>, now: u64) -> String {
    countdown(ends_at.unwrap_or(now).saturating_sub(now))
}

/// What the tray shows while nobody is signed in.
pub(crate) fn signed_out(because: Option<EndedBecause>) -> Shown {
    let line = because.map_or("Not signed in", why).to_owned();
    Shown { sign: Sign::Off, title: String::new(), line, signed_in: false }
}

/// Why somebody was signed out.
pub(crate) const fn why(because: EndedBecause) -> &'static str {
    match because {
        EndedBecause::Idle => "Signed out: nobody was here",
        EndedBecause::Schedule => "Signed out: your working time is over",
        EndedBecause::Revoked => "Signed out: the server no longer knows this sign-in",
        EndedBecause::SignedOut => "You signed out",
        EndedBecause::AuthorityUnreachable => "Signed out: the server could not be reached",
        EndedBecause::TokenMissing => "Signed out: your sign-in is no longer there",
    }
}

#[cfg(test)]
mod tests {
    use stillhere::core::policy::OnLock;

    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn snapshot(phase: Phase, ends_in: Option<u64>) -> Snapshot {
        Snapshot {
            phase,
            because: None,
            ends_at: ends_in.map(|ms| NOW + ms),
            holds: Vec::new(),
            contexts: 1,
            counts_system: false,
            on_lock: OnLock::Nothing,
        }
    }

    fn seen(snapshot: &Snapshot, now: u64) -> Shown {
        shown("Ada", snapshot, now, &TimeZone::UTC)
    }

    #[test]
    fn until_the_warning_nothing_changes_by_the_passing_of_time() {
        let active = snapshot(Phase::Active, Some(900_000));
        let first = seen(&active, NOW);
        assert_eq!(first.title, "08:15", "1,800,000,000 s are 08:00 UTC");
        assert_eq!(first.line, "Ada: signed out at 08:15 if nobody is here");
        assert_eq!(seen(&active, NOW + 500_000), first);
        assert_eq!(first.sign, Sign::Active);
    }

    #[test]
    fn the_warning_counts_down_and_is_over_at_nought() {
        let warning = snapshot(Phase::Warning, Some(45_000));
        assert_eq!(seen(&warning, NOW).title, "0:45");
        assert_eq!(seen(&warning, NOW + 1).title, "0:45");
        assert_eq!(seen(&warning, NOW + 44_001).title, "0:01");
        assert_eq!(seen(&warning, NOW + 45_000).title, "0:00");
        assert_eq!(seen(&warning, NOW).sign, Sign::Warning);
    }

    #[test]
    fn what_keeps_a_session_is_named() {
        let mut held = snapshot(Phase::Held, None);
        assert!(seen(&held, NOW).line.ends_with("something is open"));
        held.holds.push("call".into());
        assert_eq!(seen(&held, NOW).line, "Ada: stays signed in during \u{201c}call\u{201d}");
    }

    #[test]
    fn an_end_says_why() {
        let because = Some(EndedBecause::Idle);
        let ended = Snapshot { because, ..snapshot(Phase::Ended, None) };
        assert_eq!(seen(&ended, NOW), signed_out(because));
        assert_eq!(signed_out(None).line, "Not signed in");
    }
}
