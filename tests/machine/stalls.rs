//! A page that was stalled: an input is judged by its own time (docs/architecture.md, rule 3).

use stillhere::core::facts::Kind;
use stillhere::core::input::{Departure, Input};
use stillhere::core::rules::Phase;

use crate::rig::{Network, Trouble, World};
use crate::short;

/// A key that was pressed `age_ms` before it is handled now.
fn late_key(world: &mut World, at: usize, age_ms: u64) {
    world.tell(at, Input::Activity { kind: Kind::Keystroke, age_ms });
}

/// One page that was active 12 s ago, at an idle timeout of 10 s, and was stopped since.
fn stopped() -> World {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(1);
    world.key(0);
    world.run(1_000);
    world.freeze(0);
    world.run(11_000);
    world
}

#[test]
fn a_key_counts_from_when_it_was_pressed() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(2);
    world.run(3_000);
    late_key(&mut world, 0, 2_500);
    let pressed = world.now - 2_500;
    world.run(7_400);
    assert!(!world.is_ended(0), "10 s after the press have not passed");
    world.run(300);
    assert!(world.all_ended(), "{} ms after the press", world.now - pressed);
}

#[test]
fn a_key_pressed_before_the_deadline_and_handled_after_it_revives_nothing() {
    let mut world = stopped();
    let before = world.tally.keepalives;
    world.contexts[0].phases.clear();
    // The queued key is handled before any timer.
    late_key(&mut world, 0, 4_000);
    assert_eq!(world.contexts[0].agent.phase(), Phase::Checking);
    world.thaw(0);
    world.run(1_000);
    assert!(world.all_ended(), "the authority ended it at the deadline");
    let shown: Vec<Phase> = world.contexts[0].phases.iter().map(|(_, phase)| *phase).collect();
    assert_eq!(shown, [Phase::Checking, Phase::Ended], "and it never looked alive");
    assert_eq!(world.tally.keepalives, before);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 1);
}

#[test]
fn if_the_session_lives_elsewhere_the_late_key_counts_by_its_time() {
    let mut world = stopped();
    world.session = stillhere_session::session::Session::new(world.now - 6_000, &world.policy);
    late_key(&mut world, 0, 4_000);
    world.thaw(0);
    world.run(100);
    assert_eq!(world.phase(0), Phase::Active);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 2);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!((4_000..4_300).contains(&idle), "the authority counts from the press, not {idle} ms");
}

#[test]
fn a_key_pressed_after_the_deadline_here_counts_if_the_session_lives_elsewhere() {
    let mut world = stopped();
    world.session = stillhere_session::session::Session::new(world.now - 6_000, &world.policy);
    late_key(&mut world, 0, 500);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 1, "not before that is known");
    world.thaw(0);
    world.run(100);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 2);
}

#[test]
fn a_key_pressed_after_the_deadline_ends_with_the_session_if_nobody_answers() {
    let mut world = stopped();
    world.authority_up = false;
    late_key(&mut world, 0, 500);
    world.thaw(0);
    world.run(100);
    assert!(world.all_ended());
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 1);
}

#[test]
fn without_an_authority_the_late_key_decides() {
    let mut world = stopped();
    world.authority_up = false;
    late_key(&mut world, 0, 4_000);
    world.thaw(0);
    world.run(100);
    assert!(!world.is_ended(0), "somebody was there 4 s ago");
    world.run(6_500);
    assert!(world.all_ended());
}

#[test]
fn the_last_page_that_is_awake_flushes_though_frozen_ones_are_open() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(2);
    world.tell(1, Input::Leaving(Departure::Frozen));
    world.freeze(1);
    world.key(0);
    world.run(500);
    world.key(0);
    world.count_anew();
    world.close(0);
    world.run(50);
    assert_eq!(world.tally.keepalives, 1, "a frozen page can't tell it");
}

#[test]
fn a_page_stopped_in_its_first_question_asks_again_before_it_shows_anything() {
    let mut world = World::new(7, Network::GOOD, short());
    // Somebody was active elsewhere, 3 s before this page was loaded.
    world.run(3_000);
    world.open(true);
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    world.freeze(0);
    world.run(8_000);
    world.thaw(0);
    world.run(2_000);
    let shown: Vec<Phase> = world.contexts[0].phases.iter().map(|(_, phase)| *phase).collect();
    assert_eq!(shown, [Phase::Ended], "the session ended at 10 s; it never looked alive");
}

#[test]
fn a_page_stopped_in_its_last_question_asks_again_before_it_ends() {
    for late in [8_000, 80_000] {
        let mut world = World::new(9, Network::GOOD, short());
        world.open(true);
        world.run(9_000);
        world.active_elsewhere(0);
        world.count_anew();
        while world.tally.in_flight == 0 {
            world.run(1);
        }
        assert_eq!(world.phase(0), Phase::Checking, "it asks before it ends");
        // Somebody works elsewhere all the while, and this machine sleeps.
        world.freeze(0);
        for _ in 0..late / 1_000 {
            world.run(1_000);
            world.active_elsewhere(0);
        }
        world.thaw(0);
        world.run(2_000);
        assert_eq!(world.phase(0), Phase::Active, "stopped for {late} ms");
    }
}

#[test]
fn a_hidden_page_whose_timers_are_throttled_does_give_up_on_an_authority_that_hangs() {
    let mut world = World::new(10, Network::GOOD, short());
    world.open(true);
    world.tell(0, Input::Visible(false));
    world.run(1_000);
    world.set_trouble(true, Trouble::Hangs);
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    // The timer that gives the request up runs half a minute late, and comes before the machine's own.
    for _ in 0..2 {
        world.freeze(0);
        world.run(30_000);
        world.wake_up(0);
        world.run(1_000);
    }
    assert!(world.is_ended(0), "fail closed");
}

#[test]
fn a_key_that_comes_before_the_word_that_the_page_goes_on_counts() {
    let mut world = World::new(8, Network::GOOD, short());
    world.open_all(2);
    world.key(0);
    world.run(1_500);
    world.tell(0, Input::Leaving(Departure::Frozen));
    world.run(5_000);
    world.key(0);
    world.run(1);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 1, "not while it is away");
    world.tell(0, Input::Returned);
    world.run(500);
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 2);
    assert_eq!(world.phase(1), Phase::Active);
}
