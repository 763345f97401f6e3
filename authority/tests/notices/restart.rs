//! Where a receiver is survives the process: nothing is lost, and only what was not acknowledged is
//! sent again, under the name that it had.

use std::sync::Arc;

use stillhere_authority::{clock::ManualClock, store::embedded::EmbeddedStore};
use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, Says},
    rig::{Rig, START_MS, webhook},
};

#[tokio::test]
async fn after_a_crash_what_was_not_acknowledged_comes_again() {
    let never = Says::Held(Arc::new(Semaphore::new(0)), 204);
    let says = [Says::Status(204), never, Says::Status(204)];
    let mut fake = Fake::that_says(says).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.redb");
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Arc::new(EmbeddedStore::open(&path).unwrap());
    let rig = Rig::with(&webhook(&fake), clock.clone(), store).await;
    for user in ["ann", "bob", "cid"] {
        rig.one_end(user).await;
    }
    assert_eq!(fake.next().await.user(), "ann");
    let unanswered = fake.next().await;
    assert_eq!(unanswered.user(), "bob");
    rig.kill().await;
    let store = loop {
        // Tasks that were aborted let go of the file when they are next looked at.
        if let Ok(store) = EmbeddedStore::open(&path) {
            break Arc::new(store);
        }
        tokio::task::yield_now().await;
    };
    let rig = Rig::with(&webhook(&fake), clock, store).await;
    let again = fake.next().await;
    assert_eq!(again.user(), "bob");
    assert_eq!(again.header("webhook-id"), unanswered.header("webhook-id"));
    assert_eq!(fake.next().await.user(), "cid");
    rig.until_crm("notices_lag", 0).await;
    fake.is_silent();
}

#[tokio::test]
async fn an_orderly_stop_waits_for_the_answer_and_sends_nothing_twice() {
    let permits = Arc::new(Semaphore::new(0));
    let mut fake = Fake::that_says([Says::Held(permits.clone(), 204), Says::Status(204)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.redb");
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Arc::new(EmbeddedStore::open(&path).unwrap());
    let rig = Rig::with(&webhook(&fake), clock.clone(), store.clone()).await;
    rig.one_end("ann").await;
    fake.next().await;
    rig.one_end("bob").await;
    let stopping = tokio::spawn(rig.stop());
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished(), "it did not wait");
    permits.add_permits(1);
    stopping.await.unwrap();
    fake.is_silent();
    let rig = Rig::with(&webhook(&fake), clock, store).await;
    assert_eq!(fake.next().await.user(), "bob");
    rig.until_crm("notices_lag", 0).await;
    fake.is_silent();
}
