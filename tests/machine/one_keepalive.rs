//! One keep-alive per token per interval, however many contexts (docs/architecture.md, rule 1).

use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn one_person_typing_makes_thirty_keepalives_a_minute_at_any_number_of_tabs() {
    for tabs in [1, 2, 10, 50, 200] {
        let mut world = World::new(tabs as u64, Network::GOOD, short());
        world.open_all(tabs);
        world.type_for(tabs - 1, 60_000, 500);
        let sent = world.tally.keepalives;
        assert!((28..=32).contains(&sent), "{tabs} tabs sent {sent} keep-alives");
        assert_eq!(world.tally.most_in_flight, 1, "never two at once");
        assert!(world.contexts.iter().all(|context| context.agent.facts().ended.is_none()));
        let warned = |context: &crate::rig::Context| {
            context.phases.iter().any(|(_, phase)| *phase == Phase::Warning)
        };
        assert!(!world.contexts.iter().any(warned), "nobody is warned while somebody types");
    }
}

#[test]
fn typing_in_turn_in_all_tabs_makes_no_more() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(10);
    for key in 0..600 {
        world.key(key % 10);
        world.run(100);
    }
    let sent = world.tally.keepalives;
    assert!((28..=32).contains(&sent), "{sent} keep-alives");
}

#[test]
fn a_key_after_a_pause_is_told_by_the_context_that_it_was_pressed_in() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(10);
    world.key(1);
    world.run(6_000);
    world.count_anew();
    world.type_for(4, 3_000, 100);
    let senders: Vec<_> = world.tally.sent_by.keys().collect();
    assert_eq!(senders, [&4], "nobody else has anything to say");
    assert_eq!(world.tally.keepalives, 2);
}

#[test]
fn ten_keys_a_second_make_at_most_one_broadcast_a_second() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(50);
    world.type_for(7, 60_000, 100);
    assert!(world.tally.broadcasts <= 61, "{} broadcasts in 60 s", world.tally.broadcasts);
    assert!(world.tally.broadcasts >= 50, "the others are told");
    assert_eq!(world.contexts[0].agent.facts().counts().keystrokes, 600 - tail(&mut world));
}

#[test]
fn who_is_alone_tells_nobody_for_half_a_minute_and_whoever_comes_knows_all_at_once() {
    let policy = Policy { keepalive_ms: 300_000, idle_timeout_ms: 900_000, ..Policy::DEFAULT };
    let mut world = World::new(15, Network::GOOD, policy);
    world.open_all(1);
    world.type_for(0, 5_000, 500);
    world.count_anew();
    world.type_for(0, 60_000, 500);
    let told = world.tally.broadcasts;
    assert!(
        (1..=3).contains(&told),
        "{told} broadcasts in a minute, for one whose greeting was lost"
    );
    let second = world.open(true);
    world.run(1_000);
    let known = world.contexts[second].agent.facts().times.activity;
    assert!(world.now - known < 2_000, "it knows of a key {} ms ago", world.now - known);
    world.count_anew();
    world.type_for(0, 10_000, 500);
    let told = world.tally.broadcasts;
    assert!((9..=12).contains(&told), "{told} broadcasts in 10 s, now that somebody hears them");
}

#[test]
fn whatever_the_interval_keys_make_one_broadcast_a_second_also_while_a_hold_lives() {
    for (keepalive_ms, holds) in [(1_500, false), (1_000, false), (1_000, true)] {
        let mut world = World::new(14, Network::GOOD, Policy { keepalive_ms, ..short() });
        world.open_all(10);
        if holds {
            world.tell(7, Input::Hold { id: 1, reason: b"call", ttl_ms: 3_600_000 });
            world.run(3_000);
            world.count_anew();
        }
        world.type_for(7, 60_000, 100);
        let sent = world.tally.broadcasts;
        assert!(sent <= 61, "{sent} in 60 s, interval {keepalive_ms} ms, with a hold: {holds}");
    }
}

/// Keys that the first context has not heard of yet.
fn tail(world: &mut World) -> u32 {
    let own = {
        let reading = world.reading();
        world.contexts[7].agent.look(reading);
        world.contexts[7].agent.facts().counts().keystrokes
    };
    assert_eq!(own, 600, "every key counts where it was pressed");
    own - world.contexts[0].agent.facts().counts().keystrokes
}

#[test]
fn the_authority_knows_how_long_ago_the_key_was() {
    let mut world = World::new(4, Network { latency: 400, ..Network::GOOD }, short());
    world.open_all(3);
    world.run(2_500);
    world.key(1);
    world.run(2_000);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!((1_500..=2_000).contains(&idle), "idle {idle} ms, 2,000 after the key");
}

#[test]
fn the_last_page_that_goes_flushes_what_is_pending() {
    let mut world = World::new(5, Network::GOOD, short());
    world.open_all(1);
    world.key(0);
    world.run(600);
    world.key(0);
    world.run(500);
    world.close(0);
    world.run(1_000);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle <= 1_600, "the authority knows the last key: idle {idle} ms");
    assert_eq!(world.tally.keepalives, 2, "the first key's, and the flush");
}

#[test]
fn a_page_that_goes_leaves_the_rest_to_its_peers() {
    let mut world = World::new(6, Network::GOOD, short());
    world.open_all(3);
    world.key(1);
    world.run(300);
    world.key(1);
    world.close(1);
    assert_eq!(world.tally.keepalives, 1);
    world.run(6_000);
    assert_eq!(world.tally.keepalives, 2, "a peer tells of the second key");
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle < 6_200, "idle {idle} ms");
}

#[test]
fn somebody_who_comes_back_is_told_of_before_the_authority_gives_up() {
    let policy = stillhere::core::policy::Policy { keepalive_ms: 5_000, ..short() };
    let mut world = World::new(3, Network::GOOD, policy);
    world.open_all(1);
    world.enforces = true;
    world.watch(0);
    world.key(0);
    world.run(8_000);
    // The authority is told late in the window, of activity that is old by then.
    world.tell(0, Input::TokenChanged(0));
    world.run(1_500);
    assert_eq!(world.tally.keepalives, 2);
    world.key(0);
    world.run(2_000);
    assert!(!world.is_ended(0), "the interval must not keep the key from the authority");
}

#[test]
fn a_key_that_found_the_lock_busy_is_told_as_soon_as_that_is_free() {
    let mut world = World::new(12, Network { latency: 200, ..Network::GOOD }, short());
    world.open_all(2);
    world.count_anew();
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    // One asks before it warns; that takes 400 ms.
    let asks = usize::from(!world.contexts[0].is_sending());
    world.run(100);
    world.key(1 - asks);
    world.run(299 + 10 + 200);
    assert_eq!(world.tally.keepalives, 1, "it has arrived, half a second after the key");
}

#[test]
fn the_others_leave_the_lock_to_the_page_that_is_used() {
    let mut world = World::new(13, Network::GOOD, short());
    world.open_all(10);
    world.key(4);
    world.run(5_500);
    world.count_anew();
    world.key(4);
    world.run(300);
    assert_eq!(world.tally.keepalives, 1);
    assert_eq!(world.tally.lock_requests, 1, "nobody else asks for it");
}
