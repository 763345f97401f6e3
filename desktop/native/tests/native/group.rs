//! What it says and hears are the messages of pages: contexts that hear each other are one group.

use stillhere::core::{ended::EndedBecause, rules::Phase};
use stillhere_native::context::{self, Told};

use super::rig::{Machine, pass, policy, relay};

#[tokio::test(start_paused = true)]
async fn one_tells_the_authority_and_both_know() {
    let machine = Machine::new(policy());
    let (mut one, mut two) = (machine.start(), machine.start());
    relay(&mut one, &mut two, 1_000).await;
    assert_eq!(one.context.snapshot.borrow().contexts, 2);
    assert_eq!(two.context.snapshot.borrow().contexts, 2);
    one.tell(Told::Stay);
    relay(&mut one, &mut two, 5_000).await;
    assert_eq!(machine.reports.lock().unwrap().len(), 1, "one keep-alive for both");
    let ends = [&one, &two].map(|each| each.context.snapshot.borrow().ends_at.unwrap());
    assert!(ends[0].abs_diff(ends[1]) < 1_000, "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hello_brings_both_sides_together() {
    let machine = Machine::new(policy());
    let mut one = machine.start();
    pass(1_000).await;
    one.heard();
    one.tell(Told::Message(context::hello().unwrap()));
    pass(500).await;
    let greeted = one.heard().into_iter().any(|said| matches!(said, context::Said::Message(_)));
    assert!(greeted, "it tells what it knows");
    assert_eq!(one.context.snapshot.borrow().contexts, 1, "who asked is nobody");
}

#[tokio::test(start_paused = true)]
async fn an_end_that_one_learns_is_everybodys() {
    let machine = Machine::new(policy());
    let (mut one, mut two) = (machine.start(), machine.start());
    relay(&mut one, &mut two, 1_000).await;
    one.tell(Told::End(EndedBecause::SignedOut));
    relay(&mut one, &mut two, 100).await;
    assert_eq!(two.phase(), Phase::Ended);
    assert_eq!(machine.ends.lock().unwrap().len(), 1, "told once");
}

#[tokio::test(start_paused = true)]
async fn pages_that_crashed_are_gone_once_the_shell_says_so() {
    let machine = Machine::new(policy());
    let (mut one, mut two) = (machine.start(), machine.start());
    relay(&mut one, &mut two, 1_000).await;
    two.run.abort();
    one.tell(Told::Alone);
    pass(100).await;
    assert_eq!(one.context.snapshot.borrow().contexts, 1);
    assert_eq!(one.phase(), Phase::Active, "and the session goes on");
    one.tell(Told::Alone);
    pass(100).await;
    assert_eq!(one.context.snapshot.borrow().contexts, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_changes_nothing() {
    let machine = Machine::new(policy());
    let mut one = machine.start();
    pass(1_000).await;
    let before = one.context.snapshot.borrow().clone();
    for rubbish in [Vec::new(), vec![0xff; 40], vec![1; 300_000]] {
        one.tell(Told::Message(rubbish));
    }
    pass(100).await;
    assert_eq!(*one.context.snapshot.borrow(), before);
    assert!(one.phases().last().is_none_or(|phase| *phase == Phase::Active));
}
