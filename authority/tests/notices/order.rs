//! A receiver hears of ends in their order, and holds up nobody but itself.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, Says},
    rig::{Rig, webhook, webhook_named},
};

#[tokio::test]
async fn later_ends_wait_for_an_earlier_one() {
    let mut fake = Fake::that_says([Says::Status(500), Says::Status(204)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    rig.one_end("ann").await;
    assert_eq!(fake.next().await.user(), "ann");
    rig.until_crm("notice_attempts_failed_total", 1).await;
    for user in ["bob", "cid", "dan"] {
        rig.one_end(user).await;
    }
    rig.everybody_had_a_turn().await;
    fake.is_silent();
    rig.clock.advance(5000);
    assert_eq!(fake.users(4).await, ["ann", "bob", "cid", "dan"]);
    rig.until_crm("notices_delivered_total", 4).await;
}

#[tokio::test]
async fn a_slow_receiver_does_not_hold_up_another() {
    let permits = Arc::new(Semaphore::new(0));
    let mut slow = Fake::that_says([Says::Held(permits.clone(), 204)]).await;
    let mut quick = Fake::new().await;
    let config = format!("{}{}", webhook_named("slow", &slow), webhook_named("quick", &quick));
    let rig = Rig::new(&config).await;
    for user in ["ann", "bob"] {
        rig.one_end(user).await;
    }
    assert_eq!(quick.users(2).await, ["ann", "bob"]);
    assert_eq!(slow.next().await.user(), "ann");
    slow.is_silent();
    rig.until("notices_lag{kind=\"webhook\",receiver=\"quick\"} 0").await;
    permits.add_permits(2);
    assert_eq!(slow.next().await.user(), "bob");
}

#[tokio::test]
async fn more_ends_than_are_read_at_a_time_all_arrive() {
    let mut fake = Fake::that_says([Says::Status(500), Says::Status(204)]).await;
    let rig = Rig::new(&webhook(&fake)).await;
    let users: Vec<_> = (0..600).map(|number| format!("user-{number}")).collect();
    rig.one_end(&users[0]).await;
    fake.next().await;
    rig.until_crm("notice_attempts_failed_total", 1).await;
    for user in &users[1..] {
        rig.one_end(user).await;
    }
    rig.clock.advance(5000);
    assert_eq!(fake.users(600).await, users);
    rig.until_crm("notices_lag", 0).await;
}
