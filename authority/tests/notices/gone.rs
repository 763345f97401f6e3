//! A receiver that says 410 is left alone until the authority starts again.

use std::sync::Arc;

use stillhere_authority::{clock::ManualClock, store::memory::MemoryStore};

use crate::{
    fake::{Fake, Says},
    rig::{Rig, START_MS, webhook},
};

#[tokio::test]
async fn it_is_told_nothing_more_until_a_restart_and_then_all_of_it() {
    let mut fake = Fake::that_says([Says::Status(410)]).await;
    let clock = Arc::new(ManualClock::new(START_MS));
    let store = Arc::new(MemoryStore::default());
    let rig = Rig::with(&webhook(&fake), clock.clone(), store.clone()).await;
    rig.one_end("ann").await;
    fake.next().await;
    rig.until_crm("notice_receivers_disabled", 1).await;
    rig.one_end("bob").await;
    rig.clock.advance(48 * 60 * 60 * 1000);
    rig.everybody_had_a_turn().await;
    fake.is_silent();
    rig.stop().await;
    fake.now_says(Says::Status(200));
    let rig = Rig::with(&webhook(&fake), clock, store).await;
    rig.until_crm("notice_receivers_disabled", 0).await;
    assert_eq!(fake.users(2).await, ["ann", "bob"]);
    rig.until_crm("notices_delivered_total", 2).await;
}
