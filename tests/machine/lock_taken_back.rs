//! What takes a lock back, and what is no newer activity (docs/decisions/screen-lock.md).

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::Kind;
use stillhere::core::input::Input;
use stillhere::core::policy::{OnLock, Policy};
use stillhere::core::rules::Phase;
use stillhere::core::wire::{self, Envelope};
use stillhere_session::session::Session;

use crate::locked::{ended_after, phases, rules, why, world, world_under};

#[test]
fn whoever_is_back_takes_it_back() {
    let mut world = world(OnLock::Warn, 3);
    world.tell(0, Input::Locked);
    world.run(3_500);
    assert_eq!(world.phase(1), Phase::Warning);
    world.key(2);
    world.run(20);
    assert_eq!(phases(&mut world), [Phase::Active; 3]);
    world.run(5_000);
    assert_eq!(phases(&mut world), [Phase::Active; 3], "the idle time counts from that key");
    world.run(5_100);
    assert!(world.all_ended());
}

#[test]
fn a_key_of_before_it_that_is_heard_late_does_not() {
    for (on_lock, over) in [(OnLock::Warn, 4_100), (OnLock::End, 100)] {
        let mut world = world(on_lock, 2);
        world.tell(0, Input::Locked);
        world.run(10);
        world.tell(1, Input::Activity { kind: Kind::Keystroke, age_ms: 1_000 });
        world.run(over);
        assert!(world.all_ended(), "{on_lock:?}");
    }
}

#[test]
fn a_heartbeat_may_tell_of_the_second_before_it() {
    for (after, lives) in [(5, false), (999, false), (1_000, true)] {
        let mut world = world(OnLock::Warn, 2);
        world.tell(0, Input::Locked);
        world.run(after);
        world.tell(1, Input::Activity { kind: Kind::Heartbeat, age_ms: 0 });
        world.run(4_900 - after);
        assert_eq!(!world.all_ended(), lives, "{after} ms after the lock");
    }
}

#[test]
fn the_key_that_locks_the_screen_is_not_newer_however_slow_the_authority_is() {
    for (on_lock, over) in [(OnLock::Warn, 6_000), (OnLock::End, 2_000)] {
        // The next request may be quicker than the first on a new connection.
        for next in [400, 5] {
            let mut world = world(on_lock, 2);
            world.run(1_000);
            world.network.latency = 400;
            world.key(0);
            world.run(100);
            assert!(world.tally.in_flight > 0, "the keep-alive is under way");
            world.network.latency = next;
            world.key(0);
            world.run(30);
            world.tell(0, Input::Locked);
            world.run(over);
            assert!(world.all_ended(), "{on_lock:?}, {next} ms");
            assert_eq!(why(&world, 1), Some(EndedBecause::Idle));
        }
    }
}

#[test]
fn nothing_that_is_known_is_newer_though_another_clock_is_ahead() {
    let mut world = world(OnLock::End, 2);
    let mut facts = world.contexts[1].agent.facts().clone();
    facts.times.activity = world.now + 2_000;
    let bytes = wire::encode(&Envelope { from: 9, hello: false, facts }).unwrap();
    world.tell(0, Input::Message(&bytes));
    world.tell(0, Input::Locked);
    world.run(2_500);
    assert!(world.all_ended());
}

/// A minute of idle time and a warning of 20 s.
fn longer(on_lock: OnLock) -> Policy {
    let times = Policy { idle_timeout_ms: 60_000, warn_before_ms: 20_000, ..rules(on_lock) };
    Policy { keepalive_ms: 5_000, ..times }
}

#[test]
fn whoever_works_elsewhere_since_keeps_the_session() {
    let mut world = world_under(longer(OnLock::Warn), 2);
    world.run(8_000);
    world.tell(0, Input::Locked);
    world.run(5_000);
    assert_eq!(world.phase(0), Phase::Warning);
    world.active_elsewhere(0);
    world.run(20_000);
    assert_eq!(phases(&mut world), [Phase::Active; 2], "the authority knew of it at the deadline");
    assert_eq!(world.tally.ends, 0);
}

#[test]
fn however_soon_they_are_there() {
    // A frame in another site's page, say, of which these pages hear by the authority alone.
    for (key, latency) in [(3_000, 5), (0, 5), (0, 400)] {
        let mut world = world_under(longer(OnLock::Warn), 2);
        world.network.latency = latency;
        world.run(6_000);
        world.key(0);
        world.run(key + 50);
        world.tell(0, Input::Locked);
        world.run(latency + 1_000);
        world.active_elsewhere(0);
        world.run(40_000);
        assert_eq!(phases(&mut world), [Phase::Active; 2], "locked {key} ms after the key");
    }
}

#[test]
fn whoever_worked_elsewhere_before_does_not() {
    for on_lock in [OnLock::Warn, OnLock::End] {
        let mut world = world_under(longer(on_lock), 2);
        world.run(20_000);
        world.active_elsewhere(500);
        world.tell(0, Input::Locked);
        world.run(20_100);
        assert!(world.all_ended(), "{on_lock:?}");
        assert_eq!(world.tally.ends, 1);
    }
}

#[test]
fn a_hold_keeps_the_session_and_its_release_is_activity() {
    for on_lock in [OnLock::Warn, OnLock::End] {
        let mut world = world(on_lock, 2);
        world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 0 });
        world.run(1_000);
        world.tell(0, Input::Locked);
        world.run(30_000);
        assert_eq!(phases(&mut world), [Phase::Held; 2], "{on_lock:?}");
        world.tell(1, Input::Release(1));
        world.run(5_500);
        assert_eq!(phases(&mut world), [Phase::Active; 2], "{on_lock:?}: the call was ended");
        world.run(5_000);
        assert!(world.all_ended());
    }
}

#[test]
fn a_hold_that_lapses_is_as_one_that_is_released() {
    for on_lock in [OnLock::Warn, OnLock::End] {
        let mut world = world(on_lock, 2);
        world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 9_000 });
        world.run(1_000);
        world.tell(0, Input::Locked);
        world.run(7_900);
        assert_eq!(phases(&mut world), [Phase::Held; 2]);
        let lapsed = world.now + 100;
        world.run(5_500);
        assert_eq!(phases(&mut world), [Phase::Active; 2], "{on_lock:?}: as the authority reckons");
        world.run(5_000);
        let ended = ended_after(&world, lapsed);
        assert!(ended.len() == 2 && ended.iter().all(|ms| *ms >= 10_000), "{on_lock:?}");
        // By what is known here too, where nobody can be asked.
        let mut world = crate::locked::world(on_lock, 2);
        world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 6_000 });
        world.run(1_000);
        world.tell(0, Input::Locked);
        world.authority_up = false;
        world.run(7_000);
        assert_eq!(phases(&mut world), [Phase::Active; 2], "{on_lock:?}");
        // What follows is locked anew.
        let mut world = crate::locked::world(on_lock, 2);
        world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 3_000 });
        world.run(4_000);
        world.tell(0, Input::Locked);
        world.run(4_200);
        assert!(world.all_ended(), "{on_lock:?}");
    }
}

#[test]
fn another_token_is_no_activity() {
    for latency in [5, 300] {
        let mut world = world(OnLock::Warn, 2);
        world.network.latency = latency;
        world.run(1_000);
        world.key(0);
        let active_at = world.now;
        world.run(latency + 10);
        world.tell(0, Input::Locked);
        world.run(1_500);
        world.rotate();
        // Of a sign-in that goes on.
        world.session = Session::begun(world.now, active_at, &world.policy);
        for at in 0..2 {
            world.take_new_token(at);
        }
        world.run(1_500);
        assert_eq!(phases(&mut world), [Phase::Warning; 2], "latency {latency}");
        world.run(2_500);
        assert!(world.all_ended(), "latency {latency}");
    }
}

#[test]
fn a_key_after_it_is_heard_of_before_a_call_that_is_over_no_longer_counts() {
    let mut world = world(OnLock::End, 3);
    world.tell(1, Input::Hold { id: 1, reason: b"call", ttl_ms: 40_000 });
    world.run(100);
    world.tell(1, Input::Release(1));
    world.run(500);
    // The authority, which is told of the release with the next keep-alive, calls it held.
    world.tell(0, Input::Locked);
    world.run(1_600);
    assert_eq!(world.phase(0), Phase::Held);
    world.key(1);
    world.run(3_000);
    assert_eq!(phases(&mut world), [Phase::Active; 3]);
}
