//! Many nodes change the same record at once, and no change is lost.

use std::sync::Arc;

use oorandom::Rand64;
use stillhere::core::{ended::EndedBecause, policy::Policy};
use stillhere_authority::store::{Effect, Log, Record, Store, Weight, redis::RedisStore};
use tokio::task::JoinSet;

use crate::{
    rig::{START_MS, is_revoked, key, known, node, owner, record_of},
    server::Server,
};

const TOKENS: u64 = 3;
const STEPS: u64 = 60;

/// What one task did that must be there in the end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Done {
    touches: [u64; TOKENS as usize],
    lines: u64,
    moves: u64,
}

/// Touches, moves deadlines and writes lines, as the seed says.
async fn work(node: Arc<RedisStore>, seed: u64) -> Done {
    let (mut random, mut done) = (Rand64::new(u128::from(seed)), Done::default());
    for step in 0..STEPS {
        let (token, kind) = (random.rand_range(0..TOKENS), random.rand_range(0..4));
        let mut change = |record: &mut Record| {
            record.keepalives += 1;
            let line = (kind == 0).then(|| format!("{seed} {step}"));
            if kind == 1 {
                record.due_at += 1;
            }
            let weight = if kind == 2 { Weight::Standing } else { Weight::Activity };
            Effect { weight, line }
        };
        assert!(node.update(&key(token), &mut change).await.unwrap());
        done.touches[usize::try_from(token).unwrap()] += 1;
        done.lines += u64::from(kind == 0);
        done.moves += u64::from(kind == 1);
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_activity_and_no_line_is_lost() {
    let server = Server::start();
    let nodes = [Arc::new(node(&server.url()).await), Arc::new(node(&server.url()).await)];
    for token in 0..TOKENS {
        nodes[0].insert(key(token), record_of(owner("ann", None), START_MS)).await.unwrap();
    }
    let mut tasks = JoinSet::new();
    for seed in 0..8_usize {
        tasks.spawn(work(nodes[seed % 2].clone(), seed as u64));
    }
    let mut all = Done::default();
    while let Some(done) = tasks.join_next().await {
        let done = done.unwrap();
        for (sum, more) in all.touches.iter_mut().zip(done.touches) {
            *sum += more;
        }
        all.lines += done.lines;
        all.moves += done.moves;
    }
    let mut found = Done::default();
    for token in 0..TOKENS {
        let record = known(&*nodes[1], &key(token)).await;
        found.touches[usize::try_from(token).unwrap()] = record.keepalives;
        found.moves += record.due_at - START_MS;
    }
    let lines = nodes[0].lines_after(Log::Ends, 0, usize::MAX).await.unwrap();
    found.lines = lines.len() as u64;
    assert_eq!(found, all);
    assert!(lines.iter().zip(1..).all(|((number, _), expected)| *number == expected));
    let mut texts: Vec<_> = lines.iter().map(|(_, text)| text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), lines.len(), "each line was written once");
}

/// One node revokes in the midst of touches from two: whatever comes after is no touch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_never_undone() {
    let server = Server::start();
    let nodes = [Arc::new(node(&server.url()).await), Arc::new(node(&server.url()).await)];
    for round in 0..20 {
        let token = key(round);
        nodes[0].insert(token, record_of(owner("ann", None), START_MS)).await.unwrap();
        let mut tasks = JoinSet::new();
        for (number, node) in nodes.iter().cycle().take(6).cloned().enumerate() {
            tasks.spawn(async move {
                for step in 0..10 {
                    if number == 0 && step == 5 {
                        let mut end = |record: &mut Record| {
                            record.session.end(START_MS, &Policy::DEFAULT, EndedBecause::Revoked);
                            Effect { weight: Weight::Standing, line: None }
                        };
                        node.update(&token, &mut end).await.unwrap();
                    } else {
                        crate::rig::touch(&*node, &token).await.unwrap();
                    }
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let record = known(&*nodes[1], &token).await;
        assert!(is_revoked(&record), "round {round}: {record:?}");
    }
}
