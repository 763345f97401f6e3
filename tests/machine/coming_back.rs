//! A page that comes back finds out where the session stands before it shows or counts anything
//! (docs/architecture.md, rule 5), and what its peers did meanwhile.

use stillhere::core::input::{Departure, Input};
use stillhere::core::output::Event;
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn a_page_alone_checks_and_goes_on() {
    for departure in [Departure::Hidden, Departure::Frozen] {
        let mut world = World::new(1, Network::GOOD, short());
        world.open_all(1);
        world.key(0);
        world.run(1_000);
        world.leave(0, departure);
        world.run(4_000);
        world.come_back(0);
        assert_eq!(world.phase(0), Phase::Checking, "a peer may know better");
        world.run(400);
        assert_eq!(world.phase(0), Phase::Active);
    }
}

#[test]
fn it_learns_from_its_peers_what_they_did_though_nobody_else_can_be_asked() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(3);
    world.leave(1, Departure::Hidden);
    world.key(0);
    world.run(3_000);
    world.authority_up = false;
    world.come_back(1);
    world.run(200);
    let facts = world.contexts[1].agent.facts();
    assert_eq!(facts.counts().keystrokes, 1);
    assert!(world.now - facts.times.activity <= 3_300);
}

#[test]
fn one_whose_session_ended_meanwhile_never_looks_alive() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(3);
    world.key(0);
    world.leave(1, Departure::Hidden);
    world.run(2_000);
    world.revoke();
    world.run(1_000);
    assert!(world.is_ended(0));
    world.authority_up = false;
    world.contexts[1].events.clear();
    world.come_back(1);
    world.key(1);
    world.run(500);
    let alive = |event: &Event| matches!(event, Event::Phase(Phase::Active | Phase::Warning));
    assert!(!world.contexts[1].events.iter().any(alive));
    assert!(world.is_ended(1));
    assert_eq!(world.contexts[1].agent.facts().counts().keystrokes, 1, "the one before");
}

#[test]
fn pages_that_move_to_another_token_tell_of_the_last_key_once() {
    let mut world = World::new(4, Network::GOOD, short());
    world.open_all(10);
    world.key(3);
    world.run(3_000);
    world.rotate();
    world.count_anew();
    for at in 0..10 {
        world.take_new_token(at);
        world.run(1);
    }
    world.run(1_900);
    assert_eq!(world.tally.keepalives, 1);
    assert!(world.tally.lock_requests <= 3, "{} asked for the lock", world.tally.lock_requests);
    world.tell(5, Input::Wake);
    assert!((0..10).all(|at| !world.is_ended(at)));
}
