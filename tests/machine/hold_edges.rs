//! What a hold must not do: live again, keep what is over, or be told over and over
//! (docs/architecture.md, "Holds").

use stillhere::core::hold::MAX_HOLDS;
use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;
use stillhere::core::wire::{self, Envelope};

use crate::rig::{Network, Trouble, World};
use crate::short;

const MINUTE_MS: u64 = 60_000;

fn hour() -> Policy {
    Policy {
        idle_timeout_ms: 60 * MINUTE_MS,
        warn_before_ms: MINUTE_MS,
        keepalive_ms: 10_000,
        ..short()
    }
}

fn take(world: &mut World, at: usize, id: u64, ttl_ms: u64) {
    world.tell(at, Input::Hold { id, reason: b"call", ttl_ms });
}

#[test]
fn one_taken_after_the_deadline_revives_nothing() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(1);
    world.key(0);
    world.run(1_000);
    world.freeze(0);
    world.run(11_000);
    // A call comes in before any timer runs.
    take(&mut world, 0, 1, 60_000);
    assert_eq!(world.contexts[0].agent.phase(), Phase::Checking);
    world.thaw(0);
    world.run(1_000);
    assert!(world.all_ended());
}

#[test]
fn one_that_has_lapsed_and_is_released_is_no_activity() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(2);
    take(&mut world, 0, 1, 5_000);
    world.run(10_000);
    world.tell(0, Input::Release(1));
    world.run(4_900);
    assert!(!world.is_ended(0));
    world.run(300);
    assert!(world.all_ended(), "10 s after it lapsed");
}

#[test]
fn one_that_was_released_minutes_ago_is_not_taken_up_by_a_late_message() {
    let mut world = World::new(3, Network::GOOD, hour());
    world.open_all(2);
    take(&mut world, 0, 1, 50 * MINUTE_MS);
    let facts = world.contexts[0].agent.facts().clone();
    let late = wire::encode(&Envelope { from: 99, hello: false, facts }).unwrap();
    world.tell(0, Input::Release(1));
    world.run(9 * MINUTE_MS);
    // What is over is dropped when the next is taken.
    for at in 0..2 {
        take(&mut world, at, 2 + at as u64, MINUTE_MS);
        world.tell(at, Input::Release(2 + at as u64));
    }
    for at in 0..2 {
        world.tell(at, Input::Message(&late));
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
}

#[test]
fn one_at_its_longest_is_not_taken_up_again_however_late() {
    let mut world = World::new(4, Network::GOOD, Policy { max_hold_ms: 10 * MINUTE_MS, ..hour() });
    world.open_all(2);
    take(&mut world, 0, 1, 10 * MINUTE_MS);
    // The app renews it for as long as it runs.
    for minute in 1..69 {
        world.run(MINUTE_MS);
        take(&mut world, 0, 1, 10 * MINUTE_MS);
        let held = if minute < 10 { Phase::Held } else { Phase::Active };
        assert_eq!(world.phase(0), held, "after {minute} minutes");
    }
    world.run(2 * MINUTE_MS + 500);
    assert!(world.all_ended(), "an hour after it lapsed");
}

#[test]
fn renewing_one_at_its_longest_tells_nobody_anything() {
    let mut world = World::new(5, Network::GOOD, Policy { max_hold_ms: 50_000, ..hour() });
    world.open_all(2);
    take(&mut world, 0, 1, MINUTE_MS);
    world.run(15_000);
    world.count_anew();
    for _ in 0..30 {
        take(&mut world, 0, 1, MINUTE_MS);
        world.run(1_000);
    }
    assert_eq!(world.tally.keepalives, 0);
}

#[test]
fn a_page_that_renews_its_own_renews_no_other() {
    let mut world = World::new(6, Network::GOOD, hour());
    world.open_all(3);
    take(&mut world, 0, 1, 0);
    // Another page's, and one that the app was to renew.
    take(&mut world, 1, 2, 0);
    take(&mut world, 0, 3, 4 * MINUTE_MS);
    world.crash(1);
    world.run(10 * MINUTE_MS);
    assert_eq!(world.phase(2), Phase::Held);
    world.tell(0, Input::Release(1));
    world.run(100);
    assert_eq!(world.phase(2), Phase::Active);
}

#[test]
fn a_release_is_told_once() {
    let mut world = World::new(7, Network::GOOD, Policy { keepalive_ms: 1_000, ..hour() });
    world.open_all(2);
    take(&mut world, 0, 1, 50 * MINUTE_MS);
    world.run(10_000);
    world.count_anew();
    world.tell(0, Input::Release(1));
    world.run(MINUTE_MS);
    assert_eq!(world.tally.keepalives, 1);
}

#[test]
fn one_that_lapsed_can_be_renewed_though_the_authority_was_told_of_a_key_since() {
    let mut world = World::new(9, Network::GOOD, hour());
    world.open_all(2);
    take(&mut world, 0, 1, 20_000);
    world.run(25_000);
    world.key(0);
    world.run(12_000);
    take(&mut world, 0, 1, 20_000);
    world.run(1_000);
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), 1, "a name that is released is not taken again");
}

#[test]
fn one_of_which_a_failed_keepalive_told_is_told_again() {
    let mut world = World::new(10, Network::GOOD, hour());
    world.open_all(2);
    world.set_trouble(true, Trouble::Later(None));
    take(&mut world, 0, 1, 50 * MINUTE_MS);
    world.run(500);
    world.set_trouble(true, Trouble::None);
    world.run(12_000);
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), 1);
}

#[test]
fn those_that_lapsed_are_forgotten_too() {
    let mut world = World::new(11, Network::GOOD, short());
    world.open_all(1);
    for call in 1..300 {
        take(&mut world, 0, call, 2_000);
        world.run(4_000);
        world.key(0);
        world.run(1_000);
    }
    let holds = world.contexts[0].agent.facts().times.holds.len();
    assert!(holds <= 125, "{holds} holds are remembered, of ten minutes");
}

#[test]
fn a_group_has_no_more_open_than_a_report_can_name() {
    let mut world = World::new(12, Network::GOOD, hour());
    world.open_all(1);
    for id in 0..100 {
        take(&mut world, 0, id, 0);
    }
    world.run(12_000);
    let known = world.contexts[0].agent.facts().times.holds.len();
    let now = world.now;
    assert_eq!((known, world.session.holds(now).count()), (MAX_HOLDS, MAX_HOLDS));
    // What was released lately is named where there is room.
    for id in 0..MAX_HOLDS as u64 {
        world.tell(0, Input::Release(id));
        take(&mut world, 0, 1_000 + id, 0);
    }
    world.run(12_000);
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), MAX_HOLDS);
}
