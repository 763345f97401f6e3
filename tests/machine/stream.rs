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
fn a_stream_that_is_handed_over_is_read_again_at_once() {
    for seed in 0..50 {
        let network = Network { freeing: 20, ..Network::GOOD };
        let mut world = World::new(seed, network, short());
        world.open(false);
        world.run(2_000);
        // A window that is seen opens beside the hidden tab, and asks for what that one lets go.
        world.open(true);
        let mut unread = 0;
        for _ in 0..200 {
            world.run(10);
            unread += if world.listeners() == 0 { 10 } else { 0 };
        }
        // What the authority tells in the meantime is known this much later, of a second in all.
        assert!(unread <= 250, "seed {seed}: nobody read for {unread} ms");
        assert_eq!(world.listeners(), 1, "seed {seed}");
    }
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
fn a_reader_that_crashes_is_replaced_by_whoever_talks_to_the_authority_next() {
    let mut world = World::new(5, Network::GOOD, short());
    world.open(true);
    world.open(true);
    world.open(true);
    world.run(3_000);
    assert_eq!(world.listeners(), 1);
    let reader = (0..3).find(|at| {
        world.contexts[*at]
            .agent
            .facts()
            .rows
            .iter()
            .any(|(id, row)| row.streaming && *id == world.contexts[*at].agent.id())
    });
    world.crash(reader.unwrap_or(0));
    let other = (reader.unwrap_or(0) + 1) % 3;
    assert_eq!(world.listeners(), 0);
    world.key(other);
    world.run(1_000);
    assert_eq!(world.listeners(), 1);
    for at in (0..3).filter(|at| Some(*at) != reader) {
        let live = world.contexts[at].agent.facts().live().count();
        assert_eq!(live, 2, "the crashed one is gone, as {at} sees it");
    }
}

#[test]
fn one_that_is_taken_for_gone_says_that_it_is_not() {
    let mut world = World::new(6, Network::GOOD, short());
    world.open(true);
    world.open(true);
    world.run(3_000);
    let mut facts = world.contexts[0].agent.facts().clone();
    let id = world.contexts[1].agent.id();
    if let Some(row) = facts.rows.get_mut(id) {
        row.seq += 1;
        row.left = true;
    }
    let hello = stillhere::core::wire::Envelope { from: 99, hello: false, facts };
    let bytes = stillhere::core::wire::encode(&hello).expect("encodes");
    for at in 0..2 {
        world.tell(at, Input::Message(&bytes));
    }
    world.run(100);
    assert_eq!(world.contexts[0].agent.facts().live().count(), 2);
}

#[test]
fn a_page_that_is_loaded_again_and_again_does_not_fill_the_messages() {
    let mut world = World::new(7, Network::GOOD, short());
    world.open(true);
    for _ in 0..700 {
        let at = world.open(false);
        world.key(0);
        world.run(300);
        world.close(at);
    }
    world.run(1_000);
    let rows = world.contexts[0].agent.facts().rows.len();
    assert!(rows <= 520, "{rows} rows");
    assert!(!world.is_ended(0));
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

#[test]
fn a_row_that_outlived_its_page_makes_nobody_fight_for_the_stream() {
    let mut world = World::new(12, Network::GOOD, short());
    world.open_all(1);
    world.open(true);
    // A page that once read the stream while hidden, and left where nobody here heard it.
    let row = stillhere::core::facts::Row { seq: 9, streaming: true, ..Default::default() };
    let mut facts = stillhere::core::facts::Facts::default();
    facts.rows.insert(1, row);
    let ghost = stillhere::core::wire::Envelope { from: 1, hello: false, facts };
    let bytes = stillhere::core::wire::encode(&ghost).unwrap();
    for at in 0..2 {
        world.tell(at, stillhere::core::input::Input::Message(&bytes));
    }
    world.run(2_000);
    world.count_anew();
    world.run(2_000);
    assert!(world.tally.broadcasts <= 4, "{} messages in 2 s", world.tally.broadcasts);
    assert_eq!(world.listeners(), 1);
}

#[test]
fn a_reader_that_crashed_while_hidden_is_gone_for_whoever_is_seen() {
    let mut world = World::new(13, Network::GOOD, short());
    world.open(false);
    world.run(2_000);
    assert_eq!(world.listeners(), 1, "nobody is visible, so it reads");
    let seen = world.open(false);
    world.run(1_000);
    world.crash(0);
    world.tell(seen, Input::Visible(true));
    world.run(3_000);
    assert_eq!(world.listeners(), 1);
    let facts = world.contexts[seen].agent.facts();
    assert_eq!(facts.live().filter(|(_, row)| row.streaming).count(), 1, "one is said to read");
    assert_eq!(facts.live().count(), 1, "the crashed one is gone");
}

#[test]
fn a_hidden_reader_that_is_frozen_hands_over_and_stays_in_the_list() {
    let mut world = World::new(14, Network::GOOD, short());
    world.open(false);
    world.run(2_000);
    let seen = world.open(false);
    world.run(1_000);
    world.freeze(0);
    world.tell(seen, Input::Visible(true));
    world.run(3_000);
    let facts = world.contexts[seen].agent.facts();
    let own = world.contexts[seen].agent.id();
    assert!(facts.rows.get(own).is_some_and(|row| row.streaming), "taken by force");
    assert_eq!(facts.live().count(), 2, "the frozen one still is one of them");
}

#[test]
fn one_that_handed_over_unheard_and_is_taken_for_gone_says_at_once_that_it_is_not() {
    let mut world = World::new(15, Network::GOOD, short());
    world.open(true);
    world.open(true);
    world.run(3_000);
    let reads = |at: &usize| {
        let agent = &world.contexts[*at].agent;
        agent.facts().rows.get(agent.id()).is_some_and(|row| row.streaming)
    };
    let reader = (0..2).find(reads).unwrap();
    world.network.loss = 100;
    world.tell(reader, Input::Visible(false));
    world.network.loss = 0;
    // Who talks to the authority next finds its lock free.
    world.key(1 - reader);
    world.run(100);
    assert_eq!(world.listeners(), 1);
    assert_eq!(world.contexts[1 - reader].agent.facts().live().count(), 2);
}
