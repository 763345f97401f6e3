//! What an answer changes, and what one that is slow, late or missing does not
//! (docs/architecture.md, "The sender's lock").

use std::collections::BTreeSet;

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Wish;
use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, Trouble, World};
use crate::short;

const MINUTE_MS: u64 = 60_000;

fn minutes() -> Policy {
    Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, keepalive_ms: 10_000, ..short() }
}

#[test]
fn where_a_page_asked_for_less_the_authority_is_told_of_the_end() {
    let policy = Policy { idle_timeout_ms: 15 * MINUTE_MS, ..minutes() };
    let mut world = World::new(1, Network::GOOD, policy);
    world.open_in(0, true, Wish { idle_timeout_ms: Some(5 * MINUTE_MS), ..Wish::default() });
    world.open(false);
    world.run(5 * MINUTE_MS + 1_000);
    assert!(world.all_ended());
    assert_eq!(world.tally.ends, 1, "it would have let it live, and is told once");
    assert_eq!(world.session.ended().map(|end| end.because), Some(EndedBecause::Idle));
}

#[test]
fn a_slow_answer_to_the_question_puts_no_end_off() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(2);
    world.key(0);
    world.run(5_900);
    world.network.latency = 1_500;
    world.run(3_500);
    world.network.latency = 5;
    world.run(700);
    assert!(world.all_ended(), "10 s after the key");
}

#[test]
fn activity_elsewhere_counts_for_another_token_from_six_seconds_on() {
    for (later, counts) in [(5_500, false), (7_000, true)] {
        let mut world = World::new(3, Network::GOOD, Policy { warn_before_ms: 2_000, ..short() });
        world.group = true;
        world.open(true);
        world.rotate();
        world.open(true);
        world.run(3_000);
        world.key(0);
        let pressed = world.now;
        world.run(later);
        world.active_elsewhere(0);
        world.run(8_500 - later);
        let known = world.contexts[0].agent.facts().times.activity;
        assert_eq!(known, if counts { pressed + later - 5 } else { pressed }, "{later} ms later");
        assert_eq!(world.phase(1), Phase::Active, "for its own token it counts");
    }
}

#[test]
fn groups_that_failed_at_one_moment_do_not_come_back_as_one() {
    let mut pauses = BTreeSet::new();
    for seed in 0..40 {
        let policy = Policy { idle_timeout_ms: 60 * MINUTE_MS, ..minutes() };
        let mut world = World::new(seed, Network::GOOD, policy.clone());
        world.open(true);
        world.run(1_000);
        world.set_trouble(true, Trouble::Later(None));
        world.key(0);
        let pause = |world: &World| {
            let failure = world.contexts[0].agent.facts().times.failure;
            failure.retry_at - failure.at - 2 * world.network.latency
        };
        world.run(20);
        let first = pause(&world);
        assert!((1_000..2_000).contains(&first), "the first pause is {first} ms");
        pauses.insert(first);
        world.run(5 * MINUTE_MS);
        let later = pause(&world);
        assert!((30_000..60_000).contains(&later), "a later pause is {later} ms");
    }
    assert!(pauses.len() >= 35, "{} different ones of 40", pauses.len());
}

#[test]
fn all_pages_warn_together_on_the_answer_that_one_of_them_got() {
    let mut world = World::new(4, Network::GOOD, short());
    world.open_all(10);
    world.key(0);
    world.run(5_900);
    // It has said something a moment ago; the answer does not wait for the next message.
    world.tell(0, Input::Visible(false));
    world.tell(0, Input::Visible(true));
    world.count_anew();
    world.run(500);
    assert_eq!(world.tally.questions, 1);
    let warned = |at: usize| {
        let phases = &world.contexts[at].phases;
        phases.iter().find(|(_, phase)| *phase == Phase::Warning).map(|(at, _)| *at).unwrap()
    };
    let spread = (0..10).map(warned).max().unwrap() - (0..10).map(warned).min().unwrap();
    assert!(spread <= 20, "{spread} ms from the first to the last");
}

#[test]
fn a_slow_answer_is_waited_for_though_somebody_types() {
    for seed in 0..10 {
        let mut world = World::new(seed, Network { latency: 2_300, ..Network::GOOD }, minutes());
        world.open_all(5);
        world.run(10_000);
        world.count_anew();
        world.type_for(2, 45_000, 300);
        let times = &world.contexts[2].agent.facts().times;
        assert_eq!(times.failure.at, 0, "none was given up");
        assert!(world.now - times.answered < 15_000, "each was answered");
        let sent = world.tally.keepalives;
        assert!((4..=5).contains(&sent), "seed {seed}: {sent} keep-alives in 45 s");
        assert_eq!(world.tally.lock_requests, 5, "seed {seed}: nobody else doubts it");
    }
}

/// A page that is stopped as it asks for the last time, and reads what was answered half a minute later,
/// before its timers. `elsewhere` says whether somebody works elsewhere all the while.
fn reads_late(trouble: Trouble, elsewhere: bool) -> World {
    let mut world = World::new(5, Network::GOOD, short());
    world.open(true);
    world.run(9_000);
    world.active_elsewhere(0);
    world.set_trouble(true, trouble);
    world.count_anew();
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    assert_eq!(world.phase(0), Phase::Checking);
    world.contexts[0].phases.clear();
    world.freeze(0);
    world.run(100);
    world.set_trouble(true, Trouble::None);
    for _ in 0..30 {
        world.run(1_000);
        if elsewhere {
            world.active_elsewhere(0);
        }
    }
    world.wake_up(0);
    world.run(100);
    world
}

#[test]
fn that_it_lived_half_a_minute_ago_makes_no_page_look_alive() {
    let world = reads_late(Trouble::None, false);
    let shown: Vec<Phase> = world.contexts[0].phases.iter().map(|(_, phase)| *phase).collect();
    assert_eq!(shown, [Phase::Ended]);
}

#[test]
fn that_nobody_could_answer_half_a_minute_ago_ends_nobody() {
    let mut world = reads_late(Trouble::Later(None), true);
    assert_eq!(world.phase(0), Phase::Active, "it asked again: somebody works elsewhere");
}

#[test]
fn that_it_is_over_counts_however_late_it_is_read() {
    let mut world = World::new(6, Network::GOOD, minutes());
    world.open(true);
    world.run(3_000);
    world.key(0);
    // Revoked, and no event stream says so.
    let (now, policy) = (world.now, world.policy.clone());
    world.session.end(now, &policy, EndedBecause::Revoked);
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    world.freeze(0);
    world.run(10_000);
    world.authority_up = false;
    world.wake_up(0);
    world.run(10);
    assert_eq!(world.contexts[0].agent.facts().ended, Some(EndedBecause::Revoked));
}

#[test]
fn a_hidden_page_that_was_stopped_in_its_first_question_asks_again() {
    let mut world = World::new(7, Network::GOOD, short());
    world.run(3_000);
    world.open(false);
    world.set_trouble(true, Trouble::Later(None));
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    // The answer is slower than the stream, and waits alone.
    world.network.latency = 50;
    world.run(20);
    world.freeze(0);
    world.run(8_000);
    world.set_trouble(true, Trouble::None);
    world.wake_up(0);
    world.run(1_000);
    let shown: Vec<Phase> = world.contexts[0].phases.iter().map(|(_, phase)| *phase).collect();
    assert_eq!(shown, [Phase::Ended], "the session ended at 10 s; it never looked alive");
}
