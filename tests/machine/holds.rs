//! Holds: while one lives nobody is logged out; afterwards the idle time starts anew.

use stillhere::core::hold::LEASE_MS;
use stillhere::core::input::Input;
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn nobody_is_logged_out_while_a_hold_lives() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(5);
    world.tell(2, Input::Hold { id: 77, reason: b"call", ttl_ms: 40_000 });
    world.run(30_000);
    for at in 0..5 {
        assert_eq!(world.phase(at), Phase::Held, "context {at}");
    }
    world.tell(2, Input::Release(77));
    world.run(5_500);
    assert_eq!(world.phase(4), Phase::Active, "the idle time starts at the release");
    world.run(5_000);
    assert!(world.all_ended());
}

#[test]
fn after_the_release_the_phase_is_active_at_once() {
    let mut world = World::new(4, Network::GOOD, short());
    world.open_all(2);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 20_000 });
    world.run(500);
    assert!(world.tally.keepalives >= 1, "the authority knows of the hold, and called it held");
    world.tell(0, Input::Release(1));
    world.run(20);
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Active, Phase::Active));
}

#[test]
fn a_hold_of_another_partition_is_respected() {
    let mut world = World::new(5, Network::GOOD, short());
    world.open_all(2);
    world.hold_elsewhere(15_000);
    world.run(13_000);
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Held, Phase::Held));
    world.run(8_000);
    assert!(!world.is_ended(0), "the idle time starts when the hold has lapsed");
    world.run(9_000);
    assert!(world.all_ended());
}

#[test]
fn a_day_of_calls_never_runs_out_of_holds() {
    let mut world = World::new(6, Network::GOOD, short());
    world.open_all(2);
    for call in 1..400 {
        world.tell(0, Input::Hold { id: call, reason: b"call", ttl_ms: 3_600_000 });
        world.run(4_000);
        assert_eq!(world.phase(1), Phase::Held, "call {call}");
        world.tell(0, Input::Release(call));
        world.run(3_000);
        assert_eq!(world.phase(1), Phase::Active, "after call {call}");
    }
    let holds = world.contexts[0].agent.facts().times.holds.len();
    assert!(holds <= 110, "{holds} holds are remembered");
}

#[test]
fn a_hold_that_is_never_released_lapses() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(2);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 20_000 });
    world.run(100);
    world.crash(0);
    world.run(18_000);
    assert_eq!(world.phase(1), Phase::Held);
    world.run(14_000);
    assert!(world.is_ended(1));
}

#[test]
fn the_policy_caps_a_hold() {
    let policy = stillhere::core::policy::Policy { max_hold_ms: 5_000, ..short() };
    let mut world = World::new(3, Network::GOOD, policy);
    world.open_all(2);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 3_600_000 });
    world.run(16_000);
    assert!(world.all_ended());
}

/// The interval of [`short`] is too narrow for a lease: minutes here.
fn minutes() -> stillhere::core::policy::Policy {
    stillhere::core::policy::Policy {
        idle_timeout_ms: 60_000,
        warn_before_ms: 20_000,
        keepalive_ms: 10_000,
        ..short()
    }
}

#[test]
fn a_hold_lives_as_long_as_the_page_that_took_it() {
    let mut world = World::new(7, Network::GOOD, minutes());
    world.open_all(3);
    world.tell(1, Input::Hold { id: 5, reason: b"call", ttl_ms: 0 });
    world.count_anew();
    world.run(50 * 60_000);
    assert_eq!(world.phase(2), Phase::Held, "it was renewed all the while");
    let sent = world.tally.keepalives;
    assert!((30..=36).contains(&sent), "one keep-alive for each renewal, not {sent}");
    world.crash(1);
    world.run(LEASE_MS + 1_000);
    assert_eq!(world.phase(2), Phase::Active, "nobody vouches for it any more");
    world.run(60_000);
    assert!(world.all_ended(), "and the idle time went on from there");
}

#[test]
fn a_hold_that_is_renewed_for_ever_ends_at_the_policys_longest() {
    let policy = stillhere::core::policy::Policy { max_hold_ms: 10 * 60_000, ..minutes() };
    let mut world = World::new(8, Network::GOOD, policy);
    world.open_all(2);
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 0 });
    world.run(10 * 60_000 - 1_000);
    assert_eq!(world.phase(1), Phase::Held);
    world.run(2_000);
    assert_eq!(world.phase(1), Phase::Active);
    assert!(!world.is_ended(1));
    world.run(60_000);
    assert!(world.all_ended());
}

#[test]
fn a_hold_whose_page_crashed_before_it_could_tell_is_told_by_another() {
    let mut world = World::new(9, Network::GOOD, minutes());
    world.open_all(3);
    world.key(0);
    world.run(2_000);
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 30_000 });
    world.run(10);
    world.crash(0);
    world.count_anew();
    world.run(11_000);
    assert_eq!(world.tally.keepalives, 1, "once");
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), 1, "the authority knows of it");
}

#[test]
fn the_last_page_that_goes_tells_of_a_hold_that_was_not_told_yet() {
    let mut world = World::new(12, Network::GOOD, minutes());
    world.open(true);
    world.run(1_000);
    world.key(0);
    world.run(500);
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 0 });
    world.run(50);
    world.close(0);
    world.run(50);
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), 1, "the next page finds it there");
}

#[test]
fn a_hold_is_renewed_by_the_app_where_it_named_a_time() {
    let mut world = World::new(10, Network::GOOD, minutes());
    world.open_all(2);
    for _ in 0..5 {
        world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 20_000 });
        world.run(15_000);
        assert_eq!(world.phase(1), Phase::Held);
    }
    world.run(6_000);
    assert_eq!(world.phase(1), Phase::Active, "the app no longer renews it");
}

#[test]
fn a_renewal_that_comes_late_changes_nothing_that_is_past() {
    let policy = stillhere::core::policy::Policy { max_hold_ms: 50_000, ..minutes() };
    let mut world = World::new(11, Network::GOOD, policy);
    world.open_all(2);
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 20_000 });
    world.run(30_000);
    assert_eq!(world.phase(1), Phase::Active, "it lapsed ten seconds ago");
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 5_000 });
    world.run(1_000);
    assert_eq!(world.phase(1), Phase::Held, "within what the policy allows it lives again");
    world.run(25_000);
    // At its longest 50 s after it was taken, that is 6 s ago: too late for a renewal.
    world.tell(0, Input::Hold { id: 5, reason: b"call", ttl_ms: 20_000 });
    world.run(38_500);
    assert_eq!(world.phase(1), Phase::Warning, "59.5 s after it lapsed for good");
    world.run(1_000);
    assert!(world.all_ended());
}
