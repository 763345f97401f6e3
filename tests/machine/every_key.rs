//! Each input counts from its own moment, however little was done for it
//! (docs/architecture.md, "The hot path of an input").

use stillhere::core::facts::Kind;
use stillhere::core::input::Input;
use stillhere::core::output::{Event, Output};
use stillhere::core::policy::{Counted, Policy};
use stillhere::core::rules::Phase;
use stillhere::core::wire::{self, Envelope};

use crate::rig::{Network, Trouble, World};
use crate::short;

/// Two pages; until the first has something else to do its keys are only counted.
fn counting(by: i64) -> World {
    let mut world = World::new(1, Network::GOOD, Policy { keepalive_ms: 8_000, ..short() });
    world.open_all(2);
    world.set_clock(0, by);
    world.key(0);
    world.run(5_000);
    // One broadcast goes at once and the next is due in a second.
    for _ in 0..2 {
        world.key(0);
        world.run(300);
    }
    world
}

#[test]
fn the_time_runs_from_a_key_that_was_only_counted() {
    // Also where the wall clock lags behind the timeline, too little to be noticed.
    for lag in [0, 2_000] {
        let mut world = counting(-lag);
        world.key(0);
        assert!(world.contexts[0].hot_key, "nothing else was looked at");
        world.run(9_990);
        assert!(!world.is_ended(0) && !world.is_ended(1), "lag {lag}: 10 s have not passed");
        world.run(100);
        assert!(world.all_ended(), "lag {lag}");
    }
}

#[test]
fn a_key_that_was_only_counted_outlives_a_second_question_for_the_wake_up() {
    let mut world = counting(0);
    world.key(0);
    assert!(world.contexts[0].hot_key, "nothing else was looked at");
    assert!(matches!(world.contexts[0].agent.poll_output(), Output::Wait(Some(_))));
    world.run(9_990);
    assert!(!world.is_ended(0) && !world.is_ended(1), "10 s have not passed");
    world.run(100);
    assert!(world.all_ended());
}

#[test]
fn a_key_after_the_clock_was_set_back_is_not_only_counted() {
    let mut world = counting(0);
    world.set_clock(0, -3_600_000);
    world.key(0);
    assert!(!world.contexts[0].hot_key, "it is of another time than the keys before it");
}

#[test]
fn of_ten_keys_a_second_most_are_only_counted_and_the_others_hear_of_all() {
    let mut world = counting(0);
    let mut counted = 0;
    for _ in 0..100 {
        world.key(0);
        counted += u32::from(world.contexts[0].hot_key);
        world.run(100);
        let heard = world.contexts[1].agent.facts().times.activity;
        let ago = world.now - heard;
        assert!(ago <= 2_100, "the other page knows of a key {ago} ms ago");
    }
    assert!(counted >= 80, "{counted} of 100");
}

#[test]
fn what_the_policy_does_not_count_keeps_nobody_in() {
    let counts = Counted { keystrokes: false, ..Counted::ALL };
    let mut world = World::new(2, Network::GOOD, Policy { counts, keepalive_ms: 8_000, ..short() });
    world.open_all(1);
    let click = Input::Activity { kind: Kind::Click, age_ms: 0 };
    for _ in 0..3 {
        world.tell(0, click.clone());
        world.run(300);
        // A broadcast is due: what counts would only be counted now.
        world.key(0);
        assert!(!world.contexts[0].hot_key);
        world.run(300);
    }
    world.type_for(0, 9_600, 300);
    assert!(world.all_ended(), "10 s after the last click");
    let counts = world.contexts[0].agent.facts().counts();
    assert_eq!((counts.clicks, counts.keystrokes), (3, 0));
}

#[test]
fn a_key_takes_a_warning_back_at_once_though_nobody_answers() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(2);
    world.authority_up = false;
    world.key(0);
    world.run(6_500);
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Warning, Phase::Warning));
    // It has said something a moment ago, and owes the other page its row with the next message.
    let facts = world.contexts[1].agent.facts().clone();
    let from = world.contexts[1].agent.id();
    world.tell(0, Input::Visible(false));
    let bytes = wire::encode(&Envelope { from, hello: false, facts }).unwrap();
    world.tell(0, Input::Message(&bytes));
    world.key(0);
    world.run(20);
    let shown = |at: usize| world.contexts[at].phases.last().map(|(_, phase)| *phase);
    assert_eq!((shown(0), shown(1)), (Some(Phase::Active), Some(Phase::Active)));
}

#[test]
fn whoever_is_about_to_be_warned_hears_of_a_key_in_time() {
    for before in [100, 500, 900, 1_500] {
        let mut world = World::new(4, Network::GOOD, short());
        world.open_all(2);
        // Nothing is sent to the authority until just after the warning would be due.
        world.set_trouble(true, Trouble::Later(Some(6_190)));
        world.key(0);
        world.run(6_000 - before - 50);
        world.tell(0, Input::Visible(false));
        world.run(50);
        world.key(0);
        world.run(before + 1_500);
        let warned = world.contexts[1].phases.iter().any(|(_, phase)| *phase == Phase::Warning);
        assert!(!warned, "of a key {before} ms before it");
    }
}

#[test]
fn the_app_is_told_of_newer_activity_once_and_in_every_page() {
    let mut world = World::new(5, Network::GOOD, short());
    world.open_all(2);
    let mut told = |ms: u64, key: bool| {
        for context in &mut world.contexts {
            context.events.clear();
        }
        if key {
            world.key(0);
        }
        world.run(ms);
        let of = |context: &crate::rig::Context| {
            context.events.iter().filter(|event| **event == Event::Activity).count()
        };
        world.contexts.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(told(1_000, false), [0, 0], "nobody is there");
    assert_eq!(told(100, true), [1, 1]);
    assert_eq!(told(4_000, false), [0, 0], "what is answered is no activity");
}

#[test]
fn a_key_at_the_very_moment_of_the_deadline_is_too_late() {
    for (early, keeps) in [(0, false), (1, true)] {
        let mut world = World::new(6, Network::GOOD, short());
        world.open_all(1);
        world.key(0);
        world.run(1_000);
        let end_at = world.contexts[0].agent.due().unwrap().end_at;
        world.freeze(0);
        world.run(11_000);
        world.authority_up = false;
        let age_ms = world.now - end_at + early;
        world.tell(0, Input::Activity { kind: Kind::Keystroke, age_ms });
        world.thaw(0);
        world.run(100);
        assert_eq!(!world.is_ended(0), keeps, "pressed {early} ms before it");
    }
}
