//! An administrator changes the rules under way (docs/architecture.md, rule 11).

use stillhere::core::facts::Wish;
use stillhere::core::output::Event;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, Trouble, World};

const MINUTE_MS: u64 = 60_000;

fn of(version: u64, idle_timeout_ms: u64) -> Policy {
    let warn_before_ms = idle_timeout_ms / 3;
    Policy { version, idle_timeout_ms, warn_before_ms, keepalive_ms: 30_000, ..Policy::DEFAULT }
}

#[test]
fn whoever_is_active_within_the_shorter_timeout_stays() {
    let mut world = World::new(1, Network::GOOD, of(1, 15 * MINUTE_MS));
    world.open_all(3);
    world.key(0);
    world.run(2 * MINUTE_MS);
    world.change_policy(of(2, 5 * MINUTE_MS));
    world.run(1_000);
    for at in 0..3 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
    world.run(3 * MINUTE_MS);
    assert!(world.all_ended(), "five minutes after the key");
}

#[test]
fn nobody_ends_by_what_was_answered_under_the_old_rules() {
    let mut world = World::new(2, Network::GOOD, of(1, 15 * MINUTE_MS));
    world.open_all(3);
    world.key(0);
    // They asked before they warned, at ten minutes. A minute later somebody is active elsewhere.
    world.run(11 * MINUTE_MS);
    assert_eq!(world.phase(1), Phase::Warning);
    world.active_elsewhere(0);
    world.run(MINUTE_MS);
    world.change_policy(of(2, 5 * MINUTE_MS));
    world.count_anew();
    world.run(1_000);
    for at in 0..3 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}: active elsewhere a minute ago");
    }
    assert_eq!(world.tally.questions, 1, "one asked for all");
    world.run(4 * MINUTE_MS);
    assert!(world.all_ended());
}

#[test]
fn nobody_ends_by_what_failed_under_the_old_rules() {
    let mut world = World::new(3, Network::GOOD, of(1, 15 * MINUTE_MS));
    world.open_all(3);
    world.key(0);
    world.run(9 * MINUTE_MS + 50_000);
    // The question before the warning fails; then the authority is back.
    world.set_trouble(true, Trouble::Later(Some(120_000)));
    world.run(MINUTE_MS);
    world.set_trouble(true, Trouble::None);
    world.active_elsewhere(0);
    world.change_policy(of(2, 5 * MINUTE_MS));
    world.run(1_000);
    for at in 0..3 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}: active elsewhere a second ago");
    }
}

#[test]
fn nobody_ends_by_what_was_answered_before_a_page_asked_for_less() {
    let mut world = World::new(4, Network::GOOD, of(1, 15 * MINUTE_MS));
    world.open_all(3);
    world.key(0);
    world.run(11 * MINUTE_MS);
    world.active_elsewhere(0);
    world.run(MINUTE_MS);
    let wish = Wish { idle_timeout_ms: Some(5 * MINUTE_MS), ..Wish::default() };
    let newcomer = world.open_in(0, true, wish);
    world.run(1_000);
    for at in [0, 1, 2, newcomer] {
        assert_eq!(world.phase(at), Phase::Active, "context {at}: active elsewhere a minute ago");
    }
    world.run(4 * MINUTE_MS);
    assert!(world.all_ended(), "and the shorter time counts for all");
}

#[test]
fn the_app_is_told_of_rules_once() {
    let mut world = World::new(5, Network::GOOD, of(1, 15 * MINUTE_MS));
    world.open_all(2);
    let told = |world: &World| {
        let of = |context: &crate::rig::Context| {
            context.events.iter().filter(|event| **event == Event::Policy).count()
        };
        world.contexts.iter().map(of).collect::<Vec<_>>()
    };
    world.type_for(0, 2 * MINUTE_MS, 500);
    assert_eq!(told(&world), [1, 1], "not with each answer that repeats them");
    world.change_policy(of(2, 10 * MINUTE_MS));
    world.type_for(0, 2 * MINUTE_MS, 500);
    assert_eq!(told(&world), [2, 2]);
}
