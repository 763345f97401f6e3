//! The end of a shift: a moment that input does not move (docs/architecture.md, "Phases are pure functions").

use stillhere::core::ended::EndedBecause;
use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, START, World};
use crate::short;

/// Three pages whose shift is over `after_ms` from the start.
fn shift(after_ms: u64) -> World {
    let policy = Policy { logout_at: Some(START + after_ms), ..short() };
    let mut world = World::new(1, Network::GOOD, policy);
    world.enforces = true;
    world.open_all(3);
    world
}

fn because(world: &World) -> Vec<Option<EndedBecause>> {
    world.contexts.iter().map(|context| context.agent.facts().ended).collect()
}

#[test]
fn it_comes_on_time_however_active_somebody_is() {
    let mut world = shift(30_000);
    world.type_for(0, 26_500, 500);
    assert_eq!(world.phase(1), Phase::Warning, "warned though somebody types");
    assert!(!world.is_ended(0));
    world.run(600);
    assert_eq!(because(&world), [Some(EndedBecause::Schedule); 3]);
    let ended = world.ended_at();
    assert!(ended.iter().all(|at| (0..50).contains(&(at - START - 30_000))), "{ended:?}");
}

#[test]
fn it_waits_for_a_hold_and_comes_when_that_is_released() {
    let mut world = shift(20_000);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 0 });
    world.run(40_000);
    assert_eq!(world.phase(2), Phase::Held);
    world.tell(1, Input::Release(1));
    world.run(100);
    assert_eq!(because(&world), [Some(EndedBecause::Schedule); 3], "not when its lease is over");
}

#[test]
fn a_hold_that_is_renewed_as_it_lapses_is_told_in_time() {
    let policy = Policy {
        logout_at: Some(START + 20_000),
        idle_timeout_ms: 20_000,
        keepalive_ms: 8_000,
        ..short()
    };
    let mut world = World::new(2, Network::GOOD, policy);
    world.enforces = true;
    world.open_all(2);
    world.run(16_500);
    // Taken half a second before the end of the shift, and the interval is not over.
    world.key(0);
    world.run(10);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 4_000 });
    for _ in 0..5 {
        world.run(3_900);
        world.key(1);
        world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 4_000 });
    }
    world.run(500);
    assert_eq!(because(&world), [None; 2], "nobody is cut off from a live call");
    world.run(4_000);
    assert!(world.all_ended());
}

#[test]
fn it_waits_for_a_hold_of_another_partition() {
    let mut world = shift(20_000);
    world.partitions.push(crate::rig::Partition::default());
    let other = world.open_in(1, true, stillhere::core::facts::Wish::default());
    world.run(1_000);
    world.tell(other, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    world.tell(0, Input::Hold { id: 2, reason: b"call", ttl_ms: 25_000 });
    world.run(22_000);
    world.key(0);
    world.run(8_000);
    assert_eq!(world.phase(0), Phase::Held, "its own has lapsed, and it asked");
    world.run(31_000);
    assert!(world.all_ended());
}

#[test]
fn a_clock_that_is_an_hour_ahead_ends_no_shift_before_its_time() {
    let mut world = shift(60_000);
    world.set_clock(0, 3_600_000);
    world.count_anew();
    world.type_for(0, 55_000, 500);
    assert!((0..3).all(|at| !world.is_ended(at)), "{:?}", because(&world));
    let asked = world.tally.questions;
    assert!(asked <= 15, "{asked} questions in 55 s");
    world.type_for(0, 3_000, 500);
    assert_eq!(because(&world), [Some(EndedBecause::Schedule); 3]);
}

#[test]
fn a_call_that_is_closed_as_the_clock_is_set_ends_no_shift_before_its_time() {
    let mut world = shift(60_000);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 70_000 });
    world.run(5_000);
    world.set_clock(0, 55_000);
    world.tell(1, Input::Release(1));
    world.run(3_000);
    assert_eq!(because(&world), [None; 3], "it is over in 50 s");
    assert_eq!(world.phase(2), Phase::Active);
}

#[test]
fn keys_in_its_warning_are_told_once_a_second() {
    let mut world = shift(30_000);
    world.type_for(0, 23_500, 500);
    world.count_anew();
    world.type_for(0, 3_000, 100);
    assert!(world.tally.broadcasts <= 8, "{} messages in 3 s", world.tally.broadcasts);
}
