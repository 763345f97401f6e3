//! The authority is slow, down or gone: an active user never notices, an absent one is out.

use stillhere::core::ended::EndedBecause;
use stillhere::core::output::{Event, Fault};
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

#[test]
fn a_working_user_survives_three_minutes_of_outage_with_few_requests() {
    let policy = Policy { idle_timeout_ms: 600_000, warn_before_ms: 60_000, ..short() };
    let mut world = World::new(1, Network::GOOD, policy);
    world.open_all(50);
    world.authority_up = false;
    let mut requests = 0;
    let mut busy = false;
    for _ in 0..360 {
        world.key(5);
        for _ in 0..50 {
            world.run(10);
            let now = world.tally.in_flight > 0;
            requests += usize::from(now && !busy);
            busy = now;
        }
    }
    assert!(requests <= 12, "{requests} requests in three minutes from 50 contexts");
    assert!(requests >= 3, "it goes on trying");
    assert_eq!(world.tally.most_in_flight, 1);
    assert!((0..50).all(|at| world.contexts[at].agent.phase() == Phase::Active));
    world.authority_up = true;
    world.type_for(5, 70_000, 500);
    let idle = world.session.state(world.now, &world.policy).idle_ms;
    assert!(idle < 5_000, "it is told again: idle {idle} ms");
    let faults = |context: &crate::rig::Context| {
        context.events.iter().filter(|event| **event == Event::Fault(Fault::Unreachable)).count()
    };
    let said: usize = world.contexts.iter().map(faults).sum();
    assert!(said >= 1, "somebody was told");
    assert!(world.contexts.iter().all(|context| faults(context) <= 1), "once each");
}

#[test]
fn if_nobody_answers_the_session_ends_on_the_local_reckoning() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(3);
    world.key(0);
    world.run(3_000);
    world.authority_up = false;
    world.run(4_500);
    assert_eq!(world.phase(1), Phase::Warning, "warned without the authority");
    world.run(4_000);
    assert!(world.all_ended());
    assert_eq!(world.contexts[1].agent.facts().ended, Some(EndedBecause::AuthorityUnreachable));
}

#[test]
fn an_authority_that_is_down_at_the_start_is_found_later() {
    let mut world = World::new(3, Network::GOOD, short());
    world.authority_up = false;
    let at = world.open(true);
    world.run(1_000);
    assert_eq!(world.contexts[at].agent.phase(), Phase::Active, "by its own reckoning");
    world.authority_up = true;
    world.type_for(at, 10_000, 500);
    assert_eq!(world.contexts[at].agent.policy().version, 1);
    assert!(world.tally.keepalives >= 1);
}
