//! All stores do the same: the same random operations on each, and each answer compared.

// Clippy takes only functions marked #[test] for tests; the helpers are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod operation;
#[path = "../redis/server.rs"]
#[expect(dead_code, reason = "the tests of that store also crash it")]
mod server;

use std::{cell::Cell, path::Path, sync::Arc};

use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use stillhere_authority::store::{
    Store,
    embedded::EmbeddedStore,
    memory::MemoryStore,
    redis::{RedisOptions, RedisStore},
};

use crate::{
    operation::{Operation, PATIENCE, World, operations},
    server::Server,
};

/// The stores that have to agree, each new and empty. `case` is another number each time.
async fn stores(server: &Server, folder: &Path, case: u64) -> Vec<(&'static str, Arc<dyn Store>)> {
    let redis = |remembered| {
        let prefix = format!("case {case} {remembered}:");
        let url = server.url();
        async move {
            let options = RedisOptions { prefix, remembered, time_limit: PATIENCE };
            RedisStore::open(&url, options).await.unwrap().0
        }
    };
    vec![
        ("memory", Arc::new(MemoryStore::default())),
        ("file", Arc::new(EmbeddedStore::open(&folder.join(format!("{case}.redb"))).unwrap())),
        ("redis", Arc::new(redis(100_000).await)),
        ("redis that remembers little", Arc::new(redis(4).await)),
    ]
}

async fn compare(
    server: &Server,
    folder: &Path,
    case: u64,
    all: &[Operation],
) -> Result<(), TestCaseError> {
    let mut worlds: Vec<_> = stores(server, folder, case)
        .await
        .into_iter()
        .map(|(name, store)| (name, World::new(store)))
        .collect();
    for (number, operation) in all.iter().enumerate() {
        let mut expected = None;
        for (name, world) in &mut worlds {
            let answer = world.carry_out(operation).await;
            let first = expected.get_or_insert_with(|| answer.clone());
            prop_assert_eq!(&answer, first, "{}, operation {}: {:?}", name, number, operation);
        }
    }
    Ok(())
}

#[test]
fn they_agree_on_every_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..<_>::default() };
    // Run by hand: the server is started once, and each case has names of its own there.
    let case = Cell::new(0);
    let run = |all: Vec<Operation>| {
        case.set(case.get() + 1);
        runtime.block_on(compare(&server, folder.path(), case.get(), &all))
    };
    TestRunner::new(config).run(&operations(), run).unwrap();
}
