//! Who goes to the authority, and when: one for all, and the one who should
//! (docs/architecture.md, "Errands").

use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, START, World};
use crate::short;

/// An interval that is longer than the time until the warning.
fn long_interval() -> Policy {
    Policy { keepalive_ms: 8_000, ..short() }
}

#[test]
fn a_newcomer_is_greeted_at_once_and_asks_the_authority_nothing() {
    let mut world = World::new(1, Network { delay: 30, ..Network::GOOD }, short());
    world.open_all(3);
    world.key(0);
    world.run(1_500);
    world.count_anew();
    let newcomer = world.open(true);
    world.run(100);
    assert_eq!(world.phase(newcomer), Phase::Active);
    world.run(2_000);
    assert_eq!((world.tally.questions, world.tally.keepalives), (0, 0));
}

#[test]
fn a_newcomer_takes_no_news_of_another_token_for_a_greeting() {
    for seed in 0..20 {
        let mut world = World::new(seed, Network { delay: 60, ..Network::GOOD }, short());
        world.group = true;
        world.open(true);
        world.rotate();
        world.open(false);
        world.run(3_000);
        world.count_anew();
        let newcomer = world.open(false);
        world.tell(0, Input::Visible(false));
        world.run(500);
        assert_eq!(world.phase(newcomer), Phase::Active);
        assert_eq!(world.tally.questions, 0, "seed {seed}: its peer knows what it needs");
    }
}

#[test]
fn hidden_pages_leave_a_question_to_the_one_that_is_seen() {
    let mut world = World::new(2, Network { latency: 40, ..Network::GOOD }, short());
    world.open_all(30);
    world.key(0);
    world.run(5_900);
    for what in ["before the warning", "before the end"] {
        world.count_anew();
        world.run(4_000);
        assert_eq!((world.tally.questions, world.tally.lock_requests), (1, 1), "{what}");
    }
}

#[test]
fn when_the_page_that_was_used_crashes_the_others_do_not_all_come_at_once() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(50);
    world.key(4);
    world.run(1_000);
    world.key(4);
    // The others hear of the key, and then the page is gone.
    world.tell(4, Input::Visible(true));
    world.run(10);
    world.crash(4);
    world.count_anew();
    // They leave it to that page for the interval and 2 s more.
    world.run(2_900);
    assert_eq!(world.tally.lock_requests, 0);
    world.run(800);
    assert_eq!(world.tally.keepalives, 1);
    assert!(world.tally.lock_requests <= 5, "{} asked for the lock", world.tally.lock_requests);
}

#[test]
fn however_long_the_interval_is_one_keepalive_is_sent_in_it() {
    let policy = Policy {
        idle_timeout_ms: 300_000,
        warn_before_ms: 20_000,
        keepalive_ms: 30_000,
        ..short()
    };
    let mut world = World::new(4, Network::GOOD, policy);
    world.open_all(5);
    world.type_for(2, 119_000, 500);
    assert_eq!(world.tally.keepalives, 4);
}

#[test]
fn a_page_that_found_nobody_at_the_start_tells_of_nothing_that_nobody_did() {
    let mut world = World::new(5, Network::GOOD, short());
    world.authority_up = false;
    world.open(true);
    world.run(500);
    world.authority_up = true;
    world.run(5_000);
    assert!(world.tally.questions >= 1, "it has asked since");
    world.close(0);
    world.run(100);
    assert_eq!(world.tally.keepalives, 0);
}

#[test]
fn what_is_told_early_for_the_authoritys_sake_is_told_by_the_page_that_is_used() {
    let mut world = World::new(6, Network::GOOD, long_interval());
    world.open_all(50);
    world.key(0);
    world.run(3_000);
    world.key(0);
    world.run(2_900);
    world.count_anew();
    world.run(500);
    assert_eq!((world.tally.keepalives, world.tally.lock_requests), (1, 1), "before its warning");
}

#[test]
fn a_hold_waits_for_the_interval_like_a_key_long_before_the_end_of_a_shift() {
    for logout_at in [None, Some(START + 3_600_000)] {
        let mut world = World::new(7, Network::GOOD, Policy { logout_at, ..short() });
        world.open_all(2);
        world.key(0);
        world.run(300);
        world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
        world.run(1_500);
        assert_eq!(world.tally.keepalives, 1, "{logout_at:?}");
        world.run(500);
        assert_eq!(world.tally.keepalives, 2, "{logout_at:?}");
    }
}

#[test]
fn while_the_authority_knows_of_a_hold_no_key_is_told_before_its_interval() {
    for elsewhere in [false, true] {
        let mut world = World::new(8, Network::GOOD, long_interval());
        world.open_all(2);
        if elsewhere {
            world.hold_elsewhere(60_000);
            world.key(0);
        } else {
            world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
        }
        world.run(1_000);
        world.key(0);
        world.run(6_500);
        assert_eq!(world.tally.keepalives, 1, "elsewhere {elsewhere}: it ends nothing meanwhile");
        world.run(1_000);
        assert_eq!(world.tally.keepalives, 2, "elsewhere {elsewhere}");
    }
}

#[test]
fn a_hold_is_told_before_the_authority_would_warn() {
    let mut world = World::new(9, Network::GOOD, Policy { keepalive_ms: 10_000, ..short() });
    world.open_all(2);
    world.key(0);
    world.run(5_000);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    world.run(1_300);
    let now = world.now;
    assert_eq!(world.session.holds(now).count(), 1);
}

#[test]
fn a_hold_is_told_by_the_page_that_took_it_and_by_another_once_that_is_gone() {
    let mut world = World::new(10, Network::GOOD, short());
    world.open_all(10);
    world.key(1);
    world.run(5_000);
    world.count_anew();
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    world.run(500);
    assert_eq!((world.tally.keepalives, world.tally.lock_requests), (1, 1));
    // The next is taken while the interval is not over, and its page closes.
    world.tell(0, Input::Hold { id: 2, reason: b"call", ttl_ms: 60_000 });
    world.close(0);
    world.run(1_600);
    assert_eq!(world.tally.keepalives, 2, "at the end of the interval, without a grace");
}
