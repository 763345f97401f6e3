//! One event stream for a group, read by a context that is awake.

use stillhere::core::input::Input;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn fifty_contexts_hold_one_stream_and_a_visible_one_reads_it() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(50);
    assert_eq!(world.listeners(), 1);
    let reads = |world: &World, at: usize| {
        let agent = &world.contexts[at].agent;
        agent.facts().rows.get(agent.id()).is_some_and(|row| row.streaming)
    };
    assert!(reads(&world, 0), "the visible one");
    world.tell(0, Input::Visible(false));
    world.tell(9, Input::Visible(true));
    world.run(3_000);
    assert_eq!(world.listeners(), 1);
    assert!(reads(&world, 9), "the one that is visible now");
}

#[test]
fn a_context_that_starts_hidden_is_one_of_the_group() {
    let mut world = World::new(4, Network::GOOD, short());
    for _ in 0..3 {
        world.open(false);
    }
    world.run(2_000);
    for at in 0..3 {
        assert_eq!(world.contexts[at].agent.facts().live().count(), 3, "as {at} sees it");
    }
    assert_eq!(world.listeners(), 1, "where nobody is visible a hidden one reads the stream");
}

#[test]
fn a_reader_that_closes_is_replaced() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(3);
    world.close(0);
    world.run(2_000);
    assert_eq!(world.listeners(), 1);
}

#[test]
fn a_stream_that_breaks_is_opened_again_after_a_pause() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(1);
    world.tell(0, Input::StreamBroke);
    let before = world.contexts[0].agent.now();
    world.run(3_000);
    assert!(world.contexts[0].agent.now() > before, "it woke for it");
    assert_eq!(world.listeners(), 1);
}
