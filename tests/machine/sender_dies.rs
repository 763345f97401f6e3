//! No leader: whoever sends may die or stop, and another goes on.

use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn the_one_whose_keepalive_is_in_flight_is_killed_and_another_sends() {
    let mut world = World::new(1, Network { latency: 300, ..Network::GOOD }, short());
    world.open_all(5);
    world.key(2);
    world.run(10);
    assert_eq!(world.tally.in_flight, 1, "it is under way");
    world.crash(2);
    world.count_anew();
    world.run(5_300);
    assert_eq!(world.tally.keepalives, 2, "the one in flight arrived, and one other was sent");
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle <= 5_700, "the key is known: idle {idle} ms");
}

#[test]
fn a_lost_keepalive_is_sent_again_within_the_bound_whatever_the_interval() {
    let policy = stillhere::core::policy::Policy {
        idle_timeout_ms: 300_000,
        warn_before_ms: 20_000,
        keepalive_ms: 30_000,
        ..short()
    };
    let mut world = World::new(4, Network { latency: 300, ..Network::GOOD }, policy);
    world.open_all(5);
    world.run(30_000);
    world.key(2);
    world.run(10);
    assert_eq!(world.tally.in_flight, 1, "it is under way");
    world.crash(2);
    world.run(6_000);
    assert_eq!(world.tally.keepalives, 2, "the one in flight, and another");
    world.run(40_000);
    assert_eq!(world.tally.keepalives, 2, "and no more");
}

#[test]
fn a_slow_answer_is_waited_for() {
    let policy = stillhere::core::policy::Policy { keepalive_ms: 10_000, ..short() };
    let policy = stillhere::core::policy::Policy { idle_timeout_ms: 60_000, ..policy };
    let mut world = World::new(5, Network { latency: 2_300, ..Network::GOOD }, policy);
    world.open_all(5);
    world.run(10_000);
    world.count_anew();
    world.key(2);
    world.run(20_000);
    assert_eq!(world.tally.keepalives, 1, "one that takes 4.6 s is not doubted");
}

#[test]
fn one_that_stops_with_the_lock_delays_nobody_beyond_the_bound() {
    let mut world = World::new(2, Network { latency: 50, ..Network::GOOD }, short());
    world.open_all(5);
    world.key(2);
    world.run(10);
    world.freeze(2);
    world.run(500);
    world.type_for(3, 9_000, 500);
    assert!(world.tally.keepalives >= 2, "taken by force: {}", world.tally.keepalives);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle < 4_000, "idle {idle} ms at the authority");
    world.thaw(2);
    world.type_for(3, 20_000, 500);
    assert!((0..5).all(|at| !world.is_ended(at)));
}

#[test]
fn one_that_slept_through_the_end_is_ended_when_it_resumes() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(3);
    world.freeze(1);
    world.run(15_000);
    assert!(world.is_ended(0) && world.is_ended(2));
    world.contexts[1].phases.clear();
    world.key(1);
    world.thaw(1);
    world.run(100);
    assert!(world.is_ended(1));
    let active = world.contexts[1].phases.iter().any(|(_, phase)| *phase == Phase::Active);
    assert!(!active, "it never shows active again");
    assert_eq!(world.tally.keepalives, 0);
}
