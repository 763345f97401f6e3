//! No leader: whoever sends may die or stop, and another goes on.

use crate::rig::{Network, Tally, World};
use crate::short;

#[test]
fn the_one_whose_keepalive_is_in_flight_is_killed_and_another_sends() {
    let mut world = World::new(1, Network { latency: 300, ..Network::GOOD }, short());
    world.open_all(5);
    world.key(2);
    world.run(10);
    assert_eq!(world.tally.in_flight, 1, "it is under way");
    world.crash(2);
    world.tally = Tally { in_flight: world.tally.in_flight, ..Tally::default() };
    world.run(5_300);
    assert_eq!(world.tally.keepalives, 2, "the one in flight arrived, and one other was sent");
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle <= 5_700, "the key is known: idle {idle} ms");
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
    let active = world.contexts[1].phases.iter().any(|(_, phase)| phase.name() == "active");
    assert!(!active, "it never shows active again");
    assert_eq!(world.tally.keepalives, 0);
}
