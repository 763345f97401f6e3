use super::*;

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
    assert_eq!(session.released.len(), MAX_RELEASED);
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
    assert!(session.holds.is_empty() && session.released.is_empty());
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
