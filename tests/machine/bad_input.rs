//! Rubbish changes no fact, is reported once and never panics (docs/architecture.md, rule 10).

use proptest::prelude::*;
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::facts::Facts;
use stillhere::core::input::{Input, Refusal};
use stillhere::core::output::{Event, Fault};
use stillhere::core::policy::Policy;
use stillhere::core::wire::{self, Envelope};

use crate::rig::{Network, World};
use crate::short;

fn settled() -> World {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(2);
    world.contexts[0].events.clear();
    world
}

fn faults(world: &World, fault: Fault) -> usize {
    world.contexts[0].events.iter().filter(|event| **event == Event::Fault(fault)).count()
}

#[test]
fn a_message_of_another_version_is_ignored_with_one_fault() {
    let mut world = settled();
    let before = world.contexts[0].agent.facts().clone();
    for _ in 0..3 {
        world.tell(0, Input::Message(&[wire::VERSION + 1, 1, 2, 3]));
    }
    assert_eq!(*world.contexts[0].agent.facts(), before);
    assert_eq!(faults(&world, Fault::UnknownVersion), 1);
    assert_eq!(world.contexts[0].agent.refused().malformed, 0, "it is no rubbish");
}

#[test]
fn absurd_messages_are_refused_counted_and_reported_once() {
    let mut world = settled();
    let before = world.contexts[0].agent.facts().clone();
    let now = world.now;
    let mut absurd: Vec<Vec<u8>> = vec![vec![], vec![wire::VERSION], vec![wire::VERSION; 40]];
    let with = |change: fn(&mut Facts, u64)| {
        let mut facts = Facts::default();
        change(&mut facts, now);
        wire::encode(&Envelope { from: 5, hello: false, facts }).expect("encodes")
    };
    absurd.push(with(|facts, now| facts.times.activity = now + 60_000));
    absurd.push(with(|facts, now| facts.times.answered = now + 60_000));
    absurd.push(with(|facts, now| facts.times.held_elsewhere = now + 365 * 86_400_000));
    absurd.push(with(|facts, now| facts.times.granted = now + 365 * 86_400_000));
    absurd.push(with(|facts, _| facts.times.era = u32::MAX));
    absurd.push(with(|facts, _| {
        facts.policy = Some(Policy { idle_timeout_ms: u64::MAX, ..Policy::DEFAULT });
    }));
    absurd.push(with(|facts, _| facts.wish.idle_timeout_ms = Some(0)));
    for bytes in &absurd {
        world.tell(0, Input::Message(bytes));
    }
    assert_eq!(*world.contexts[0].agent.facts(), before);
    assert_eq!(world.contexts[0].agent.refused().malformed as usize, absurd.len());
    assert_eq!(faults(&world, Fault::BadMessage), 1);
    let refused = Event::Refused(Refusal::Malformed);
    let reported = world.contexts[0].events.iter().filter(|event| **event == refused).count();
    assert_eq!(reported, 1);
}

#[test]
fn absurd_answers_change_no_fact_but_the_failure() {
    let absurd = [
        Answer::Invalid,
        Answer::Alive(Alive { idle_ms: Some(1 << 50), ..Alive::default() }),
        Answer::Alive(Alive { remaining_ms: Some(u64::MAX), ..Alive::default() }),
        Answer::Alive(Alive {
            idle_ms: Some(0),
            policy: Some(Policy { idle_timeout_ms: 1, warn_before_ms: 0, ..Policy::DEFAULT }),
            ..Alive::default()
        }),
    ];
    for answer in absurd {
        let mut world = settled();
        world.run(3_000);
        world.key(0);
        world.run(1);
        let mut before = world.contexts[0].agent.facts().clone();
        let id = 1 + world.contexts[0].events.len() as u32;
        for id in 0..id + 20 {
            world.tell(0, Input::Answer { id, answer: answer.clone() });
        }
        let after = world.contexts[0].agent.facts().clone();
        assert!(after.times.failure.at > 0, "the request has failed: {answer:?}");
        before.times.failure = after.times.failure;
        before.rows = after.rows.clone();
        assert_eq!(after, before, "{answer:?}");
        assert_eq!(faults(&world, Fault::BadAnswer), 1);
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_change_nothing(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = wire::VERSION;
        }
        if let Ok(envelope) = wire::decode(&bytes, 1_000, 0) {
            // What can be read can be written, and means the same.
            let again = wire::encode(&envelope).expect("encodes");
            prop_assert_eq!(wire::decode(&again, 1_000, 0), Ok(envelope));
        }
    }

    #[test]
    fn a_message_cut_short_is_refused(cut in 1usize..40) {
        let mut world = settled();
        world.key(0);
        let facts = world.contexts[0].agent.facts().clone();
        let bytes = wire::encode(&Envelope { from: 9, hello: true, facts }).expect("encodes");
        let part = &bytes[..bytes.len() - cut.min(bytes.len() - 1)];
        prop_assert!(wire::decode(part, world.now, 0).is_err());
    }
}
