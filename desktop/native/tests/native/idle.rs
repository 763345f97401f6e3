//! Nobody is there: it asks when it must and ends in time, and is silent otherwise.

use std::sync::atomic::Ordering;

use stillhere::core::{ended::EndedBecause, rules::Phase};
use stillhere_native::context::{Said, Told};

use super::rig::{Machine, pass, policy};

#[tokio::test(start_paused = true)]
async fn an_empty_chair_costs_three_questions_and_ends_in_time() {
    let machine = Machine::new(policy());
    let mut desk = machine.start();
    pass(1_000).await;
    assert_eq!(desk.phases(), [Phase::Active]);
    assert_eq!(machine.questions(), 1, "whether the session lives");
    pass(838_500).await;
    assert_eq!(machine.questions(), 1, "nothing until the warning");
    assert_eq!(desk.heard(), [], "and nothing is said to pages");
    pass(1_000).await;
    assert_eq!(machine.questions(), 2, "asked before it warns");
    assert_eq!(desk.phase(), Phase::Warning);
    pass(59_000).await;
    assert_eq!(desk.phase(), Phase::Warning);
    pass(1_000).await;
    assert_eq!(desk.phase(), Phase::Ended);
    assert_eq!(desk.context.snapshot.borrow().because, Some(EndedBecause::Idle));
    assert_eq!(machine.questions(), 3, "asked before it ends");
    assert!(machine.reports.lock().unwrap().is_empty());
    assert_eq!(machine.looks(), 0, "the policy does not count other programs");
}

#[tokio::test(start_paused = true)]
async fn what_it_shows_changes_when_what_is_known_does_and_never_by_the_second() {
    let machine = Machine::new(policy());
    let desk = machine.start();
    pass(1_000).await;
    let mut seen = desk.context.snapshot.clone();
    seen.mark_unchanged();
    let ends_at = seen.borrow().ends_at.unwrap();
    assert!(ends_at.abs_diff(machine.now() + 899_000) < 1_000, "{ends_at}");
    pass(800_000).await;
    assert!(!seen.has_changed().unwrap());
    desk.tell(Told::Stay);
    pass(100).await;
    assert!(seen.has_changed().unwrap());
    let moved = seen.borrow().ends_at.unwrap() - ends_at;
    assert!(moved.abs_diff(801_000) < 2_000, "{moved}");
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_cannot_be_reached_ends_it_on_the_local_reckoning() {
    let machine = Machine::new(policy());
    let mut desk = machine.start();
    pass(1_000).await;
    machine.reachable.store(false, Ordering::Relaxed);
    pass(904_000).await;
    assert_eq!(desk.phases().last(), Some(&Phase::Ended));
    let because = desk.context.snapshot.borrow().because;
    assert_eq!(because, Some(EndedBecause::AuthorityUnreachable));
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_says_the_last_word_first() {
    let machine = Machine::new(policy());
    let desk = machine.start();
    pass(1_000).await;
    desk.tell(Told::Stay);
    pass(2_000).await;
    desk.tell(Told::Stay);
    pass(100).await;
    let told = machine.reports.lock().unwrap().len();
    desk.close().await;
    let reports = machine.reports.lock().unwrap();
    assert_eq!((told, reports.len()), (1, 2), "the second was within the interval");
    assert!(reports[1].1.age_ms < 200, "{:?}", reports[1]);
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_it_at_the_authority_before_the_program_quits() {
    let machine = Machine::new(policy());
    let mut desk = machine.start();
    pass(1_000).await;
    desk.tell(Told::End(EndedBecause::SignedOut));
    pass(10).await;
    let ended = Said::Event(stillhere::core::output::Event::Ended(EndedBecause::SignedOut));
    assert!(desk.heard().contains(&ended));
    desk.close().await;
    assert_eq!(*machine.ends.lock().unwrap(), [EndedBecause::SignedOut]);
    assert!(machine.is_over());
}
