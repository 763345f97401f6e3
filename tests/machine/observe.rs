//! The dry run: everything as in earnest, and nothing ends (docs/decisions/dry-run.md).

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::{Departure, Input};
use stillhere::core::output::Event;
use stillhere::core::policy::{Mode, Policy};
use stillhere::core::rules::Phase;

use crate::rig::{Network, START, World};
use crate::short;

/// The authority only observes.
fn observing() -> Policy {
    Policy { mode: Mode::Observe, ..short() }
}

/// What a page asks for that wants a dry run of half the time that the authority gives.
const DRY: Wish = Wish {
    idle_timeout_ms: Some(5_000),
    warn_before_ms: None,
    keepalive_ms: None,
    mode: Mode::Observe,
};

fn world(pages: usize) -> World {
    let mut world = World::new(1, Network::GOOD, observing());
    world.enforces = true;
    world.open_all(pages);
    world.key(0);
    world
}

/// What each page reported.
fn reports(world: &World) -> Vec<Vec<EndedBecause>> {
    let of = |event: &Event| if let Event::Observed(why) = event { Some(*why) } else { None };
    world.contexts.iter().map(|context| context.events.iter().filter_map(of).collect()).collect()
}

fn nobody_ended(world: &World) {
    assert!(world.ended_at().is_empty(), "nobody is logged out");
    assert_eq!(world.tally.ends, 0, "and nobody tells the authority of an end");
}

#[test]
fn each_page_warns_and_reports_and_nothing_ends() {
    let mut world = world(3);
    world.run(9_000);
    world.count_anew();
    assert_eq!(world.phase(1), Phase::Warning, "as in earnest");
    assert_eq!(reports(&world), vec![vec![]; 3], "not before the deadline");
    world.run(1_100);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 3]);
    assert_eq!(world.tally.questions, 1, "one page asked for all");
    nobody_ended(&world);
    let observed = world.contexts[2].agent.facts().times.observed;
    assert_eq!((observed.ends, observed.idle_ms), (1, 10_000));
    assert!((0..3).all(|at| world.phase(at) == Phase::Active));
}

#[test]
fn while_nobody_comes_the_next_one_is_an_idle_timeout_later() {
    let mut world = world(4);
    world.run(10_500);
    world.count_anew();
    world.run(30_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 4]; 4]);
    assert_eq!(world.tally.questions, 6, "one for each warning and one for each end");
    assert_eq!(world.tally.keepalives, 0);
    assert!(world.tally.broadcasts <= 12, "{} messages", world.tally.broadcasts);
    let observed = world.contexts[3].agent.facts().times.observed;
    assert_eq!((observed.ends, observed.idle_ms), (4, 40_000), "of one absence");
    // In step with what the authority says.
    let left = world.session.state(world.now, &world.policy).remaining_ms.unwrap();
    let due = world.contexts[1].agent.due().unwrap();
    let mine = due.end_at - world.now;
    assert!(mine.abs_diff(left) < 50, "{mine} ms here, {left} ms there");
    nobody_ended(&world);
}

#[test]
fn whoever_comes_back_goes_on_as_if_nothing_had_been() {
    let mut world = world(2);
    world.run(13_000);
    world.type_for(1, 20_000, 500);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 2]);
    assert_eq!(world.phase(0), Phase::Active);
    world.run(10_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 2]; 2]);
    nobody_ended(&world);
}

#[test]
fn a_machine_that_slept_is_checked_and_reports_once() {
    for mono in [true, false] {
        let mut world = world(3);
        world.run(2_000);
        world.suspend(0, 47_000, mono);
        world.run(47_000);
        world.wake_up(2);
        // The key that woke it belongs to the time after the end.
        world.key(2);
        assert_eq!(world.contexts[2].agent.phase(), Phase::Checking);
        assert_eq!(world.contexts[2].agent.facts().counts().keystrokes, 1);
        world.run(2_000);
        assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 3], "monotonic clock {mono}");
        assert_eq!(world.contexts[2].agent.facts().counts().keystrokes, 2, "it counts");
        let observed = world.contexts[0].agent.facts().times.observed;
        assert_eq!(observed.ends, 1);
        assert!(observed.idle_ms >= 40_000, "for that long nobody was there: {observed:?}");
        assert!(world.now - observed.at >= 2_000, "the newest that it slept through");
        world.run(3_000);
        assert_eq!(world.phase(1), Phase::Active, "it is the key that counts");
        nobody_ended(&world);
    }
}

#[test]
fn a_key_of_before_the_deadline_that_is_told_late_is_no_end() {
    let mut world = world(1);
    world.run(9_000);
    world.freeze(0);
    world.run(2_000);
    world.wake_up(0);
    world.tell(0, Input::Activity { kind: Kind::Click, age_ms: 1_500 });
    world.run(2_000);
    assert_eq!(reports(&world), vec![vec![]], "it was pressed half a second before");
    assert_eq!(world.contexts[0].agent.facts().counts().clicks, 1);
}

#[test]
fn a_call_that_comes_while_the_end_is_asked_about_is_kept() {
    let mut world = world(2);
    world.run(8_000);
    world.network.latency = 2_000;
    world.run(2_100);
    assert_eq!(world.phase(1), Phase::Checking);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 0 });
    world.run(30_000);
    assert_eq!(world.phase(0), Phase::Held, "nothing ended, so nothing is lost");
    assert_eq!(reports(&world), vec![vec![]; 2]);
    nobody_ended(&world);
}

#[test]
fn the_end_of_a_shift_is_reported_once_however_active_somebody_is() {
    let policy = Policy { logout_at: Some(START + 30_000), ..observing() };
    let mut world = World::new(3, Network::GOOD, policy);
    world.enforces = true;
    world.open_all(2);
    world.type_for(0, 26_500, 500);
    assert_eq!(world.phase(1), Phase::Warning);
    world.type_for(0, 30_000, 500);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Schedule]; 2]);
    assert_eq!(world.phase(1), Phase::Active, "it is over");
    world.run(11_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Schedule, EndedBecause::Idle]; 2]);
    nobody_ended(&world);
    // The next one is another.
    let next = Policy { version: 2, logout_at: Some(world.now + 5_000), ..world.policy.clone() };
    world.change_policy(next);
    world.type_for(0, 6_000, 500);
    assert_eq!(reports(&world)[1].last(), Some(&EndedBecause::Schedule));
    assert_eq!(reports(&world)[1].len(), 3);
}

#[test]
fn the_end_of_a_shift_waits_for_a_hold() {
    let policy = Policy { logout_at: Some(START + 20_000), ..observing() };
    let mut world = World::new(4, Network::GOOD, policy);
    world.open_all(2);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 0 });
    world.run(40_000);
    assert_eq!(reports(&world), vec![vec![]; 2]);
    world.tell(1, Input::Release(1));
    // The authority hears of the release first.
    world.run(2_500);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Schedule]; 2]);
    world.run(6_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Schedule]; 2], "once");
    nobody_ended(&world);
}

#[test]
fn an_authority_that_cannot_be_asked_is_reported_and_not_hammered() {
    let mut world = world(3);
    world.run(5_000);
    world.authority_up = false;
    world.run(5_500);
    assert_eq!(reports(&world), vec![vec![EndedBecause::AuthorityUnreachable]; 3]);
    world.count_anew();
    world.run(5_000);
    assert_eq!(world.tally.lock_requests, 0, "nothing is due before the next warning");
    world.run(25_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::AuthorityUnreachable; 4]; 3]);
    assert!(world.tally.lock_requests <= 12, "{} attempts", world.tally.lock_requests);
    world.authority_up = true;
    world.run(10_000);
    assert_eq!(reports(&world)[2].last(), Some(&EndedBecause::Idle));
    nobody_ended(&world);
}

#[test]
fn a_newcomer_knows_of_it_and_reports_nothing() {
    let mut world = world(2);
    world.run(10_200);
    let newcomer = world.open(true);
    world.run(2_000);
    assert_eq!(reports(&world)[newcomer], []);
    assert_eq!(world.contexts[newcomer].agent.facts().times.observed.ends, 1);
    world.run(9_000);
    assert_eq!(reports(&world)[newcomer], [EndedBecause::Idle], "the next one is its own");
    // One that opened just before it lived through it.
    world.run(8_300);
    let late = world.open(false);
    world.run(1_000);
    assert_eq!(reports(&world)[late], [EndedBecause::Idle]);
}

#[test]
fn a_page_that_is_opened_for_an_absent_person_reports_nothing_of_before() {
    let mut world = world(1);
    world.close(0);
    world.run(25_000);
    let alone = world.open(true);
    world.run(3_000);
    assert_eq!(reports(&world)[alone], [], "a page that reloads itself is no absence");
    world.run(10_000);
    assert_eq!(reports(&world)[alone], [EndedBecause::Idle]);
}

#[test]
fn a_key_between_two_ends_of_before_its_page_knew_is_told_at_once() {
    let policy = Policy { logout_at: Some(START + 15_000), ..observing() };
    let mut world = World::new(1, Network::GOOD, policy);
    world.open_all(1);
    world.close(0);
    world.run(11_850);
    // Opened unseen past the end of an absence, and asking past that of the shift.
    let late = world.open(false);
    world.run(50);
    world.key(late);
    world.run(500);
    assert_eq!(reports(&world)[late], [EndedBecause::Schedule]);
    assert_eq!(world.tally.keepalives, 1);
}

#[test]
fn an_absence_of_days_is_no_nonsense() {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let times = Policy { idle_timeout_ms: 8 * HOUR_MS, warn_before_ms: HOUR_MS, ..observing() };
    let mut world = World::new(8, Network::GOOD, times);
    world.open_all(2);
    world.run(10 * 24 * HOUR_MS);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 30]; 2], "and no authority away");
    nobody_ended(&world);
}

#[test]
fn pages_that_cannot_hear_each_other_report_each_once() {
    let mut world = world(3);
    world.run(4_000);
    world.network.loss = 100;
    world.run(7_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 3], "each asked for itself");
    world.network.loss = 0;
    world.run(8_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 3], "no news");
    world.run(2_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 2]; 3]);
    let ends = |at: usize| world.contexts[at].agent.facts().times.observed.ends;
    assert_eq!([ends(0), ends(1), ends(2)], [2; 3]);
    nobody_ended(&world);
}

#[test]
fn a_page_that_was_frozen_hears_of_it_when_it_is_back() {
    let mut world = world(2);
    world.leave(1, Departure::Frozen);
    world.run(25_000);
    world.come_back(1);
    world.run(1_000);
    assert_eq!(world.contexts[1].agent.facts().times.observed.ends, 2);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 2], vec![]], "the other reported it");
    world.run(5_000);
    assert_eq!(reports(&world)[1], [EndedBecause::Idle], "from now on it does");
    nobody_ended(&world);
}

#[test]
fn to_enforce_again_ends_whoever_is_absent() {
    let mut world = world(2);
    world.run(25_000);
    world.change_policy(Policy { version: 2, ..short() });
    world.run(200);
    assert!(world.all_ended(), "what was due is due");
    let because = world.contexts[1].agent.facts().ended;
    assert_eq!(because, Some(EndedBecause::Idle));
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 2]; 2]);
}

#[test]
fn to_enforce_again_spares_whoever_is_there() {
    let mut world = world(2);
    world.run(15_000);
    world.type_for(1, 3_000, 500);
    world.change_policy(Policy { version: 2, ..short() });
    world.type_for(1, 20_000, 500);
    assert_eq!(world.phase(0), Phase::Active);
    world.change_policy(Policy { version: 3, ..observing() });
    world.run(12_000);
    nobody_ended(&world);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle; 2]; 2], "and back");
}

/// Pages that ask for a dry run of 5 s, by an authority that ends after 10 s.
fn dry(pages: usize) -> World {
    let mut world = World::new(6, Network::GOOD, short());
    world.enforces = true;
    for at in 0..pages {
        world.open_in(0, at == 0, DRY);
    }
    world.run(1_000);
    world.key(0);
    world
}

#[test]
fn pages_that_all_ask_for_it_end_nothing_themselves() {
    let mut world = dry(3);
    assert_eq!(world.contexts[1].agent.policy().mode, Mode::Observe, "what is in force");
    world.run(6_000);
    assert_eq!(reports(&world), vec![vec![EndedBecause::Idle]; 3]);
    nobody_ended(&world);
    // The authority means it, and a token that is gone is gone.
    world.run(6_000);
    assert!(world.all_ended());
    let because = world.contexts[2].agent.facts().ended;
    assert_eq!((because, world.tally.ends), (Some(EndedBecause::Idle), 0));
}

#[test]
fn one_page_that_does_not_ask_for_it_makes_all_enforce() {
    let mut world = dry(2);
    world.run(6_000);
    nobody_ended(&world);
    world.open_in(0, true, Wish { mode: Mode::Enforce, ..DRY });
    world.run(1_000);
    assert!(world.all_ended(), "what was due is due");
    assert_eq!(reports(&world)[2], []);
    assert_eq!(world.tally.ends, 1, "and the authority is told");
}

#[test]
fn signing_out_and_revoking_are_no_dry_run() {
    let mut world = dry(2);
    world.tell(1, Input::End(EndedBecause::SignedOut));
    world.run(100);
    assert!(world.all_ended());
    for wish in [Wish::default(), DRY] {
        let mut world = World::new(7, Network::GOOD, observing());
        world.open_in(0, true, wish);
        world.open_in(0, false, wish);
        world.run(1_000);
        world.revoke();
        world.run(100);
        assert!(world.all_ended());
        assert_eq!(world.contexts[0].agent.facts().ended, Some(EndedBecause::Revoked));
    }
}

#[test]
fn the_key_of_a_newcomer_is_told_though_two_ends_are_observed_before_it() {
    let policy = Policy {
        mode: Mode::Observe,
        logout_at: Some(START + 51_250),
        warn_before_ms: 2_500,
        keepalive_ms: 1_000,
        ..short()
    };
    let network = Network { latency: 38, ..Network::GOOD };
    for seed in 0..50 {
        let mut world = World::new(seed, network, policy.clone());
        world.run(51_027);
        let hidden = world.open(false);
        world.run(82);
        world.key(hidden);
        world.run(500);
        assert_eq!(world.tally.keepalives, 1, "seed {seed}");
    }
}
