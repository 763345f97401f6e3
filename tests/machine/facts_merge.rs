//! Merging facts is commutative, associative and idempotent, and facts never shrink.

use proptest::prelude::*;
use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::{Counts, Facts, Failure, Hold, Merge, Row, Times, Wish};
use stillhere::core::map::IdMap;
use stillhere::core::policy::Policy;
use stillhere::core::wire::{self, Envelope};

const NOW: u64 = 1_000_000;

fn row() -> impl Strategy<Value = Row> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (0u32..5, flags, 0u32..9, 0u32..4, 0..NOW).prop_map(|(seq, flags, keys, sent, at)| Row {
        seq,
        left: flags.0,
        asleep: flags.0 && flags.1,
        visible: flags.1,
        streaming: flags.2,
        counts: Counts { keystrokes: keys, clicks: keys / 2, heartbeats: 0, notes: sent },
        sent,
        sent_at: at,
        active_at: at / 2,
    })
}

fn hold() -> impl Strategy<Value = Hold> {
    let flags = (any::<bool>(), any::<bool>());
    (flags, 0..NOW, 0u64..3, "[a-c]{0,3}").prop_map(|((released, told), expires, by, reason)| {
        Hold {
            released,
            expires,
            changed: expires / 2,
            taken: expires / 3,
            by,
            leased: by == 1,
            told,
            reason: reason.into_bytes(),
        }
    })
}

fn map<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = IdMap<V>> {
    prop::collection::vec((0u64..4, value), 0..5).prop_map(|entries| {
        let mut map = IdMap::default();
        for (id, value) in entries {
            map.insert(id, value);
        }
        map
    })
}

fn times() -> impl Strategy<Value = Times> {
    let moments = (0..NOW, 0..NOW, 0..NOW, 0..NOW, 0..NOW);
    let failure = (0..NOW, 0u16..9, 0..NOW);
    (0u32..3, moments, failure, map(hold())).prop_map(|(era, moments, failure, holds)| Times {
        era,
        activity: moments.0,
        acknowledged: moments.1,
        answered: moments.2,
        sent: moments.3,
        began: moments.3 / 2,
        held_elsewhere: moments.4,
        granted: moments.4 / 2,
        failure: Failure { at: failure.0, in_a_row: failure.1, retry_at: failure.2 },
        holds,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let policy = prop::option::of((0u64..4, 60_000u64..900_000).prop_map(|(version, idle)| {
        Policy { version, idle_timeout_ms: idle, warn_before_ms: 20_000, ..Policy::DEFAULT }
    }));
    let duration = || prop::option::of(1_000u64..900_000);
    let wish = (duration(), duration(), duration()).prop_map(|(idle, warn, keepalive)| Wish {
        idle_timeout_ms: idle,
        warn_before_ms: warn,
        keepalive_ms: keepalive,
    });
    let ended = prop::option::of(prop::sample::select(EndedBecause::ALL.to_vec()));
    (times(), map(row()), policy, wish, ended)
        .prop_map(|(times, rows, policy, wish, ended)| Facts { times, rows, policy, wish, ended })
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
            prop_assert!(both.times.acknowledged >= a.times.acknowledged);
        }
        prop_assert!(both.rows.len() >= a.rows.len());
        prop_assert!(a.ended.is_none() || both.ended.is_some());
        prop_assert!(both.policy >= a.policy);
    }

    #[test]
    fn what_is_sent_is_what_is_read(a in facts(), from in any::<u64>(), hello in any::<bool>()) {
        let envelope = Envelope { from, hello, facts: a };
        let bytes = wire::encode(&envelope).expect("encodes");
        prop_assert_eq!(wire::decode(&bytes, NOW, 0), Ok(envelope));
    }
}
