//! The machine sleeps: nothing is taken for known until the authority was asked.

use std::sync::Arc;

use stillhere::core::{ended::EndedBecause, rules::Phase};
use stillhere_native::context::Told;

use super::rig::{Machine, Member, pass, policy};

const HOUR_MS: u64 = 3_600_000;

/// A machine that was told that it is about to sleep.
async fn asleep() -> (Arc<Machine>, Member) {
    let machine = Machine::new(policy());
    let mut desk = machine.start();
    pass(1_000).await;
    desk.tell(Told::Sleeping);
    pass(10).await;
    desk.heard();
    (machine, desk)
}

#[tokio::test(start_paused = true)]
async fn whoever_slept_past_the_deadline_wakes_up_signed_out() {
    let (machine, mut desk) = asleep().await;
    machine.sleeps(HOUR_MS);
    // The key that wakes the machine.
    desk.tell(Told::Stay);
    desk.tell(Told::Awake);
    pass(1_000).await;
    assert_eq!(desk.phases(), [Phase::Checking, Phase::Ended], "and never active");
    assert_eq!(desk.context.snapshot.borrow().because, Some(EndedBecause::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_sleep_that_nobody_told_of_is_noticed_by_the_clocks() {
    let machine = Machine::new(policy());
    let mut desk = machine.start();
    pass(1_000).await;
    desk.heard();
    machine.sleeps(HOUR_MS);
    desk.tell(Told::Stay);
    pass(1_000).await;
    assert_eq!(desk.phases(), [Phase::Checking, Phase::Ended]);
}

#[tokio::test(start_paused = true)]
async fn whoever_worked_elsewhere_meanwhile_is_still_signed_in() {
    let (machine, mut desk) = asleep().await;
    machine.sleeps(600_000);
    machine.active_elsewhere();
    machine.sleeps(600_000);
    desk.tell(Told::Awake);
    pass(1_000).await;
    assert_eq!(desk.phases(), [Phase::Checking, Phase::Active]);
    let left = desk.context.snapshot.borrow().ends_at.unwrap() - machine.now();
    assert!(left.abs_diff(299_000) < 2_000, "{left}");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_told_is_told_before_the_machine_sleeps() {
    let machine = Machine::new(policy());
    let desk = machine.start();
    pass(1_000).await;
    desk.tell(Told::Stay);
    pass(2_000).await;
    desk.tell(Told::Stay);
    pass(10).await;
    desk.tell(Told::Sleeping);
    pass(10).await;
    assert_eq!(machine.reports.lock().unwrap().len(), 2);
}
