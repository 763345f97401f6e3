//! The screen is locked: what the policy wants then.

use stillhere::core::{ended::EndedBecause, policy::OnLock, rules::Phase};
use stillhere_native::context::Told;

use super::rig::{Machine, on_lock, pass};

#[tokio::test(start_paused = true)]
async fn a_policy_that_ends_ends_at_once_once_the_authority_was_asked() {
    let machine = Machine::new(on_lock(OnLock::End));
    let desk = machine.start();
    pass(10_000).await;
    desk.tell(Told::Locked);
    pass(1_000).await;
    assert_eq!(desk.phase(), Phase::Ended);
    assert_eq!(machine.questions(), 2);
    assert_eq!(*machine.ends.lock().unwrap(), [EndedBecause::Idle], "the authority is told");
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_warns_ends_when_the_warning_is_over() {
    let machine = Machine::new(on_lock(OnLock::Warn));
    let desk = machine.start();
    pass(10_000).await;
    desk.tell(Told::Locked);
    pass(1_000).await;
    assert_eq!(desk.phase(), Phase::Warning);
    pass(58_000).await;
    assert_eq!(desk.phase(), Phase::Warning);
    pass(2_000).await;
    assert_eq!(desk.phase(), Phase::Ended);
    assert!(machine.is_over());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_back_before_that_stays() {
    let machine = Machine::new(on_lock(OnLock::Warn));
    let desk = machine.start();
    pass(10_000).await;
    desk.tell(Told::Locked);
    pass(30_000).await;
    desk.tell(Told::Stay);
    pass(100_000).await;
    assert_eq!(desk.phase(), Phase::Active);
}

#[tokio::test(start_paused = true)]
async fn whoever_works_at_another_machine_stays() {
    let machine = Machine::new(on_lock(OnLock::Warn));
    let desk = machine.start();
    pass(10_000).await;
    desk.tell(Told::Locked);
    pass(30_000).await;
    assert_eq!(desk.phase(), Phase::Warning);
    machine.active_elsewhere();
    pass(31_000).await;
    // The authority was asked before the end, and knows of newer activity than the lock.
    assert_eq!(desk.phase(), Phase::Active);
    assert!(!machine.is_over());
}

#[tokio::test(start_paused = true)]
async fn without_such_a_policy_nothing_happens() {
    let machine = Machine::new(on_lock(OnLock::Nothing));
    let desk = machine.start();
    pass(10_000).await;
    desk.tell(Told::Locked);
    pass(800_000).await;
    assert_eq!(desk.phase(), Phase::Active);
    assert_eq!(machine.questions(), 1);
}
