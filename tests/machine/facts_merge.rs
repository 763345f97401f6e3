//! Merging facts is commutative, associative and idempotent, and facts never shrink.

use proptest::prelude::*;
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Counts, Facts, Hold, Merge, Row, Wish};
use stillhere::core::map::IdMap;
use stillhere::core::moments::{Failure, Times};
use stillhere::core::observed::Observed;
use stillhere::core::policy::{Counted, Mode, OnLock, Policy};
use stillhere::core::wire::{self, Envelope};

const NOW: u64 = 1_000_000;

/// A row is whatever its context wrote under that number; whoever found it gone, and says so under the
/// same, knew it as it was before.
fn row(_: u64, (seq, left): (u32, bool)) -> Row {
    let counts =
        Counts { keystrokes: seq, clicks: seq / 2, heartbeats: 0, notes: seq / 3, system: seq / 5 };
    Row {
        seq,
        token: seq / 4,
        left,
        asleep: seq % 3 == 0,
        visible: !left && seq % 2 == 0,
        streaming: !left,
        counts,
        sent: seq / 2,
        sent_at: u64::from(seq) * 50,
        active_at: u64::from(seq) * 70,
    }
}

/// Who took it, and what for, never changes.
fn hold(id: u64, (released, told, expires, changed): (bool, bool, u64, u64)) -> Hold {
    Hold {
        released,
        expires,
        changed,
        taken: id,
        by: id / 2,
        leased: id % 2 == 1,
        told,
        reason: vec![b'a'; id as usize],
    }
}

fn map<T: std::fmt::Debug, V>(
    part: impl Strategy<Value = T>,
    whole: fn(u64, T) -> V,
) -> impl Strategy<Value = IdMap<V>>
where
    V: std::fmt::Debug,
{
    prop::collection::vec((0u64..4, part), 0..5).prop_map(move |entries| {
        let mut map = IdMap::default();
        for (id, part) in entries {
            map.insert(id, whole(id, part));
        }
        map
    })
}

fn observed() -> impl Strategy<Value = Observed> {
    let because = prop::option::of(prop::sample::select(EndedBecause::ALL.to_vec()));
    (0..9u64, 0..9u32, because, 0..9u32).prop_map(|(at, idle_ms, because, ends)| Observed {
        at,
        idle_ms,
        because,
        ends,
    })
}

fn times() -> impl Strategy<Value = Times> {
    let moments = (0..NOW, 0..NOW, 0..NOW, 0..NOW, 0..NOW, 0..NOW);
    let failure = (0..NOW, 0u16..9, 0..NOW);
    let holds = (any::<bool>(), any::<bool>(), 0..9u64, 0..9u64);
    let times = (0u32..3, moments, failure, observed(), map(holds, hold));
    times.prop_map(|(era, moments, failure, observed, holds)| Times {
        era,
        activity: moments.0,
        locked: moments.5,
        acknowledged: moments.1,
        answered: moments.2,
        sent: moments.3,
        began: moments.3 / 2,
        held_elsewhere: moments.4,
        granted: moments.4 / 2,
        failure: Failure { at: failure.0, in_a_row: failure.1, retry_at: failure.2 },
        observed,
        holds,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    // The rules of one version are one set of rules.
    let policy = prop::option::of((0u64..4, 60_000u64..900_000).prop_map(|(version, idle)| {
        let counts = Counted { system: idle % 2 == 0, ..Counted::ALL };
        let on_lock = OnLock::ALL[idle as usize % 3];
        let times = Policy { warn_before_ms: 20_000, ..Policy::DEFAULT };
        Policy { version, idle_timeout_ms: idle, counts, on_lock, ..times }
    }));
    let duration = || prop::option::of(1_000u64..900_000);
    let wishes = (duration(), duration(), duration(), any::<bool>());
    let wish = wishes.prop_map(|(idle, warn, keepalive, observe)| Wish {
        idle_timeout_ms: idle,
        warn_before_ms: warn,
        keepalive_ms: keepalive,
        mode: if observe { Mode::Observe } else { Mode::Enforce },
    });
    let ended = prop::option::of(prop::sample::select(EndedBecause::ALL.to_vec()));
    (times(), map((0..5u32, any::<bool>()), row), policy, wish, ended).prop_map(
        |(times, rows, policy, wish, ended)| {
            let everywhere = ended == Some(EndedBecause::SignedOut);
            Facts { times, rows, policy, wish, ended, everywhere }
        },
    )
}

fn merged(a: &Facts, b: &Facts) -> Facts {
    let mut all = a.clone();
    all.merge(b);
    all
}

proptest! {
    #[test]
    fn the_order_does_not_matter(a in facts(), b in facts()) {
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
    }

    #[test]
    fn the_grouping_does_not_matter(a in facts(), b in facts(), c in facts()) {
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
    }

    #[test]
    fn doubling_does_not_matter(a in facts(), b in facts()) {
        prop_assert_eq!(merged(&a, &a), a.clone());
        let once = merged(&a, &b);
        prop_assert_eq!(merged(&once, &b), once);
    }

    #[test]
    fn facts_never_shrink(a in facts(), b in facts()) {
        let both = merged(&a, &b);
        prop_assert_eq!(merged(&both, &a), both.clone(), "nothing of a is lost");
        prop_assert!(both.times.era >= a.times.era);
        if both.times.era == a.times.era {
            prop_assert!(both.times.activity >= a.times.activity);
            prop_assert!(both.times.locked >= a.times.locked);
            prop_assert!(both.times.acknowledged >= a.times.acknowledged);
            prop_assert!(both.times.observed.at >= a.times.observed.at);
            prop_assert!(both.times.observed.ends >= a.times.observed.ends);
        }
        prop_assert!(both.rows.len() >= a.rows.len());
        prop_assert!(both.wish.mode <= a.wish.mode, "the stricter wins");
        prop_assert!(a.ended.is_none() || both.ended.is_some());
        let version = |facts: &Facts| facts.policy.as_ref().map(|policy| policy.version);
        prop_assert!(version(&both) >= version(&a));
    }

    #[test]
    fn what_is_sent_is_what_is_read(a in facts(), from in any::<u64>(), hello in any::<bool>()) {
        let envelope = Envelope { from, hello, facts: a };
        let bytes = wire::encode(&envelope).expect("encodes");
        prop_assert_eq!(wire::decode(&bytes, NOW, 0), Ok(envelope));
    }
}
