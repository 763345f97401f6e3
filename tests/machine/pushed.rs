//! What the authority pushes when somebody is active elsewhere: deadlines in step across partitions,
//! at the price of no request, and nothing that is read late is believed (docs/decisions/pushed-state.md).

use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Wish;
use stillhere::core::input::Input;
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, Partition, World};
use crate::short;

/// A minute idle, the warning 20 s before, a keep-alive each 2 s.
fn minute() -> Policy {
    Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, ..short() }
}

/// As many partitions, each with two tabs: those of the first are 0 and 1. The first of each is visible,
/// and reads the stream.
fn apart(seed: u64, network: Network, partitions: usize) -> World {
    let mut world = World::new(seed, network, minute());
    world.partitions = vec![Partition::default(); partitions];
    for partition in 0..partitions {
        for visible in [true, false] {
            world.open_in(partition, visible, Wish::default());
        }
    }
    world.run(5_000);
    world.count_anew();
    world
}

/// How long a context gives the session.
fn left(world: &mut World, at: usize) -> Option<u64> {
    world.tell(at, Input::Wake);
    let agent = &world.contexts[at].agent;
    agent.due().map(|due| due.end_at.saturating_sub(agent.now()))
}

/// How far the deadlines of all contexts are apart.
fn spread(world: &mut World) -> u64 {
    let all: Vec<u64> = (0..world.contexts.len()).filter_map(|at| left(world, at)).collect();
    assert_eq!(all.len(), world.contexts.len(), "nothing holds it");
    let (first, last) = (all.iter().min(), all.iter().max());
    last.zip(first).map_or(u64::MAX, |(last, first)| last - first)
}

/// What the authority has of the session, in milliseconds.
fn truly_left(world: &World) -> u64 {
    world.session.state(world.now, &world.policy).remaining_ms.unwrap_or_default()
}

fn heard_of(world: &World, at: usize) -> (u64, u64) {
    let times = &world.contexts[at].agent.facts().times;
    (times.acknowledged, times.answered)
}

#[test]
fn the_deadline_is_in_step_in_all_partitions_and_nobody_asks() {
    for latency in [5, 60, 200] {
        let mut world = apart(1, Network { latency, ..Network::GOOD }, 3);
        world.run(20_000);
        for key in 0..10 {
            let at = [1, 4, 2][key % 3];
            world.key(at);
            // At once to the authority, to the reader, and with its next message to the other tab.
            world.run(2 * latency + 1_010);
            let apart = spread(&mut world);
            assert!(apart <= 2 * latency + 20, "{apart} ms apart, {latency} ms from the authority");
            assert!(left(&mut world, 0).unwrap() > 55_000, "by the newest key");
            world.run(3_000);
        }
        assert_eq!(world.tally.questions, 0);
        assert_eq!(world.tally.keepalives, 10, "one for each key, from where it was pressed");
    }
}

#[test]
fn whoever_types_on_and_on_is_told_on_once_an_interval_and_in_step_at_the_end() {
    let mut world = apart(2, Network::GOOD, 3);
    world.type_for(0, 30_000, 150);
    world.run(3_500);
    assert!(spread(&mut world) <= 1_000, "{} ms", spread(&mut world));
    assert_eq!(world.tally.questions, 0);
    assert!((14..=17).contains(&world.tally.keepalives), "{}", world.tally.keepalives);
    let of = |at: usize| world.tally.sent_by.get(&at).map_or(0, Vec::len);
    assert!(
        of(2) <= 20 && of(3) == 0,
        "the reader tells its tab on, and that one has nothing to say"
    );
}

#[test]
fn a_warning_is_taken_back_at_once_in_every_tab_of_the_other_partition() {
    let mut world = apart(3, Network::GOOD, 2);
    world.key(0);
    world.run(41_000);
    assert!((0..4).all(|at| world.phase(at) == Phase::Warning));
    world.key(1);
    world.run(20);
    for at in 0..4 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
}

#[test]
fn what_is_read_late_is_not_believed() {
    for (late, believed) in [(500, true), (1_900, true), (2_100, false), (12_000, false)] {
        let mut world = apart(4, Network::GOOD, 2);
        world.run(20_000);
        world.freeze(2);
        world.key(0);
        world.run(late);
        let known = heard_of(&world, 2).0;
        world.wake_up(2);
        world.run(50);
        assert_eq!(heard_of(&world, 2).0 > known, believed, "{late} ms late");
        let (here, truth) = (left(&mut world, 2).unwrap(), truly_left(&world));
        assert!(here <= truth + 2_000, "{late} ms late: {here} ms left instead of {truth}");
    }
}

#[test]
fn a_page_that_was_stopped_beyond_the_end_is_not_revived_by_what_waited_for_it() {
    let mut world = apart(5, Network::GOOD, 2);
    world.enforces = true;
    world.watch(0);
    for at in [2, 3] {
        world.freeze(at);
    }
    world.key(0);
    world.run(70_000);
    assert!(world.is_ended(0), "nobody was there for a minute");
    for at in [2, 3] {
        world.wake_up(at);
    }
    world.run(5_000);
    for at in [2, 3] {
        assert!(world.is_ended(at));
        let shown = world.contexts[at].phases.iter().filter(|(when, _)| *when + 6_000 > world.now);
        let shown: Vec<Phase> = shown.map(|(_, phase)| *phase).collect();
        assert!(!shown.contains(&Phase::Active), "context {at} shows {shown:?}");
    }
}

#[test]
fn whatever_comes_first_after_a_sleep_is_no_word_on_it() {
    for mono in [false, true] {
        let mut world = apart(6, Network::GOOD, 2);
        world.run(20_000);
        world.suspend(1, 30_000, mono);
        world.run(29_000);
        world.key(0);
        world.run(999);
        world.network.latency = 400;
        world.run(2);
        // What waited is there, half a second before the answer. Where the monotonic clock went on the page
        // only stood still.
        let shown = if mono { Phase::Active } else { Phase::Checking };
        assert_eq!(world.phase(2), shown, "monotonic clock goes on: {mono}");
        world.run(3_000);
        assert_eq!(world.phase(2), Phase::Active);
        let (here, truth) = (left(&mut world, 2).unwrap(), truly_left(&world));
        assert!(here.abs_diff(truth) <= 1_100, "{here} ms left instead of {truth}");
    }
}

#[test]
fn a_clock_that_is_set_puts_nothing_out_of_step() {
    for by in [2_000, -2_000, 3_600_000, -3_600_000] {
        for notices in [2, 3] {
            let mut world = apart(7, Network::GOOD, 2);
            world.run(10_000);
            world.set_clock(1, by);
            // One of both asks what happened, and the other follows.
            world.tell(notices, Input::Wake);
            world.run(5_000);
            world.count_anew();
            world.key(0);
            world.run(1_100);
            let (apart, truth) = (spread(&mut world), truly_left(&world));
            let here = left(&mut world, 2).unwrap();
            if by.abs() > 3_000 {
                assert!(apart <= 100, "set by {by}, noticed by {notices}: {apart} ms apart");
                assert_eq!(world.tally.questions, 0);
            }
            assert!(here <= truth + 100, "set by {by}: {here} ms left instead of {truth}");
        }
    }
}

#[test]
fn a_sleep_is_not_taken_for_a_clock_that_was_set() {
    let mut world = apart(16, Network::GOOD, 2);
    world.run(20_000);
    world.key(2);
    world.run(50);
    world.suspend(1, 3_300, false);
    world.run(1_350);
    world.key(0);
    // Read nearly 2 s late it says that somebody was active now, as an own key would that moved with the
    // clock.
    world.run(5_000);
    let era = world.contexts[2].agent.facts().times.era;
    assert_eq!(era, 0, "nobody set a clock");
    let (here, truth) = (left(&mut world, 2).unwrap(), truly_left(&world));
    assert!(here.abs_diff(truth) <= 100, "{here} ms left instead of {truth}");
}

#[test]
fn a_stream_that_is_opened_anew_says_nothing_of_a_clock_that_was_just_set() {
    let mut world = apart(14, Network::GOOD, 1);
    world.run(10_000);
    world.key(0);
    world.run(1_000);
    // Not told yet, and known here alone.
    world.key(0);
    let pressed = world.now;
    world.set_clock(0, 30_000);
    world.network.latency = 1_500;
    world.tell(0, Input::StreamBroke);
    world.run(5);
    // The new stream is there before the answer.
    world.network.latency = 5;
    world.run(4_000);
    let (here, truth) = (left(&mut world, 0).unwrap(), 60_000 - (world.now - pressed));
    assert!(here.abs_diff(truth) <= 100, "{here} ms left instead of {truth}: the key is lost");
}

#[test]
fn a_server_whose_clock_is_the_faster_one_is_believed_and_still_not_late() {
    let mut world = apart(8, Network::GOOD, 1);
    world.run(20_000);
    let alive = |idle_ms| Answer::Alive(Alive { idle_ms: Some(idle_ms), ..Alive::default() });
    let news = |idle_ms, at_ms| Input::News { answer: alive(idle_ms), at_ms: Some(at_ms) };
    world.tell(0, news(0, 3_600_000));
    assert_eq!(left(&mut world, 0), Some(60_000), "an hour ahead");
    world.run(10_000);
    // By that clock this was said 10 s ago.
    world.tell(0, news(0, 3_600_000));
    assert_eq!(left(&mut world, 0), Some(50_000));
    world.tell(0, news(0, 3_608_500));
    assert_eq!(left(&mut world, 0), Some(60_000));
    for at_ms in [u64::MAX, 0] {
        world.tell(0, news(0, at_ms));
    }
    world.run(1_000);
    assert_eq!(world.phase(0), Phase::Active);
}

#[test]
fn what_is_known_already_is_told_to_nobody() {
    let mut world = apart(15, Network::GOOD, 1);
    world.key(0);
    world.run(20_000);
    world.count_anew();
    let known = heard_of(&world, 0);
    let state = world.state();
    world.tell_listeners(&state);
    world.run(3_000);
    assert_eq!((world.tally.broadcasts, heard_of(&world, 0)), (0, known));
}

#[test]
fn without_a_time_the_durations_of_the_stream_do_not_count() {
    let mut world = apart(9, Network::GOOD, 1);
    world.run(20_000);
    let before = left(&mut world, 0);
    let alive = Alive { idle_ms: Some(0), ..Alive::default() };
    world.tell(0, Input::News { answer: Answer::Alive(alive), at_ms: None });
    assert_eq!(left(&mut world, 0), before);
}

#[test]
fn a_push_answers_no_question_and_takes_no_keep_alive_for_told() {
    let mut world = apart(10, Network::GOOD, 2);
    world.run(20_000);
    let before = heard_of(&world, 2);
    world.key(0);
    world.run(50);
    let after = heard_of(&world, 2);
    assert!(after.0 > before.0, "it heard of the key");
    assert_eq!(after.1, before.1, "and nobody asked");
    // A keep-alive under way when its page dies is sent again, whatever is pushed meanwhile.
    world.run(5_000);
    world.network.latency = 1_000;
    world.key(2);
    world.run(5);
    world.set_trouble(true, crate::rig::Trouble::Hangs);
    world.crash(2);
    world.run(1_000);
    world.set_trouble(true, crate::rig::Trouble::None);
    world.network.latency = 5;
    world.count_anew();
    world.run(6_000);
    assert!(world.tally.keepalives >= 1, "the tab that is left tells");
}

#[test]
fn a_call_that_is_taken_elsewhere_ends_the_warning_and_its_end_counts_from_then() {
    let mut world = apart(11, Network::GOOD, 2);
    world.key(0);
    // A moment ago they told each other of the answer; this does not wait for the next message.
    world.run(40_300);
    assert!((0..4).all(|at| world.phase(at) == Phase::Warning));
    world.tell(0, Input::Hold { id: 7, reason: b"call", ttl_ms: 0 });
    world.run(20);
    for at in 0..4 {
        assert_eq!(world.phase(at), Phase::Held, "context {at}");
    }
    world.run(30_000);
    world.tell(0, Input::Release(7));
    // The word "held" is taken for an interval.
    world.run(minute().keepalive_ms + 1_000);
    assert!(spread(&mut world) <= 100, "{} ms", spread(&mut world));
}

#[test]
fn nothing_is_told_from_token_to_token_and_back() {
    let mut world = World::new(12, Network { latency: 60, ..Network::GOOD }, minute());
    world.group = true;
    world.partitions = vec![Partition::default(); 2];
    for token in 0..2 {
        if token > 0 {
            world.rotate();
        }
        for partition in 0..2 {
            world.open_with(token, partition, partition == 0, Wish::default());
        }
    }
    world.run(20_000);
    world.count_anew();
    world.key(0);
    let pressed = world.now;
    world.run(10_000);
    // Each token is told where the key was pressed, and at most once more where one heard of it.
    assert!(world.tally.keepalives <= 4, "{} keep-alives for one key", world.tally.keepalives);
    for token in 0..2 {
        let (now, policy) = (world.now, world.policy.clone());
        let idle = world.session_of(token).state(now, &policy).idle_ms;
        let late = (now - pressed).abs_diff(idle);
        assert!(late <= 300, "token {token} counts it {late} ms late");
    }
    world.count_anew();
    world.run(25_000);
    assert_eq!((world.tally.keepalives, world.tally.questions), (0, 0), "and then it is quiet");
}

#[test]
fn an_end_is_pushed_to_all_partitions_at_once() {
    let mut world = apart(13, Network::GOOD, 3);
    world.run(10_000);
    world.tell(0, Input::End(EndedBecause::SignedOut));
    world.run(20);
    assert!(world.all_ended());
    assert_eq!(world.tally.ends, 1);
}
