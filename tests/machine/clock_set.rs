//! The clock of the machine is set: each moment of each page moves with it, and nothing else does
//! (docs/architecture.md, "Clocks and eras").

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::{Grant, Input};
use stillhere::core::output::{Output, What};
use stillhere::core::policy::{Counted, Policy};
use stillhere::core::rules::Phase;
use stillhere::core::time::Reading;

use crate::rig::{Network, START, World};
use crate::short;

/// How long ago the newest activity was by the first context's own clock; none if that is to come.
pub fn activity_ago(world: &World) -> Option<u64> {
    let agent = &world.contexts[0].agent;
    agent.now().checked_sub(agent.facts().times.activity)
}

#[test]
fn who_was_active_when_is_known_by_the_new_time() {
    for by in [3_600_000, -3_600_000] {
        for notices in [0, 1] {
            let mut world = World::new(1, Network::GOOD, short());
            world.open_all(3);
            world.key(0);
            world.run(1_500);
            world.set_clock(0, by);
            world.tell(notices, Input::Wake);
            world.run(3_000);
            let id = world.contexts[0].agent.id();
            let now = world.reading().wall;
            for at in 0..3 {
                let row = world.contexts[at].agent.facts().rows.get(id).unwrap();
                let ago = now.checked_sub(row.active_at);
                assert_eq!(ago, Some(4_500), "context {at}, set by {by}, noticed by {notices}");
            }
        }
    }
}

#[test]
fn a_page_that_opens_as_it_is_set_back_is_there_soon() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open(true);
    world.run(100);
    world.set_clock(0, -3_600_000);
    world.tell(0, Input::Wake);
    world.run(1_000);
    assert_eq!(world.phase(0), Phase::Active);
}

#[test]
fn a_key_beside_the_question_is_no_sign_that_it_was_set() {
    let mut world = World::new(3, Network { latency: 200, ..Network::GOOD }, short());
    world.open(false);
    world.open(true);
    world.run(2_000);
    world.key(0);
    world.run(5_000);
    world.count_anew();
    while world.tally.in_flight == 0 {
        world.run(1);
    }
    assert!(world.contexts[1].is_sending(), "the page that is seen asks");
    world.key(0);
    world.run(3_000);
    for at in 0..2 {
        assert_eq!(world.contexts[at].agent.facts().times.era, 0, "context {at}");
    }
    assert_eq!(world.tally.questions, 1);
}

#[test]
fn activity_counts_for_every_token_of_a_group_in_the_new_time_too() {
    let mut world = World::new(4, Network::GOOD, short());
    world.group = true;
    for token in 0..2 {
        if token > 0 {
            world.rotate();
        }
        world.open_with(token, 0, true, Wish::default());
    }
    world.run(3_000);
    world.key(0);
    world.run(1_500);
    world.set_clock(0, -3_600_000);
    for at in 0..2 {
        world.tell(at, Input::Wake);
    }
    world.run(1_000);
    world.type_for(0, 12_000, 500);
    assert_eq!((world.phase(0), world.phase(1)), (Phase::Active, Phase::Active));
}

#[test]
fn a_key_between_two_changes_of_the_clock_is_none_of_the_future() {
    let policy = Policy { idle_timeout_ms: 900_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(34, Network::GOOD, policy);
    world.open_all(2);
    world.key(0);
    world.run(1_500);
    world.network.latency = 400;
    world.set_clock(0, 100_000);
    world.key(0);
    let key = world.now;
    world.run(100);
    world.set_clock(0, 60_000);
    world.run(3_000);
    let ago = activity_ago(&world);
    assert!(ago.is_some_and(|ms| ms >= world.now - key), "{ago:?} ms ago");
}

#[test]
fn a_sleep_as_long_as_nobody_was_there_before_is_no_clock_that_was_set() {
    let policy = Policy { idle_timeout_ms: 900_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(35, Network::GOOD, policy);
    world.open_all(1);
    world.key(0);
    world.run(100_000);
    // The answer to its keep-alive is on its way as the machine falls asleep.
    world.network.latency = 1_000;
    world.key(0);
    let key = world.now;
    world.run(1_500);
    world.jump(101_500, false);
    world.run(5_000);
    let ago = activity_ago(&world);
    assert!(
        ago.is_some_and(|ms| ms + 4_000 > world.now - key),
        "the newest key is not {ago:?} ms old"
    );
}

#[test]
fn input_elsewhere_from_before_the_clock_was_set_is_where_it_was() {
    let counts = Counted { system: true, ..Counted::ALL };
    let policy = Policy { idle_timeout_ms: 60_000, keepalive_ms: 30_000, counts, ..short() };
    let mut world = World::new(36, Network::GOOD, policy);
    world.open_all(1);
    world.key(0);
    world.run(7_000);
    let input = world.now;
    world.run(30_000);
    // By the new time the input was before this, too.
    world.tell(0, Input::Wake);
    world.set_clock(0, 20_000);
    world.run(5_000);
    world.tell(0, Input::Activity { kind: Kind::System, age_ms: 35_000 });
    world.run(1_000);
    world.tell(0, Input::Wake);
    assert_eq!(activity_ago(&world), Some(world.now - input), "as the system says");
}

#[test]
fn a_key_that_waits_to_be_judged_moves_back_with_it() {
    let policy = Policy { idle_timeout_ms: 60_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(37, Network::GOOD, policy);
    world.open_all(1);
    world.key(0);
    world.run(20_000);
    world.network.latency = 400;
    // The machine slept; where the session stands is asked once it is awake.
    world.jump(10_000, false);
    world.key(0);
    let key = world.now;
    world.run(100);
    world.set_clock(0, -3_600_000);
    world.run(3_000);
    world.tell(0, Input::Wake);
    assert_eq!(activity_ago(&world), Some(world.now - key));
}

/// A machine with that many pages sleeps for `slept`, and its clock is set back by an hour before a page runs
/// again; `page` has a key then that the authority was not told of. By how many milliseconds each of them believes
/// in a later one in the end.
fn sleeps_behind_a_clock_set_back(pages: usize, page: usize, slept: u64) -> Vec<i64> {
    let policy = Policy { idle_timeout_ms: 900_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(38, Network::GOOD, policy);
    world.open_all(pages);
    world.key(page);
    world.run(40_000);
    world.key(page);
    world.run(2_000);
    world.key(page);
    let key = world.now;
    world.run(5_000);
    world.jump(slept, false);
    world.set_clock(0, -3_600_000);
    for at in 0..pages {
        world.tell(at, Input::Wake);
    }
    world.run(3_000);
    let pressed = world.reading().wall - (world.now - key);
    let activity = world.contexts.iter().map(|context| context.agent.facts().times.activity);
    activity.map(|at| at as i64 - pressed as i64).collect()
}

#[test]
fn a_sleep_behind_a_clock_that_was_set_back_makes_no_key_younger() {
    for page in 0..2 {
        for later in sleeps_behind_a_clock_set_back(2, page, 340_000) {
            assert!(later.abs() < 500, "{later} ms later than it was, pressed in {page}");
        }
    }
    let alone = sleeps_behind_a_clock_set_back(1, 0, 340_000)[0];
    assert!(alone.abs() < 500, "{alone} ms later than it was");
}

#[test]
fn a_clock_that_was_only_set_back_makes_no_key_older() {
    let later = sleeps_behind_a_clock_set_back(1, 0, 0)[0];
    assert!(later.abs() < 500, "{later} ms later than it was");
}

#[test]
fn a_call_taken_after_a_sleep_behind_a_clock_that_was_set_back_is_where_it_was() {
    let policy = Policy { idle_timeout_ms: 900_000, keepalive_ms: 30_000, ..short() };
    let mut world = World::new(39, Network { latency: 400, ..Network::GOOD }, policy);
    world.open_all(1);
    world.key(0);
    world.run(40_000);
    world.jump(340_000, false);
    world.set_clock(0, -3_600_000);
    // Before it is known that the machine slept.
    world.tell(0, Input::Wake);
    world.run(100);
    world.tell(0, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
    let taken = world.reading().wall;
    world.run(5_000);
    let times = &world.contexts[0].agent.facts().times;
    assert_eq!(times.era, 2, "it has found out that the machine slept");
    let hold = times.holds.get(1).unwrap();
    assert_eq!((hold.taken, hold.expires), (taken, taken + 60_000));
}

const KEY: Input<'static> = Input::Activity { kind: Kind::Keystroke, age_ms: 0 };

fn long() -> Policy {
    Policy { version: 1, idle_timeout_ms: 900_000, ..short() }
}

/// What both clocks show so long after the start.
fn at(wall: u64, mono: u64) -> Reading {
    Reading { wall: START + wall, mono }
}

/// Tells one page of a server that gives that answer to all it is asked.
fn tell(agent: &mut Agent, input: Input<'_>, reading: Reading, alive: &Alive) {
    let mut inputs = vec![input];
    while let Some(input) = inputs.pop() {
        agent.handle_input(input, reading);
        loop {
            match agent.poll_output() {
                Output::Wait(_) => break,
                Output::TakeLock { .. } => inputs.push(Input::Lock(Grant::Granted)),
                Output::Request(request) if !matches!(request.what, What::End(_)) => {
                    let answer = Answer::Alive(alive.clone());
                    inputs.push(Input::Answer { id: request.id, answer });
                }
                _ => {}
            }
        }
    }
}

/// A page 300 s after its start, with a key of that moment that the server has answered so.
fn page_with_a_key(alive: &Alive) -> Agent {
    let (wish, visible) = (Wish::default(), true);
    let config = Config { id: 7, seed: 5, wish, token: 0, listens: false, visible };
    let mut agent = Agent::new(config, at(0, 0));
    for ms in [0, 1_000, 2_000] {
        tell(&mut agent, Input::Wake, at(ms, ms), alive);
    }
    tell(&mut agent, KEY, at(300_000, 300_000), alive);
    assert_eq!(agent.facts().times.activity, START + 300_000);
    agent
}

#[test]
fn what_is_left_of_a_timeout_tells_of_no_sleep() {
    // It slides in the second half of its window alone, and does not say how long nobody was active.
    let left = |ms| Alive { remaining_ms: Some(ms), policy: Some(long()), ..Alive::default() };
    let mut agent = page_with_a_key(&left(600_000));
    for later in [10_000, 11_000] {
        let set_back = at(240_000 + later, 300_000 + later);
        tell(&mut agent, Input::Wake, set_back, &left(540_000));
    }
    let times = &agent.facts().times;
    assert_eq!((times.era, times.activity), (1, START + 240_000), "by the clock, and no more");
}

#[test]
fn neither_an_answers_way_nor_a_server_that_forgot_is_a_sleep() {
    let idle = |ms| Alive { idle_ms: Some(ms), policy: Some(long()), ..Alive::default() };
    let mut agent = page_with_a_key(&idle(0));
    let key = agent.facts().times.activity;
    // The clock is set back by a minute; the answer to the key took five seconds.
    for later in [10_000, 11_000] {
        let set_back = at(240_000 + later, 300_000 + later);
        tell(&mut agent, Input::Wake, set_back, &idle(later + 5_000));
    }
    let times = &agent.facts().times;
    assert_eq!((times.era, times.activity), (1, key - 60_000), "no sleep");
    // It came back with what it knew long ago.
    for later in [100_000, 101_000] {
        tell(&mut agent, KEY, at(240_000 + later, 300_000 + later), &idle(290_000 + later));
    }
    assert_eq!(agent.facts().times.era, 1, "nobody set the clock again");
}
