//! Who greets a newcomer, and what a greeting may hold (docs/architecture.md, "Who greets whom").

use stillhere::core::facts::{Row, Wish};
use stillhere::core::input::{Departure, Input};
use stillhere::core::rules::Phase;
use stillhere::core::wire::{self, Envelope};

use crate::rig::{Network, World};
use crate::short;

/// The pages in the order of their names.
fn by_name(world: &World) -> Vec<usize> {
    let mut pages: Vec<usize> = (0..world.contexts.len()).collect();
    pages.sort_by_key(|at| world.contexts[*at].agent.id());
    pages
}

#[test]
fn the_first_of_its_peers_that_is_awake_greets_a_newcomer_at_once_and_nobody_else_does() {
    for seed in 0..30 {
        let mut world = World::new(seed, Network::GOOD, short());
        world.group = true;
        world.open_all(3);
        // Three that hold the newcomer's token, and one that has a token of its own.
        world.rotate();
        for _ in 0..4 {
            world.open(false);
        }
        let first = by_name(&world).into_iter().find(|at| *at >= 3).unwrap();
        world.run(3_000);
        world.leave(first, Departure::Frozen);
        world.run(1_000);
        let greets = by_name(&world).into_iter().find(|at| *at >= 3 && *at != first).unwrap();
        world.count_anew();
        let newcomer = world.open_with(1, 0, false, Wish::default());
        world.run(10);
        assert_eq!(world.phase(newcomer), Phase::Active, "seed {seed}: it was greeted");
        world.run(400);
        let senders: Vec<usize> = world.tally.sent_by.keys().copied().collect();
        assert!(
            senders.iter().all(|at| [greets, newcomer].contains(at)),
            "seed {seed}: {senders:?}"
        );
        assert_eq!(world.tally.broadcasts, 2, "seed {seed}: one hello, one greeting");
    }
}

#[test]
fn when_the_first_is_gone_another_greets_in_time_and_few_do() {
    for seed in 0..30 {
        let mut world = World::new(seed, Network::GOOD, short());
        world.open_all(if seed < 5 { 50 } else { 2 });
        let first = by_name(&world)[0];
        world.crash(first);
        world.count_anew();
        let newcomer = world.open(false);
        world.run(163);
        assert_eq!(world.phase(newcomer), Phase::Active, "seed {seed}: within 160 ms");
        world.run(200);
        let greetings = world.tally.broadcasts - 1;
        assert!(greetings <= 6, "seed {seed}: {greetings} greetings");
    }
}

#[test]
fn of_many_rows_those_of_pages_that_are_there_are_kept() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(3);
    let mut facts = world.contexts[1].agent.facts().clone();
    for id in 0..700 {
        facts.rows.insert(id, Row { seq: 1, left: true, active_at: id, ..Row::default() });
    }
    let from = world.contexts[1].agent.id();
    let bytes = wire::encode(&Envelope { from, hello: false, facts }).unwrap();
    world.tell(0, Input::Message(&bytes));
    let facts = world.contexts[0].agent.facts();
    assert_eq!((facts.rows.len(), facts.live().count()), (512, 3));
    assert!(facts.rows.get(699).is_some(), "the newest are kept");
}

#[test]
fn what_a_page_hears_of_itself_it_does_not_answer() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(1);
    let (from, facts) = (world.contexts[0].agent.id(), world.contexts[0].agent.facts().clone());
    let bytes = wire::encode(&Envelope { from, hello: true, facts }).unwrap();
    world.count_anew();
    world.tell(0, Input::Message(&bytes));
    world.run(1_000);
    assert_eq!(world.tally.broadcasts, 0);
}
