//! Figures, for whoever asks: `cargo test --release --test redis -- --ignored --nocapture`.

use std::{sync::Arc, time::Instant};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use stillhere_authority::store::Store;
use tokio::task::JoinSet;

use crate::{
    rig::{key, node, record, touch},
    server::Server,
};

const TASKS: u64 = 64;
const TURNS: u64 = 2000;

/// How often per second all tasks together did their work.
#[expect(clippy::disallowed_methods, reason = "how long it takes is measured")]
async fn per_second<F: Future<Output = ()> + Send + 'static>(work: impl Fn(u64) -> F) -> f64 {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    (0..TASKS).for_each(|task| drop(tasks.spawn(work(task))));
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    (TASKS * TURNS) as f64 / started.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures and asserts nothing"]
async fn touches_and_bare_reads() {
    let server = Server::start();
    let node = Arc::new(node(&server.url()).await);
    for number in 0..TASKS {
        node.insert(key(number), record()).await.unwrap();
    }
    let touches = per_second(|task| {
        let node = node.clone();
        async move {
            for _ in 0..TURNS {
                touch(&*node, &key(task)).await.unwrap();
            }
        }
    });
    println!("{:.0} touches/s by {TASKS} tasks", touches.await);
    let client = redis::Client::open(server.url()).unwrap();
    let config = ConnectionManagerConfig::new().set_pipeline_buffer_size(1024);
    let manager = ConnectionManager::new_with_config(client, config).await.unwrap();
    let reads = per_second(|task| {
        let mut manager = manager.clone();
        async move {
            let name = format!("stillhere:record:{}", key(task).id());
            for _ in 0..TURNS {
                let mut read = redis::cmd("GETEX");
                read.arg(&name).arg("PX").arg(900_000);
                let value: Vec<u8> = read.query_async(&mut manager).await.unwrap();
                assert!(!value.is_empty());
            }
        }
    });
    println!("{:.0} bare GETEX/s by {TASKS} tasks", reads.await);
}
