//! Contexts that can't hear each other meet at the authority: nobody is warned or ended while
//! active elsewhere, at the price of one question per idle window.

use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;

use crate::rig::{Network, World};
use crate::short;

fn warned(world: &World) -> usize {
    let warned = |(_, phase): &&(u64, Phase)| *phase == Phase::Warning;
    world.contexts.iter().map(|context| context.phases.iter().filter(warned).count()).sum()
}

#[test]
fn nobody_is_warned_while_active_elsewhere() {
    let mut world = World::new(1, Network::GOOD, short());
    world.open_all(5);
    world.key(2);
    world.run(100);
    world.count_anew();
    for _ in 0..6 {
        world.run(5_000);
        world.active_elsewhere(100);
    }
    assert_eq!(warned(&world), 0);
    assert!((0..5).all(|at| !world.is_ended(at)));
    let questions = world.tally.questions;
    assert!((3..=6).contains(&questions), "{questions} questions in 30 s, a window being 6 s");
    assert_eq!(world.tally.keepalives, 0, "the others have nothing to tell");
}

#[test]
fn nobody_is_ended_while_active_elsewhere_since_the_warning() {
    let mut world = World::new(2, Network::GOOD, short());
    world.open_all(3);
    world.run(5_000);
    assert_eq!(warned(&world), 3);
    world.active_elsewhere(0);
    world.run(6_000);
    assert!((0..3).all(|at| !world.is_ended(at)), "the question at the deadline tells");
    world.run(12_000);
    assert!(world.all_ended());
}

#[test]
fn activity_elsewhere_counts_from_the_later_moment_that_the_answer_can_mean() {
    let mut world = World::new(3, Network { latency: 300, ..Network::GOOD }, short());
    world.enforces = true;
    world.watch(0);
    world.open_all(1);
    world.run(2_000);
    world.active_elsewhere(0);
    world.watch(0);
    world.count_anew();
    world.run(7_500);
    assert_eq!(world.tally.questions, 2, "it has heard of that, and asked before the warning");
    // A question that is faster than the one by which it heard would come too early.
    world.network.latency = 5;
    world.count_anew();
    world.run(20_000);
    assert!(world.all_ended());
    assert_eq!((world.tally.questions, world.tally.ends), (0, 0), "the authority ended it first");
}

#[test]
fn activity_elsewhere_under_one_token_keeps_the_others_of_its_group() {
    let policy = Policy { idle_timeout_ms: 60_000, ..short() };
    let mut world = World::new(4, Network::GOOD, policy);
    world.group = true;
    let other = world.open(false);
    // What happens elsewhere happens with the newest token.
    world.rotate();
    let own = world.open(true);
    world.run(3_000);
    for _ in 0..20 {
        world.run(10_000);
        world.active_elsewhere(0);
    }
    assert!(!world.is_ended(own) && !world.is_ended(other));
}
