//! Idle costs nothing (docs/architecture.md, rule 8): no request, no message, no wake-up until the warning.

use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn nothing_happens_until_the_warning_then_one_question_and_at_the_deadline_one_end() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(50);
    world.key(9);
    world.run(4_500);
    world.count_anew();
    world.run(1_000);
    assert_eq!((world.tally.broadcasts, world.tally.questions, world.tally.keepalives), (0, 0, 0));
    world.run(1_500);
    assert_eq!(world.tally.questions, 1, "one asks for all before anybody is warned");
    assert!((0..50).all(|at| world.contexts[at].agent.phase() == Phase::Warning));
    let before = world.tally.broadcasts;
    assert_eq!(before, 1, "and tells the others");
    world.run(2_500);
    assert_eq!(world.tally.broadcasts, before, "silence until the deadline");
    world.run(2_000);
    assert!(world.all_ended());
    assert_eq!(world.tally.questions, 2, "one asks for all before the end");
    assert_eq!(world.tally.ends, 0, "the authority ended it by itself");
    assert_eq!(world.tally.keepalives, 0);
}

#[test]
fn an_idle_hour_costs_no_wakeup() {
    let policy = stillhere::core::policy::Policy {
        version: 1,
        idle_timeout_ms: 8 * 3_600_000,
        ..stillhere::core::policy::Policy::DEFAULT
    };
    let mut world = World::new(2, Network::GOOD, policy);
    world.open_all(3);
    world.run(10_000);
    for context in &mut world.contexts {
        let stillhere::core::output::Output::Wait(Some(wake)) = context.agent.poll_output() else {
            panic!("it waits for the warning");
        };
        let left = wake.at - context.agent.now();
        assert!(left > 7 * 3_600_000, "wakes for {:?} in {left} ms", wake.reason);
    }
}
