//! What keeps a session alive, in one sentence.

use std::time::Duration;

use stillhere::core::policy::Mode;

use crate::{
    policy::{InForce, Source},
    session::Standing,
    store::Record,
};

/// The sentence for a live session at `now`. None once it is over.
pub(crate) fn why_alive(
    record: &Record,
    now: u64,
    in_force: &InForce,
    timeout_from: Source<'_>,
) -> Option<String> {
    let (session, user) = (&record.session, &record.owner.user);
    let state = session.state(now, in_force.terms());
    let holds: Vec<_> = session.holds(now).collect();
    match state.standing {
        Standing::Ended(_) => return None,
        Standing::Held => {
            let longest = holds.iter().max_by_key(|hold| hold.expires_at)?;
            let left = span(longest.expires_at.saturating_sub(now));
            let others = match holds.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Some(format!(
                "An open interaction holds it: {}{others}, for {left} unless it is renewed.",
                named(&longest.reason, &longest.id),
            ));
        }
        Standing::Alive => {}
    }
    let seen = match session.newest().kinds().max_by_key(|(_, at)| *at) {
        Some((kind, at)) if at.saturating_add(1000) >= session.active_at() => {
            format!("The newest activity of {user} was {} {} ago", what(record, kind), ago(now, at))
        }
        // A hold that ended, a token issued for a sign-in that went on, another token's activity.
        Some(_) => format!("{user} was busy until {} ago", ago(now, session.active_at())),
        None => format!(
            "{user} has not been active since signing in {} ago",
            ago(now, session.active_at())
        ),
    };
    let left = span(state.remaining_ms.unwrap_or(0));
    let scheduled = in_force
        .policy
        .logout_at
        .is_some_and(|at| at > now && at.saturating_sub(now) == state.remaining_ms.unwrap_or(0));
    let end = if in_force.policy.mode == Mode::Observe {
        format!("it would end in {left}, but the policy only observes")
    } else if scheduled {
        format!("it ends in {left} by the schedule, however active")
    } else {
        let timeout = span(in_force.policy.idle_timeout_ms);
        format!("without more it ends in {left} (idle timeout {timeout}, {})", from(timeout_from))
    };
    Some(format!("{seen}; {end}."))
}

fn what(record: &Record, kind: &str) -> String {
    match kind {
        "keystrokes" => "a keystroke".to_owned(),
        "clicks" => "a click".to_owned(),
        "heartbeats" => "a heartbeat of the embedding page".to_owned(),
        "notes" => "an activity that the app vouched for".to_owned(),
        "system" => "input in another program on the machine".to_owned(),
        _ => {
            let counted = record.calls.iter().filter(|call| call.counted);
            let call = counted.max_by_key(|call| call.at).map_or("", |call| call.what.as_str());
            format!("a counted API call ({call})")
        }
    }
}

fn named<'a>(reason: &'a str, id: &'a str) -> &'a str {
    if reason.is_empty() { id } else { reason }
}

fn from(source: Source<'_>) -> String {
    match source {
        Source::User => "set for the user".to_owned(),
        Source::Group { group, .. } => format!("from group {group}"),
        Source::Organization => "from the organization".to_owned(),
        Source::Settings => "from the server's settings".to_owned(),
    }
}

fn ago(now: u64, at: u64) -> String {
    span(now.saturating_sub(at))
}

/// Whole seconds are enough for people.
fn span(ms: u64) -> String {
    humantime::format_duration(Duration::from_secs(ms / 1000)).to_string()
}
