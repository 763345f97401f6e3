//! All contexts of a group end together (docs/architecture.md, rules 3 and 5), and stay ended.

use proptest::prelude::*;
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Kind;
use stillhere::core::input::{Departure, Grant, Input, Refusal};
use stillhere::core::output::Output;
use stillhere::core::rules::Phase;

use crate::rig::{Network, Tally, World};
use crate::short;

#[test]
fn fifty_contexts_end_within_fifty_milliseconds() {
    let mut world = World::new(1, Network { delay: 16, ..Network::GOOD }, short());
    world.open_all(50);
    world.key(3);
    world.run(12_000);
    let ended = world.ended_at();
    assert_eq!(ended.len(), 50);
    let spread = ended.iter().max().zip(ended.iter().min()).map(|(last, first)| last - first);
    assert!(spread.is_some_and(|spread| spread <= 50), "spread {spread:?} ms");
    let before = world
        .contexts
        .iter()
        .all(|context| context.phases.iter().any(|(_, phase)| *phase == Phase::Warning));
    assert!(before, "all were warned first");
}

#[test]
fn signing_out_in_one_ends_all_and_the_authority_knows() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(10);
    world.tell(4, Input::End(EndedBecause::SignedOut));
    world.run(100);
    assert!(world.all_ended());
    let because = |at: usize| world.contexts[at].agent.facts().ended;
    assert!((0..10).all(|at| because(at) == Some(EndedBecause::SignedOut)));
    assert_eq!(world.session.ended().map(|end| end.because), Some(EndedBecause::SignedOut));
    assert_eq!(world.tally.ends, 1, "one end for all");
}

#[test]
fn a_revocation_reaches_all_through_the_one_stream() {
    let mut world = World::new(3, Network::GOOD, short());
    world.open_all(10);
    assert_eq!(world.listeners(), 1);
    let (now, policy) = (world.now, world.policy.clone());
    world.session.end(now, &policy, EndedBecause::Revoked);
    let news = world.state();
    world.tell_listeners(&news);
    world.run(1_000);
    assert!(world.all_ended());
    assert_eq!(world.contexts[9].agent.facts().ended, Some(EndedBecause::Revoked));
}

#[test]
fn nothing_revives_and_nothing_is_sent_after_the_end() {
    let mut world = World::new(4, Network::GOOD, short());
    world.open_all(3);
    world.run(12_000);
    assert!(world.all_ended());
    world.count_anew();
    for at in 0..3 {
        world.key(at);
        world.tell(at, Input::Stay);
        world.tell(at, Input::Activity { kind: Kind::Note, age_ms: 0 });
        world.tell(at, Input::Visible(true));
        world.tell(at, Input::Hold { id: 1, reason: b"call", ttl_ms: 60_000 });
        world.tell(at, Input::TokenChanged(0));
        assert!(matches!(world.contexts[at].agent.poll_output(), Output::Wait(None)));
    }
    world.run(60_000);
    assert!((0..3).all(|at| world.contexts[at].agent.phase() == Phase::Ended));
    assert_eq!((world.tally.keepalives, world.tally.questions, world.tally.broadcasts), (0, 0, 0));
}

#[test]
fn a_page_opened_after_the_end_learns_of_it_from_its_peers() {
    let mut world = World::new(5, Network::GOOD, short());
    world.open_all(3);
    world.run(12_000);
    world.authority_up = false;
    let late = world.open(true);
    world.run(300);
    assert!(world.is_ended(late));
    let shown: Vec<_> = world.contexts[late].phases.iter().map(|(_, phase)| *phase).collect();
    assert_eq!(shown, [Phase::Ended], "it never showed anything else");
}

#[test]
fn input_in_the_warning_keeps_the_session_everywhere_at_once() {
    let mut world = World::new(6, Network::GOOD, short());
    world.open_all(20);
    world.run(4_000);
    assert_eq!(world.phase(11), Phase::Warning);
    world.tell(7, Input::Stay);
    world.run(20);
    for at in 0..20 {
        assert_eq!(world.phase(at), Phase::Active, "context {at}");
    }
    world.run(4_000);
    assert!(!world.all_ended());
}

/// Any input that is no message of a peer: those may be greeted with the end.
#[test]
fn another_token_after_the_end_revives_nothing() {
    let mut world = World::new(9, Network::GOOD, short());
    world.open_all(2);
    world.run(11_000);
    assert!(world.all_ended());
    world.count_anew();
    world.tell(0, Input::TokenChanged(0));
    world.key(0);
    world.run(20_000);
    assert!(world.all_ended());
    let Tally { keepalives, questions, broadcasts, .. } = world.tally;
    assert_eq!((keepalives, questions, broadcasts), (0, 0, 0));
}

fn input() -> impl Strategy<Value = Input<'static>> {
    let alive = || Answer::Alive(Alive { idle_ms: Some(0), ..Alive::default() });
    prop::sample::select(vec![
        Input::Activity { kind: Kind::Keystroke, age_ms: 0 },
        Input::Activity { kind: Kind::Note, age_ms: 0 },
        Input::Stay,
        Input::Wake,
        Input::Refused(Refusal::Untrusted),
        Input::Lock(Grant::Busy),
        Input::Lock(Grant::Lost),
        Input::StreamLock(Grant::Lost),
        Input::Answer { id: 1, answer: alive() },
        Input::Answer { id: 2, answer: Answer::Invalid },
        Input::News { answer: alive(), at_ms: None },
        Input::News { answer: alive(), at_ms: Some(0) },
        Input::News { answer: Answer::Gone(EndedBecause::Revoked), at_ms: None },
        Input::StreamBroke,
        Input::Visible(true),
        Input::Visible(false),
        Input::Leaving(Departure::Frozen),
        Input::Leaving(Departure::Hidden),
        Input::Returned,
        Input::End(EndedBecause::SignedOut),
        Input::Hold { id: 3, reason: b"call", ttl_ms: 60_000 },
        Input::Release(3),
        Input::TokenChanged(0),
    ])
}

proptest! {
    #[test]
    fn no_output_after_the_end(inputs in prop::collection::vec((input(), 0u64..20_000), 1..40)) {
        let mut world = World::new(7, Network::GOOD, short());
        world.open_all(1);
        world.run(12_000);
        prop_assert!(world.all_ended());
        let mut reading = world.reading();
        for (input, pause) in inputs {
            reading.wall += pause;
            reading.mono += pause;
            let agent = &mut world.contexts[0].agent;
            agent.handle_input(input.clone(), reading);
            let output = agent.poll_output();
            prop_assert_eq!(output, Output::Wait(None), "after {:?}", input);
            prop_assert_eq!(agent.phase(), Phase::Ended);
        }
    }

    #[test]
    fn every_input_drains_and_time_never_spins(
        inputs in prop::collection::vec((input(), 0u64..3_000), 1..60),
    ) {
        // The rig fails on a wake-up that is due already.
        let mut world = World::new(8, Network::GOOD, short());
        world.open_all(2);
        for (input, pause) in inputs {
            world.tell(0, input);
            world.run(pause);
        }
    }
}
