use super::*;
use crate::report::HoldReport;

const NOW: u64 = 1_700_000_000_000;
const POLICY: Policy = Policy::DEFAULT;

fn report(holds: &[(&str, u64)]) -> Report {
    let hold = |(id, ttl_ms): &(&str, u64)| HoldReport {
        id: (*id).to_owned(),
        reason: "call".to_owned(),
        ttl_ms: *ttl_ms,
    };
    Report {
        age_ms: 0,
        counts: Counts::default(),
        contexts: 1,
        holds: holds.iter().map(hold).collect(),
        agent: String::new(),
    }
}

#[test]
fn the_first_end_stands() {
    let mut session = Session::new(NOW, &POLICY);
    assert_eq!(session.end(NOW, &POLICY, EndedBecause::SignedOut), EndedBecause::SignedOut);
    assert_eq!(session.end(NOW, &POLICY, EndedBecause::Revoked), EndedBecause::SignedOut);
    assert_eq!(session.touch(NOW, &POLICY, &report(&[])), Err(EndedBecause::SignedOut));
}

#[test]
fn a_deadline_that_nobody_noticed_came_before_a_later_end() {
    let mut session = Session::new(NOW, &POLICY);
    let late = NOW + POLICY.idle_timeout_ms + 5000;
    assert_eq!(session.end(late, &POLICY, EndedBecause::Revoked), EndedBecause::Idle);
    assert_eq!(session.ended().map(|ended| ended.at), Some(NOW + POLICY.idle_timeout_ms));
}

#[test]
fn the_schedule_waits_for_a_hold_that_lapses() {
    let policy = Policy { logout_at: Some(NOW + 1000), ..POLICY };
    let mut session = Session::new(NOW, &policy);
    let state = session.touch(NOW, &policy, &report(&[("c1", 5000)])).unwrap();
    assert_eq!(state.standing, Standing::Held);
    assert_eq!(session.deadline(&policy), Some(NOW + 5000));
    assert_eq!(session.settle(NOW + 4999, &policy), None);
    let ended = Ended { because: EndedBecause::Schedule, at: NOW + 5000 };
    assert_eq!(session.settle(NOW + 7000, &policy), Some(ended));
}

#[test]
fn the_schedule_waits_for_a_hold_that_is_released() {
    let policy = Policy { logout_at: Some(NOW + 1000), ..POLICY };
    let mut session = Session::new(NOW, &policy);
    session.touch(NOW, &policy, &report(&[("c1", 5000)])).unwrap();
    let released = session.touch(NOW + 2000, &policy, &report(&[("c1", 0)]));
    assert_eq!(released, Err(EndedBecause::Schedule));
    assert_eq!(session.ended().map(|ended| ended.at), Some(NOW + 2000));
}

#[test]
fn the_schedule_shortens_what_remains() {
    let policy = Policy { logout_at: Some(NOW + 1000), ..POLICY };
    assert_eq!(Session::new(NOW, &policy).state(NOW, &policy).remaining_ms, Some(1000));
}

#[test]
fn a_hold_too_many_is_not_taken_and_evicts_none() {
    let mut session = Session::new(NOW, &POLICY);
    for number in 0..=MAX_HOLDS {
        session.touch(NOW, &POLICY, &report(&[(&number.to_string(), 5000)])).unwrap();
    }
    assert_eq!(session.holds(NOW).count(), MAX_HOLDS);
    assert!(session.holds(NOW).any(|hold| hold.id == "0"));
}

#[test]
fn a_renewal_never_shortens_a_hold() {
    let mut session = Session::new(NOW, &POLICY);
    session.touch(NOW, &POLICY, &report(&[("c1", 5000)])).unwrap();
    session.touch(NOW, &POLICY, &report(&[("c1", 10)])).unwrap();
    assert_eq!(session.holds(NOW).map(|hold| hold.expires_at).collect::<Vec<_>>(), [NOW + 5000]);
}

#[test]
fn a_release_that_overtakes_its_hold_wins() {
    let mut session = Session::new(NOW, &POLICY);
    session.touch(NOW, &POLICY, &report(&[("c1", 0)])).unwrap();
    let state = session.touch(NOW, &POLICY, &report(&[("c1", 5000)])).unwrap();
    assert_eq!(state.standing, Standing::Alive);
}

#[test]
fn what_is_remembered_of_releases_is_bounded() {
    let mut session = Session::new(NOW, &POLICY);
    for number in 0..1000 {
        session.touch(NOW, &POLICY, &report(&[(&number.to_string(), 0)])).unwrap();
    }
    assert_eq!(session.holds.released.len(), crate::holds::MAX_RELEASED);
}

#[test]
fn a_policy_without_holds_holds_nothing() {
    let policy = Policy { max_hold_ms: 0, ..POLICY };
    let mut session = Session::new(NOW, &policy);
    let state = session.touch(NOW, &policy, &report(&[("c1", 5000)])).unwrap();
    assert_eq!(state.standing, Standing::Alive);
}

#[test]
fn an_end_lets_go_of_all_that_is_not_needed_to_remember_it() {
    let mut session = Session::new(NOW, &POLICY);
    session.touch(NOW, &POLICY, &report(&[("c1", 5000), ("c2", 0)])).unwrap();
    session.end(NOW, &POLICY, EndedBecause::Revoked);
    assert!(session.holds == Holds::default());
    assert_eq!(session.deadline(&POLICY), None);
}

#[test]
fn a_hold_that_is_renewed_for_ever_lapses_at_its_longest() {
    let policy = Policy { max_hold_ms: 60_000, ..POLICY };
    let mut session = Session::new(NOW, &policy);
    for second in (0..60).step_by(10) {
        let at = NOW + second * 1000;
        assert!(session.touch(at, &policy, &report(&[("call", 15_000)])).is_ok());
    }
    assert_eq!(session.state(NOW + 59_999, &policy).standing, Standing::Held);
    let late = NOW + 60_000;
    assert!(session.touch(late, &policy, &report(&[("call", 15_000)])).is_ok());
    assert_eq!(session.state(late, &policy).standing, Standing::Alive, "not taken up again");
}

#[test]
fn a_hold_that_is_renewed_late_lives_on() {
    let mut session = Session::new(NOW, &POLICY);
    assert!(session.touch(NOW, &POLICY, &report(&[("call", 2_000)])).is_ok());
    let late = NOW + 3_000;
    assert!(session.touch(late, &POLICY, &report(&[("call", 2_000)])).is_ok());
    assert_eq!(session.state(late, &POLICY).standing, Standing::Held);
}

fn counted(counts: Counts, age_ms: u64) -> Report {
    Report { counts, age_ms, ..report(&[]) }
}

#[test]
fn each_kind_of_activity_is_dated_by_the_report_that_counted_more_of_it() {
    let mut session = Session::new(NOW, &POLICY);
    let first = Counts { keystrokes: 5, clicks: 1, ..Counts::default() };
    session.touch(NOW + 1000, &POLICY, &counted(first, 200)).unwrap();
    let second = Counts { clicks: 2, ..first };
    session.touch(NOW + 3000, &POLICY, &counted(second, 100)).unwrap();
    let third = Counts { system: 1, ..second };
    session.touch(NOW + 3500, &POLICY, &counted(third, 0)).unwrap();
    session.api_call(NOW + 4000, &POLICY).unwrap();
    let newest: Vec<_> = session.newest().kinds().collect();
    let expected = [
        ("keystrokes", NOW + 800),
        ("clicks", NOW + 2900),
        ("system", NOW + 3500),
        ("api_calls", NOW + 4000),
    ];
    assert_eq!(newest, expected);
    assert_eq!(session.active_at(), NOW + 4000);
    session.map_moments(|at| at - NOW);
    let newest: Vec<_> = session.newest().kinds().map(|(_, at)| at).collect();
    assert_eq!(newest, [800, 2900, 3500, 4000]);
}

#[test]
fn an_api_call_that_counts_extends_and_revives_nothing() {
    let mut session = Session::new(NOW, &POLICY);
    let late = NOW + POLICY.idle_timeout_ms - 1;
    assert_eq!(session.api_call(late, &POLICY).unwrap().idle_ms, 0);
    assert_eq!(session.api_call(late + POLICY.idle_timeout_ms, &POLICY), Err(EndedBecause::Idle));
}

#[test]
fn a_token_issued_anew_begins_where_its_user_was() {
    let session = Session::begun(NOW, NOW - 60_000, &POLICY);
    assert_eq!(session.state(NOW, &POLICY).idle_ms, 60_000);
    let gone = Session::begun(NOW, NOW - POLICY.idle_timeout_ms, &POLICY);
    assert_eq!(gone.ended().map(|ended| ended.because), Some(EndedBecause::Idle));
}

const SHORTER: Policy = Policy { idle_timeout_ms: 300_000, ..POLICY };

fn graced(until: u64) -> Terms<'static> {
    let grace = Some(Grace { idle_timeout_ms: POLICY.idle_timeout_ms, until });
    Terms { policy: &SHORTER, grace }
}

#[test]
fn a_shorter_timeout_spares_who_looks_absent_until_they_could_have_been_heard() {
    let mut session = Session::new(NOW, &POLICY);
    let changed = NOW + 400_000;
    let terms = graced(changed + 40_000);
    assert_eq!(session.state(changed, terms).remaining_ms, Some(40_000));
    assert_eq!(session.deadline(terms), Some(changed + 40_000));
    let mut heard = session.clone();
    assert!(heard.touch(changed + 39_999, terms, &report(&[])).is_ok());
    assert_eq!(heard.deadline(terms), Some(changed + 39_999 + SHORTER.idle_timeout_ms));
    let ended = session.settle(changed + 40_000, terms);
    assert_eq!(ended.map(|ended| ended.at), Some(changed + 40_000));
}

#[test]
fn the_grace_lengthens_nothing_beyond_the_timeout_before() {
    let session = Session::new(NOW, &POLICY);
    let terms = graced(NOW + POLICY.idle_timeout_ms + 30_000);
    assert_eq!(session.deadline(terms), Some(NOW + POLICY.idle_timeout_ms));
}

const WATCHED: Policy = Policy { mode: Mode::Observe, ..POLICY };

#[test]
fn a_policy_that_observes_ends_nobody_and_notes_each_first_end() {
    let mut session = Session::new(NOW, &WATCHED);
    let first = NOW + POLICY.idle_timeout_ms;
    assert_eq!(session.deadline(&WATCHED), Some(first));
    assert_eq!(session.settle(first + 5, &WATCHED), None);
    let noted = Some(Ended { because: EndedBecause::Idle, at: first });
    assert_eq!(session.observed(), noted);
    assert_eq!(session.settle(first + 3 * POLICY.idle_timeout_ms, &WATCHED), None);
    assert_eq!(session.observed(), noted, "one for each time of absence");
    let state = session.state(first + 5, &WATCHED);
    assert_eq!(state.standing, Standing::Alive);
    assert_eq!(state.remaining_ms, Some(POLICY.idle_timeout_ms - 5), "agents ask once a timeout");
    let back = first + 10 * POLICY.idle_timeout_ms;
    session.touch(back, &WATCHED, &report(&[])).unwrap();
    assert_eq!(session.deadline(&WATCHED), Some(back + POLICY.idle_timeout_ms));
    session.settle(back + POLICY.idle_timeout_ms, &WATCHED);
    assert_eq!(session.observed().map(|ended| ended.at), Some(back + POLICY.idle_timeout_ms));
}

#[test]
fn an_observed_shift_ends_once_however_long_its_user_works_on() {
    let policy = Policy { logout_at: Some(NOW + 1000), ..WATCHED };
    let mut session = Session::new(NOW, &policy);
    session.touch(NOW + 1000, &policy, &report(&[])).unwrap();
    let noted = Some(Ended { because: EndedBecause::Schedule, at: NOW + 1000 });
    assert_eq!(session.observed(), noted);
    session.touch(NOW + 9000, &policy, &report(&[])).unwrap();
    assert_eq!(session.observed(), noted);
    assert_eq!(session.deadline(&policy), Some(NOW + 9000 + POLICY.idle_timeout_ms));
}

#[test]
fn what_is_only_observed_is_not_kept_for_ever() {
    let mut session = Session::new(NOW, &WATCHED);
    session.settle(NOW + POLICY.idle_timeout_ms, &WATCHED);
    assert_eq!(session.deadline(&WATCHED), Some(NOW + OBSERVED_MS));
    assert_eq!(session.settle(NOW + OBSERVED_MS - 1, &WATCHED), None);
    assert!(session.settle(NOW + OBSERVED_MS, &WATCHED).is_some());
}

#[test]
fn whoever_is_observed_can_still_be_signed_out() {
    let mut session = Session::new(NOW, &WATCHED);
    let because = session.end(NOW + 2 * POLICY.idle_timeout_ms, &WATCHED, EndedBecause::Revoked);
    assert_eq!(because, EndedBecause::Revoked);
}

#[test]
fn a_scheduled_end_that_was_only_observed_leaves_the_idle_time() {
    let watched = Policy { logout_at: Some(NOW + 1000), ..WATCHED };
    let mut session = Session::new(NOW, &watched);
    session.settle(NOW + 1500, &watched);
    let policy = Policy { logout_at: Some(NOW + 1000), ..POLICY };
    let state = session.state(NOW + 2000, &policy);
    assert_eq!(state.standing, Standing::Alive);
    assert_eq!(state.remaining_ms, Some(POLICY.idle_timeout_ms - 2000), "and not 0 for good");
}
