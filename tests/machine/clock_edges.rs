//! What is told of while it is not known yet what a jump of the clock was (docs/architecture.md, "Clocks and
//! eras").

use stillhere::core::facts::Kind;
use stillhere::core::input::Input;
use stillhere::core::policy::{Counted, Policy};

use crate::rig::{Network, World};
use crate::short;

#[test]
fn a_key_between_two_changes_of_the_clock_is_none_of_the_future() {
    let mut world = World::new(34, Network::GOOD, short());
    world.open_all(2);
    world.key(0);
    world.run(1_500);
    world.network.latency = 400;
    world.set_clock(0, 3_600_000);
    world.key(0);
    let key = world.now;
    world.run(100);
    world.set_clock(0, 600_000);
    world.run(3_000);
    let agent = &world.contexts[0].agent;
    let ago = agent.now().checked_sub(agent.facts().times.activity);
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
    let agent = &world.contexts[0].agent;
    let ago = agent.now() - agent.facts().times.activity;
    assert!(ago + 4_000 > world.now - key, "the newest key is not {ago} ms old");
}

#[test]
fn input_elsewhere_from_before_the_clock_was_set_is_where_it_was() {
    let counts = Counted { system: true, ..Counted::ALL };
    let policy = Policy { idle_timeout_ms: 60_000, keepalive_ms: 30_000, counts, ..short() };
    let mut world = World::new(36, Network::GOOD, policy);
    world.open_all(1);
    world.key(0);
    world.run(10_000);
    let input = world.now;
    world.run(10_000);
    world.set_clock(0, 20_000);
    world.run(5_000);
    world.tell(0, Input::Activity { kind: Kind::System, age_ms: 15_000 });
    world.run(1_000);
    world.tell(0, Input::Wake);
    let agent = &world.contexts[0].agent;
    let ago = agent.now() - agent.facts().times.activity;
    assert_eq!(ago, world.now - input, "as the system says");
}
