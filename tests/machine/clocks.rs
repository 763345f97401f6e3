//! Two clocks (docs/architecture.md, "Clocks and eras"): sleep revives nobody, a changed clock kills nobody.

use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::clock_set::activity_ago;
use crate::rig::{Network, World};
use crate::short;

/// The machine sleeps: the wall clock goes on, the monotonic one may stand still. The authority
/// lives on another machine, whose time goes on.
fn slept(seconds: u64, mono: bool) -> World {
    let mut world = World::new(seconds, Network::GOOD, short());
    world.open_all(5);
    world.key(2);
    world.run(1_500);
    world.jump(seconds * 1000, mono);
    world.key(2);
    world
}

#[test]
fn a_key_after_a_long_sleep_revives_nothing() {
    for mono in [false, true] {
        let mut world = slept(20, mono);
        assert_ne!(world.phase(2), Phase::Active, "not while it is being checked");
        world.run(6_000);
        assert!(world.all_ended(), "mono {mono}");
        assert_eq!(world.contexts[2].agent.facts().counts().keystrokes, 1);
        assert_eq!(world.tally.keepalives, 1, "no keep-alive after the deadline");
    }
}

#[test]
fn after_a_short_sleep_the_session_lives() {
    for mono in [false, true] {
        let mut world = slept(5, mono);
        world.run(200);
        world.key(2);
        world.type_for(2, 20_000, 500);
        assert!((0..5).all(|at| !world.is_ended(at)), "mono {mono}");
    }
}

#[test]
fn a_wall_clock_set_forward_kills_nobody() {
    let mut world = World::new(7, Network::GOOD, short());
    world.open_all(3);
    world.key(0);
    world.run(1_500);
    world.set_clock(0, 3_600_000);
    world.key(0);
    world.run(200);
    assert_eq!(world.phase(0), Phase::Active);
    world.type_for(0, 20_000, 500);
    assert!((0..3).all(|at| !world.is_ended(at)));
}

#[test]
fn a_wall_clock_set_back_gives_nobody_a_second_more() {
    let mut world = World::new(8, Network::GOOD, short());
    world.open_all(3);
    world.key(0);
    world.run(3_000);
    world.set_clock(0, -3_600_000);
    world.count_anew();
    world.key(1);
    assert_eq!(world.phase(1), Phase::Checking, "nothing counts until somebody has answered");
    assert_eq!(world.contexts[1].agent.facts().counts().keystrokes, 1, "the one before");
    world.run(1_100);
    assert_eq!(world.phase(1), Phase::Active);
    assert_eq!(world.contexts[1].agent.facts().counts().keystrokes, 2, "and then it does");
    assert!((1..=3).contains(&world.tally.questions), "{} questions", world.tally.questions);
    // Timers run on the monotonic clock: they fire when they would have.
    for at in 0..3 {
        world.tell(at, Input::Wake);
    }
    world.run(8_950);
    assert!(world.all_ended(), "10 s after the key");
}

#[test]
fn a_wall_clock_set_forward_loses_no_key_and_no_hold() {
    let policy = Policy { keepalive_ms: 5_000, ..short() };
    let mut world = World::new(9, Network::GOOD, policy);
    world.open_all(3);
    world.key(0);
    world.run(2_000);
    // Not told yet, since the interval is not over.
    world.key(0);
    world.run(500);
    world.set_clock(0, 3_600_000);
    world.tell(1, Input::Wake);
    world.run(6_000);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!((6_400..6_700).contains(&idle), "the authority knows of the second key, not {idle} ms");
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    world.run(100);
    world.set_clock(0, 3_600_000);
    world.tell(1, Input::Wake);
    world.run(30_000);
    assert_eq!(world.phase(2), Phase::Held);
    assert_eq!(world.contexts[2].agent.facts().times.era, 2, "known by its own name");
}

#[test]
fn a_key_that_was_not_told_yet_moves_with_the_clock_though_another_notices_first() {
    let policy = Policy { keepalive_ms: 8_000, ..short() };
    let mut world = World::new(12, Network::GOOD, policy);
    world.open_all(3);
    world.key(0);
    world.run(5_000);
    world.key(0);
    world.run(300);
    world.key(0);
    world.run(100);
    world.set_clock(0, 3_600_000);
    world.tell(1, Input::Wake);
    world.run(2_000);
    for at in 0..3 {
        let now = world.reading().wall;
        let ago = now - world.contexts[at].agent.facts().times.activity;
        assert!((2_000..2_200).contains(&ago), "context {at} knows of a key {ago} ms ago");
    }
}

#[test]
fn a_key_after_a_hold_that_lapsed_moves_with_the_clock_too() {
    let policy =
        Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, keepalive_ms: 8_000, ..short() };
    let mut world = World::new(13, Network::GOOD, policy);
    world.open_all(3);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 13_000 });
    world.run(8_500);
    world.key(0);
    world.run(5_500);
    // The hold lapsed a second ago; the authority is told of this key in two.
    world.key(0);
    world.run(1_500);
    world.set_clock(0, 3_600_000);
    world.tell(1, Input::Wake);
    world.run(2_000);
    for at in 0..3 {
        let ago = world.reading().wall - world.contexts[at].agent.facts().times.activity;
        assert!((3_400..3_700).contains(&ago), "context {at} knows of a key {ago} ms ago");
    }
}

#[test]
fn a_sleep_as_long_as_a_flush_was_unanswered_is_no_clock_that_was_set() {
    use stillhere::core::input::Departure;
    let policy =
        Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(14, Network::GOOD, policy);
    world.open(true);
    world.run(1_000);
    world.key(0);
    world.run(14_000);
    // It is told of this key as the page is frozen, and the page never hears so.
    world.key(0);
    world.run(500);
    world.tell(0, Input::Leaving(Departure::Frozen));
    world.run(500);
    world.tell(0, Input::Returned);
    world.run(500);
    world.key(0);
    world.run(500);
    world.jump(14_700, false);
    world.tell(0, Input::Wake);
    world.run(500);
    let ago = world.reading().wall - world.contexts[0].agent.facts().times.activity;
    assert!(ago >= 15_000, "the machine slept: the newest key is not {ago} ms old");
}

#[test]
fn a_call_that_is_closed_as_the_clock_is_set_makes_no_moment_of_the_future() {
    let mut world = World::new(15, Network::GOOD, short());
    world.open_all(3);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    world.run(5_000);
    world.set_clock(0, 20_000);
    world.tell(1, Input::Release(1));
    world.run(2_000);
    world.count_anew();
    // The next jump must not wait for an answer of the future, and ask for it all the while.
    world.set_clock(0, 15_000);
    world.tell(1, Input::Wake);
    world.run(3_000);
    assert!(world.tally.questions <= 4, "{} questions in 3 s", world.tally.questions);
    let newest = world.reading().wall;
    for at in 0..3 {
        assert!(world.contexts[at].agent.facts().times.activity <= newest);
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
}

#[test]
fn answers_that_a_peer_ahead_has_heard_explain_no_later_jump() {
    let policy =
        Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, keepalive_ms: 8_000, ..short() };
    let mut world = World::new(16, Network::GOOD, policy);
    world.open(true);
    world.run(1_000);
    // Too little for the first to notice: it goes on by its monotonic clock, ahead of the second.
    world.set_clock(0, -2_000);
    world.open(true);
    world.run(1_000);
    world.key(0);
    // The first asks before it warns, by its own time; the second is told of the answer.
    world.run(40_500);
    world.key(1);
    world.set_clock(0, 20_000);
    world.tell(1, Input::Wake);
    world.run(1_000);
    let ago = world.reading().wall - world.contexts[1].agent.facts().times.activity;
    assert!((900..1_200).contains(&ago), "the key was pressed a second ago, not {ago} ms");
}

#[test]
fn what_is_under_way_as_the_clock_is_set_to_and_fro_ends_nobody() {
    let network = Network { latency: 1_000, ..Network::GOOD };
    let policy =
        Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, keepalive_ms: 8_000, ..short() };
    let mut world = World::new(17, network, policy);
    world.open_all(3);
    // The one that was active crashes as it tells of it, and another does.
    world.key(0);
    world.run(5);
    world.crash(0);
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    let sender = if world.contexts[1].is_sending() { 1 } else { 2 };
    // The third notices both, the one whose request is under way neither.
    for by in [3_600_000, -3_600_000] {
        world.set_clock(0, by);
        world.tell(3 - sender, Input::Wake);
    }
    world.run(8_000);
    for at in 1..3 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
}

#[test]
fn a_clock_set_back_holds_up_nothing_that_was_due() {
    let mut world = World::new(10, Network { latency: 400, ..Network::GOOD }, short());
    world.open_all(3);
    world.key(0);
    world.run(300);
    // A request is under way, and a routine broadcast is due in a second.
    world.key(0);
    world.set_clock(0, -3_600_000);
    world.tell(1, Input::Wake);
    world.count_anew();
    world.type_for(0, 8_000, 500);
    assert!(world.tally.keepalives >= 3, "{} keep-alives", world.tally.keepalives);
    assert!(world.tally.broadcasts >= 6, "{} broadcasts", world.tally.broadcasts);
    let newest = world.contexts[0].agent.now();
    for at in 0..3 {
        let times = &world.contexts[at].agent.facts().times;
        assert!(times.answered <= newest, "context {at} has an answer of the future");
        assert!(newest - times.activity < 1_500, "context {at} hears of the keys");
    }
}

#[test]
fn a_key_that_was_only_counted_moves_with_the_clock_that_is_set_after_it() {
    let policy = Policy { keepalive_ms: 8_000, ..short() };
    let mut world = World::new(11, Network::GOOD, policy);
    world.open_all(3);
    world.key(0);
    world.run(5_000);
    // One broadcast goes at once and the next is due in a second: until then keys are only counted.
    for _ in 0..2 {
        world.key(0);
        world.run(300);
    }
    world.key(0);
    assert!(world.contexts[0].hot_key, "nothing else was looked at");
    world.run(100);
    world.set_clock(0, 3_600_000);
    world.run(9_000);
    for at in 0..3 {
        assert_eq!(world.phase(at), Phase::Warning, "context {at}: 9.1 s after the key");
    }
    world.run(1_100);
    assert!(world.all_ended(), "and over 10 s after it");
}

#[test]
fn a_hold_that_lapsed_before_anybody_was_told_explains_no_jump() {
    let policy = Policy { idle_timeout_ms: 60_000, keepalive_ms: 5_000, ..short() };
    let mut world = World::new(30, Network::GOOD, policy);
    world.open_all(1);
    world.key(0);
    world.run(100);
    world.key(0);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 4_000 });
    // The next keep-alive tells of the key; the hold is over by then.
    world.run(5_500);
    world.key(0);
    world.run(500);
    world.set_clock(0, 3_600_000);
    world.run(58_500);
    assert!(!world.is_ended(0), "the last key was 59 s ago");
}

#[test]
fn a_call_that_was_closed_untold_is_no_activity_of_which_the_authority_was_told() {
    let policy = Policy { idle_timeout_ms: 20_000, ..short() };
    let mut world = World::new(32, Network::GOOD, policy);
    world.open_all(2);
    world.key(0);
    let told = world.now;
    world.run(9_000);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 9_000 });
    world.run(500);
    world.tell(1, Input::Release(1));
    let released = world.now;
    world.run(500);
    // What the authority was told of moves to where the release was before.
    world.set_clock(0, (released - told) as i64 + 100);
    world.run(18_000);
    assert!(!world.is_ended(0), "the call was closed 18.5 s ago");
    world.run(1_600);
    assert!(world.all_ended(), "and 20.1 s ago");
}

#[test]
fn a_key_after_the_clock_was_set_is_where_it_was() {
    // Before and after as much time has passed as it was set ahead by: by the wall clock alone it could be from
    // before that.
    for wait in [5_000, 20_000] {
        let policy = Policy { idle_timeout_ms: 60_000, keepalive_ms: 30_000, ..short() };
        let mut world = World::new(33, Network::GOOD, policy);
        world.open_all(1);
        world.key(0);
        world.run(100);
        world.key(0);
        world.run(2_900);
        world.key(0);
        assert!(world.contexts[0].hot_key, "nothing else was looked at");
        world.set_clock(0, 10_000);
        world.run(100);
        world.key(0);
        assert!(!world.contexts[0].hot_key, "it may be of another time than those before it");
        let key = world.now;
        world.run(wait);
        world.tell(0, Input::Wake);
        world.run(1_000);
        world.tell(0, Input::Wake);
        assert_eq!(activity_ago(&world), Some(world.now - key), "by its own time");
    }
}
