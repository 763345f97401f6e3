//! Input in other programs (`system`): it counts where the policy says so, and costs a look now and then.

use std::sync::atomic::Ordering;

use stillhere::core::{ended::EndedBecause, rules::Phase};
use stillhere_native::context::Told;

use super::rig::{Machine, pass, policy, with_system};

const HOUR_MS: u64 = 3_600_000;

#[tokio::test(start_paused = true)]
async fn work_in_other_programs_keeps_the_session_where_the_policy_counts_it() {
    let machine = Machine::new(with_system());
    machine.busy.store(true, Ordering::Relaxed);
    let mut desk = machine.start();
    pass(8 * HOUR_MS).await;
    assert_eq!(desk.phases(), [Phase::Active], "never warned");
    // A look 5 s before each warning: 14 minutes less 5 s.
    let looks = machine.looks();
    assert!((34..=36).contains(&looks), "{looks} looks");
    let reports = machine.reports.lock().unwrap();
    assert!(reports.len() as u64 <= looks, "{} reports", reports.len());
    let counted = reports.last().unwrap().1.counts;
    assert_eq!(u64::from(counted.system), looks);
    assert_eq!(
        (counted.keystrokes, counted.clicks, counted.heartbeats, counted.notes),
        (0, 0, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn where_it_does_not_nobody_even_looks() {
    let machine = Machine::new(policy());
    machine.busy.store(true, Ordering::Relaxed);
    let desk = machine.start();
    pass(901_000).await;
    assert_eq!(desk.phase(), Phase::Ended);
    assert_eq!(machine.looks(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_counts_from_when_it_was_and_not_from_the_look() {
    let machine = Machine::new(with_system());
    let desk = machine.start();
    pass(300_000).await;
    machine.touch();
    pass(899_000).await;
    assert_eq!(desk.phase(), Phase::Warning, "899 s after it");
    let (at, report) = machine.reports.lock().unwrap()[0].clone();
    let touched = at - report.age_ms;
    assert!(touched.abs_diff(super::rig::START_MS + 300_000) < 50, "{touched}");
    pass(2_000).await;
    assert_eq!(desk.phase(), Phase::Ended, "901 s after it");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_in_the_last_second_is_not_out() {
    let machine = Machine::new(with_system());
    let mut desk = machine.start();
    pass(899_400).await;
    assert_eq!(desk.phase(), Phase::Warning);
    machine.touch();
    pass(2_000).await;
    assert_eq!(desk.phases().last(), Some(&Phase::Active));
    assert!(!machine.is_over());
}

#[tokio::test(start_paused = true)]
async fn input_in_the_app_itself_is_not_counted_twice() {
    let machine = Machine::new(with_system());
    let desk = machine.start();
    pass(1_000).await;
    // The page tells of its key; the system saw the same key.
    machine.touch();
    desk.tell(Told::Stay);
    pass(840_000).await;
    assert!(machine.looks() > 0, "it looked");
    assert!(machine.reports.lock().unwrap().iter().all(|(_, report)| report.counts.system == 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_before_a_sleep_is_older_than_the_system_says() {
    let machine = Machine::new(with_system());
    let desk = machine.start();
    pass(10_000).await;
    machine.touch();
    pass(1_000).await;
    desk.tell(Told::Sleeping);
    pass(10).await;
    machine.sleeps(HOUR_MS / 6);
    desk.tell(Told::Awake);
    // By the system's clock somebody was here just now; it is 10 minutes ago.
    pass(889_000 - HOUR_MS / 6 + 12_000).await;
    assert_eq!(desk.phase(), Phase::Ended);
    let because = desk.context.snapshot.borrow().because;
    assert_eq!(because, Some(EndedBecause::Idle));
}
