//! Input in other programs, as the operating system tells of it: it counts where the policy says so, by
//! its own time.

use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::Input;
use stillhere::core::policy::{Counted, OnLock, Policy};
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

fn rules(system: bool) -> Policy {
    Policy { counts: Counted { system, ..Counted::ALL }, ..short() }
}

/// Two pages of somebody who has just typed in the first.
fn world(policy: Policy) -> World {
    let mut world = World::new(1, Network::GOOD, policy);
    world.enforces = true;
    world.open_all(2);
    world.key(0);
    world
}

fn tell(world: &mut World, age_ms: u64) {
    world.tell(1, Input::Activity { kind: Kind::System, age_ms });
}

fn known(world: &World) -> (u32, u64) {
    let facts = world.contexts[0].agent.facts();
    (facts.counts().system, world.now - facts.times.activity)
}

#[test]
fn it_counts_only_where_the_policy_says_so() {
    for system in [false, true] {
        let mut world = world(rules(system));
        for _ in 0..12 {
            world.run(1_000);
            tell(&mut world, 100);
        }
        world.run(500);
        assert_eq!(world.all_ended(), !system, "policy {system}");
        assert_eq!(known(&world).0 > 0, system, "policy {system}");
    }
}

#[test]
fn a_policy_that_no_longer_counts_it_counts_the_rest() {
    let mut world = world(rules(true));
    world.run(1_000);
    tell(&mut world, 0);
    world.change_policy(Policy { version: 2, ..rules(false) });
    world.run(1_000);
    tell(&mut world, 0);
    world.key(0);
    world.run(2_000);
    assert_eq!(known(&world).0, 1);
    assert_eq!(world.contexts[1].agent.facts().counts().keystrokes, 2);
}

#[test]
fn it_is_never_counted_without_a_look_at_the_policy() {
    let mut world = world(rules(false));
    world.run(200);
    world.key(0);
    world.key(0);
    assert!(world.contexts[0].hot_key, "a key would be counted that way");
    let wall = world.reading().wall;
    assert!(!world.contexts[0].agent.count(Kind::System, wall));
}

#[test]
fn it_counts_by_its_own_time() {
    let mut world = world(rules(true));
    world.run(8_000);
    assert_eq!(world.phase(0), Phase::Warning);
    tell(&mut world, 3_000);
    world.run(5);
    assert_eq!(known(&world), (1, 3_005), "not now, and everywhere");
    assert_eq!(world.phase(0), Phase::Active, "and the warning is taken back");
    world.run(6_900);
    assert!(!world.is_ended(0));
    world.run(200);
    assert!(world.all_ended());
}

#[test]
fn what_is_older_than_what_is_known_moves_nothing() {
    let mut world = world(rules(true));
    world.run(1_000);
    let due = world.contexts[1].agent.due();
    tell(&mut world, 9_000);
    assert_eq!(world.contexts[1].agent.due(), due);
    world.run(2_000);
    assert_eq!(known(&world).1, 3_000);
    world.run(7_100);
    assert!(world.all_ended());
}

#[test]
fn what_is_minutes_old_is_told_before_the_authority_would_warn() {
    const MINUTE_MS: u64 = 60_000;
    let policy = Policy { version: 1, counts: rules(true).counts, ..Policy::DEFAULT };
    let mut world = world(policy.clone());
    world.run(13 * MINUTE_MS);
    world.count_anew();
    tell(&mut world, 5 * MINUTE_MS);
    world.run(2_000);
    assert!(world.tally.keepalives <= 1);
    // The authority would warn at 14 minutes.
    world.run(MINUTE_MS - 3_000);
    assert_eq!(world.tally.keepalives, 1);
    let state = world.session.state(world.now, &policy);
    assert!(state.idle_ms.abs_diff(6 * MINUTE_MS) < 2_000, "{} ms", state.idle_ms);
    world.run(2 * MINUTE_MS);
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Active, Phase::Active));
}

#[test]
fn past_the_deadline_it_is_judged_by_its_own_time() {
    for (age_ms, lives) in [(300, false), (700, true)] {
        // The page is the stricter one: the authority would let the session live.
        let policy = Policy { idle_timeout_ms: 30_000, ..rules(true) };
        let mut world = World::new(1, Network::GOOD, policy);
        let wish = Wish { idle_timeout_ms: Some(10_000), ..Wish::default() };
        for _ in 0..2 {
            world.open_in(0, true, wish);
        }
        world.run(1_000);
        world.key(0);
        world.run(9_000);
        for at in 0..2 {
            world.freeze(at);
        }
        world.run(1_500);
        world.wake_up(1);
        tell(&mut world, age_ms);
        world.wake_up(0);
        world.run(500);
        assert_eq!(!world.is_ended(1), lives, "{age_ms} ms ago");
    }
}

#[test]
fn only_what_is_newer_than_a_lock_takes_it_back() {
    for (age_ms, lives) in [(1_500, false), (500, true)] {
        let mut world = world(Policy { on_lock: OnLock::Warn, ..rules(true) });
        world.run(2_000);
        world.tell(1, Input::Locked);
        world.run(1_000);
        tell(&mut world, age_ms);
        world.run(3_500);
        assert_eq!(!world.is_ended(0), lives, "{age_ms} ms ago");
    }
}
