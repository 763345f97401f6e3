//! The screen is locked: what the policy wants then, everywhere and after the authority was asked
//! (docs/decisions/screen-lock.md).

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Wish;
use stillhere::core::input::{Departure, Input};
use stillhere::core::output::Event;
use stillhere::core::policy::{Mode, OnLock, Policy};
use stillhere::core::rules::Phase;

use crate::rig::{Network, Partition, START, World};
use crate::short;

pub fn rules(on_lock: OnLock) -> Policy {
    Policy { on_lock, ..short() }
}

/// Pages of somebody who typed in the first of them two seconds ago.
pub fn world(on_lock: OnLock, pages: usize) -> World {
    world_under(rules(on_lock), pages)
}

pub fn world_under(policy: Policy, pages: usize) -> World {
    let mut world = World::new(1, Network::GOOD, policy);
    world.enforces = true;
    world.open_all(pages);
    world.key(0);
    world.run(2_000);
    world.count_anew();
    world
}

pub fn why(world: &World, at: usize) -> Option<EndedBecause> {
    world.contexts[at].agent.facts().ended
}

/// When each page showed the end, in milliseconds after `from`.
pub fn ended_after(world: &World, from: u64) -> Vec<u64> {
    world.ended_at().iter().map(|at| at - from).collect()
}

pub fn phases(world: &mut World) -> Vec<Phase> {
    (0..world.contexts.len()).map(|at| world.phase(at)).collect()
}

#[test]
fn unless_the_policy_says_so_it_is_nothing() {
    let mut world = world(OnLock::Nothing, 3);
    world.tell(1, Input::Locked);
    world.run(3_000);
    assert_eq!(world.tally.questions, 0, "nobody is asked for that");
    assert_eq!(phases(&mut world), [Phase::Active; 3]);
    let from = world.now;
    world.run(6_000);
    assert_eq!(ended_after(&world, from).len(), 3);
    assert!(ended_after(&world, from).iter().all(|ms| (4_980..5_100).contains(ms)), "as ever");
}

#[test]
fn all_are_warned_at_once_and_end_when_the_warning_is_over() {
    let mut world = world(OnLock::Warn, 3);
    let locked = world.now;
    world.tell(1, Input::Locked);
    assert_eq!(phases(&mut world), [Phase::Active; 3], "not before the authority was asked");
    world.run(200);
    assert_eq!(phases(&mut world), [Phase::Warning; 3]);
    assert_eq!(world.tally.questions, 1, "by one for all");
    world.run(3_750);
    assert!(world.ended_at().is_empty());
    world.run(250);
    let ended = ended_after(&world, locked);
    assert!(ended.len() == 3 && ended.iter().all(|ms| (4_000..4_050).contains(ms)), "{ended:?}");
    assert_eq!(why(&world, 2), Some(EndedBecause::Idle));
    assert_eq!((world.tally.questions, world.tally.ends), (2, 1), "and the authority is told");
}

#[test]
fn all_end_at_once() {
    let mut world = world(OnLock::End, 3);
    let locked = world.now;
    world.tell(1, Input::Locked);
    assert_eq!(phases(&mut world)[1], Phase::Checking, "the authority is asked first");
    world.run(200);
    let ended = ended_after(&world, locked);
    assert!(ended.len() == 3 && ended.iter().all(|ms| *ms < 50), "{ended:?}");
    assert_eq!(why(&world, 0), Some(EndedBecause::Idle));
    assert_eq!((world.tally.questions, world.tally.ends), (1, 1), "and the authority is told");
}

#[test]
fn no_end_is_later_than_without_it() {
    // Of an authority that ends nothing unless it is asked.
    let mut world = World::new(1, Network::GOOD, rules(OnLock::Warn));
    world.open_all(2);
    world.key(0);
    world.run(7_500);
    let locked = world.now;
    world.tell(0, Input::Locked);
    world.run(3_000);
    let ended = ended_after(&world, locked);
    assert!(ended.len() == 2 && ended.iter().all(|ms| *ms < 2_600), "{ended:?}");
}

#[test]
fn it_is_locked_again() {
    let mut world = world(OnLock::Warn, 2);
    world.tell(0, Input::Locked);
    world.run(2_000);
    world.key(1);
    world.run(2_000);
    assert_eq!(world.phase(0), Phase::Active);
    let locked = world.now;
    world.tell(0, Input::Locked);
    world.run(1_000);
    // Nobody was active between these two: it is the later one that counts.
    world.tell(0, Input::Locked);
    world.run(6_000);
    let ended = ended_after(&world, locked);
    assert!(ended.len() == 2 && ended.iter().all(|ms| (5_000..5_050).contains(ms)), "{ended:?}");
}

#[test]
fn other_rules_decide_about_a_lock_of_before() {
    let mut world = world(OnLock::Nothing, 2);
    world.tell(0, Input::Locked);
    world.run(1_000);
    world.change_policy(Policy { version: 2, ..rules(OnLock::End) });
    world.run(100);
    assert!(world.all_ended());
    assert_eq!(world.tally.ends, 1);
}

#[test]
fn who_cannot_ask_ends_as_at_any_deadline() {
    let mut world = world(OnLock::End, 2);
    world.authority_up = false;
    world.tell(1, Input::Locked);
    world.run(300);
    assert!(world.all_ended());
    assert_eq!(why(&world, 0), Some(EndedBecause::AuthorityUnreachable));
}

#[test]
fn the_end_of_a_shift_that_comes_first_is_one() {
    for (shift, because) in [(3_000, EndedBecause::Schedule), (7_000, EndedBecause::Idle)] {
        let logout_at = Some(START + 5_000 + shift);
        let mut world = world_under(Policy { logout_at, ..rules(OnLock::Warn) }, 2);
        world.tell(0, Input::Locked);
        world.run(4_500);
        assert!(world.all_ended());
        assert_eq!(why(&world, 1), Some(because));
    }
}

#[test]
fn a_newcomer_hears_of_it_and_so_does_whoever_was_frozen() {
    let mut world = world(OnLock::Warn, 2);
    world.leave(1, Departure::Frozen);
    world.tell(0, Input::Locked);
    world.run(1_000);
    world.open(true);
    world.come_back(1);
    world.run(1_000);
    assert_eq!(phases(&mut world), [Phase::Warning; 3]);
}

#[test]
fn one_that_comes_before_the_first_answer_ends_what_those_elsewhere_show_too() {
    let mut world = world(OnLock::End, 1);
    world.partitions.push(Partition::default());
    let newcomer = world.open_in(1, true, Wish::default());
    world.tell(newcomer, Input::Locked);
    world.run(1_000);
    assert!(world.is_ended(newcomer));
    assert_eq!(world.tally.ends, 1, "the authority is told");
    assert!(world.is_ended(0), "and tells the others");
}

#[test]
fn a_page_whose_clock_is_a_little_behind_warns_too() {
    let mut world = world(OnLock::Warn, 2);
    // So little that nobody notices; who opens now goes by the clock as it is.
    world.set_clock(0, -2_000);
    let behind = world.open(true);
    world.run(1_000);
    // It has something else to do before it is to warn.
    world.key(behind);
    world.run(100);
    world.key(behind);
    world.tell(0, Input::Locked);
    world.run(100);
    let shows =
        |world: &World, at: usize| world.contexts[at].phases.last().map(|(_, phase)| *phase);
    assert_eq!(shows(&world, 1), Some(Phase::Warning));
    world.run(2_000);
    assert_eq!(shows(&world, behind), Some(Phase::Warning), "two seconds later by its clock");
}

#[test]
fn while_it_is_not_known_where_the_session_stands_it_is_kept_in_mind() {
    for (on_lock, over) in [(OnLock::Warn, 5_000), (OnLock::End, 1_500)] {
        let mut world = world(on_lock, 1);
        world.network.latency = 300;
        world.set_clock(0, 3_600_000);
        world.tell(0, Input::Locked);
        assert_eq!(world.contexts[0].agent.phase(), Phase::Checking);
        world.run(over);
        assert!(world.all_ended(), "{on_lock:?}");
    }
}

#[test]
fn the_key_that_wakes_the_machine_afterwards_revives_nobody() {
    for on_lock in [OnLock::Warn, OnLock::End] {
        for mono in [true, false] {
            let mut world = world(on_lock, 2);
            // Too late to ask anybody.
            world.network.latency = 600;
            world.tell(0, Input::Locked);
            world.suspend(0, 5_000, mono);
            world.run(5_000);
            world.wake_up(1);
            world.key(1);
            world.run(5_000);
            assert!(world.all_ended(), "{on_lock:?}, monotonic clock {mono}");
        }
    }
}

#[test]
fn it_moves_with_a_clock_that_is_set() {
    for by in [3_600_000, -3_600_000] {
        for notices in [0, 1] {
            let mut world = world(OnLock::Warn, 2);
            let locked = world.now;
            world.tell(0, Input::Locked);
            world.run(1_500);
            world.set_clock(0, by);
            world.tell(notices, Input::Wake);
            world.run(1_500);
            assert_eq!(phases(&mut world), [Phase::Warning; 2], "set by {by}");
            world.run(1_500);
            let ended = ended_after(&world, locked);
            assert!(ended.len() == 2 && ended.iter().all(|ms| (4_000..4_100).contains(ms)));
        }
    }
}

#[test]
fn one_of_which_nobody_has_heard_survives_that_a_clock_is_set() {
    let mut world = world(OnLock::Warn, 2);
    world.set_clock(0, 3_600_000);
    // The one page finds out what it was, the other one that the screen is locked.
    world.tell(1, Input::Wake);
    world.network.loss = 100;
    world.tell(0, Input::Locked);
    world.network.loss = 0;
    world.run(1_000);
    assert_eq!(world.contexts[0].agent.facts().times.era, 1);
    assert_eq!(phases(&mut world), [Phase::Warning; 2]);
    world.run(3_200);
    assert!(world.all_ended());
}

#[test]
fn it_ends_every_token_of_the_group_by_its_own_authority() {
    for on_lock in [OnLock::Warn, OnLock::End] {
        let mut world = World::new(4, Network::GOOD, rules(on_lock));
        world.group = true;
        world.enforces = true;
        for token in 0..3 {
            if token > 0 {
                world.rotate();
            }
            world.open_with(token, 0, true, Wish::default());
        }
        world.run(3_000);
        world.key(2);
        world.run(100);
        world.count_anew();
        world.tell(0, Input::Locked);
        world.run(4_200);
        assert!(world.all_ended(), "{on_lock:?}");
        assert_eq!(world.tally.ends, 3, "each was told");
        assert!((0..3).all(|at| why(&world, at) == Some(EndedBecause::Idle)));
    }
}

#[test]
fn a_dry_run_reports_it_once_and_goes_on_as_after_any_absence() {
    for (on_lock, over) in [(OnLock::Warn, 4_000), (OnLock::End, 0)] {
        let mut world = world_under(Policy { mode: Mode::Observe, ..rules(on_lock) }, 2);
        world.tell(0, Input::Locked);
        let of = |event: &Event| matches!(event, Event::Observed(EndedBecause::Idle));
        let reports = |world: &World| -> Vec<usize> {
            let count = |at: usize| world.contexts[at].events.iter().filter(|e| of(e)).count();
            (0..2).map(count).collect()
        };
        world.run(over + 100);
        assert_eq!(reports(&world), [1, 1], "{on_lock:?}");
        let idle_ms = u64::from(world.contexts[0].agent.facts().times.observed.idle_ms);
        assert!(idle_ms.abs_diff(2_000 + over) < 50, "{on_lock:?}: after {idle_ms} ms");
        world.run(9_800);
        assert_eq!(reports(&world), [1, 1], "{on_lock:?}: once");
        world.run(300);
        assert_eq!(reports(&world), [2, 2], "{on_lock:?}: an idle timeout later");
        assert_eq!((world.tally.ends, world.ended_at().len()), (0, 0));
        // One who comes and locks again is another, also for a page that hears of both at once.
        world.key(1);
        world.run(500);
        world.network.loss = 100;
        world.tell(0, Input::Locked);
        world.network.loss = 0;
        world.run(over + 100);
        assert_eq!(reports(&world), [3, 3], "{on_lock:?}");
    }
}
