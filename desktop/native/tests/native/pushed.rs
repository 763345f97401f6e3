//! The authority pushes that somebody is active elsewhere: the deadline is in step, and nobody asks.

use std::sync::atomic::Ordering;

use stillhere::core::rules::Phase;

use super::rig::{Machine, Member, pass, policy};

fn ends_at(desk: &Member) -> u64 {
    desk.context.snapshot.borrow().ends_at.expect("it runs")
}

#[tokio::test(start_paused = true)]
async fn the_deadline_moves_with_activity_elsewhere() {
    let machine = Machine::new(policy());
    let desk = machine.start();
    pass(1_000).await;
    for _ in 0..3 {
        pass(400_000).await;
        machine.active_elsewhere();
        let due = machine.now() + policy().idle_timeout_ms;
        machine.push();
        pass(500).await;
        assert!(ends_at(&desk).abs_diff(due) < 100, "{} instead of {due}", ends_at(&desk));
    }
    assert_eq!(desk.phase(), Phase::Active, "20 minutes after the last input here");
    assert_eq!(machine.questions(), 1, "the one at the start");
    assert!(machine.reports.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_took_long_on_its_way_is_not_believed() {
    for (ms, believed) in [(1_500, true), (2_500, false)] {
        let machine = Machine::new(policy());
        let desk = machine.start();
        pass(400_000).await;
        let before = ends_at(&desk);
        machine.on_the_way.store(ms, Ordering::Relaxed);
        machine.active_elsewhere();
        machine.push();
        pass(5_000).await;
        assert_eq!(ends_at(&desk) > before, believed, "{ms} ms");
    }
}
