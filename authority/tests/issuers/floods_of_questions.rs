//! Tokens that strangers invent do not make the authority a nuisance to the issuer.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use stillhere_authority::issuers::{IntrospectionIssuer, IntrospectionSettings, Issuer, Rejected};
use tokio::sync::Semaphore;

use crate::{
    fake::{Fake, Says, short_limits},
    signer::NOW_MS,
};

#[tokio::test]
async fn a_refused_token_is_asked_about_once_in_five_seconds() {
    let fake = Fake::that_says(Says::Json(json!({ "active": false }))).await;
    let issuer = fake.introspection_issuer();
    for millisecond in 0..5000 {
        let refused = issuer.identify("invented", NOW_MS + millisecond).await;
        assert!(matches!(refused, Err(Rejected::Invalid(_))), "{refused:?}");
    }
    assert_eq!(fake.asked(), 1);
    fake.now_says(Says::Json(json!({ "active": true, "sub": "ann" })));
    // Others are not refused with it.
    assert_eq!(issuer.identify("anns", NOW_MS).await.unwrap().user, "ann");
    assert_eq!(issuer.identify("invented", NOW_MS + 5000).await.unwrap().user, "ann");
}

#[tokio::test]
async fn who_waited_while_it_was_refused_does_not_ask_again() {
    let permits = Arc::new(Semaphore::new(0));
    let fake = Fake::that_says(Says::Held(permits.clone(), json!({ "active": false }))).await;
    let settings = IntrospectionSettings { max_at_once: 1, ..fake.introspection_settings() };
    let issuer = IntrospectionIssuer::new(settings).unwrap();
    let flood = join_all((0..50).map(|_| issuer.identify("invented", NOW_MS)));
    let release = async {
        fake.until_asked(1).await;
        permits.add_permits(50);
    };
    let (refused, ()) = tokio::join!(flood, release);
    assert!(refused.iter().all(|refused| matches!(refused, Err(Rejected::Invalid(_)))));
    assert_eq!(fake.asked(), 1);
}

#[tokio::test]
async fn only_so_many_questions_are_under_way() {
    let permits = Arc::new(Semaphore::new(0));
    let fake = Fake::that_says(Says::Held(permits.clone(), json!({ "active": false }))).await;
    let settings = IntrospectionSettings { max_at_once: 3, ..fake.introspection_settings() };
    let issuer = IntrospectionIssuer::new(settings).unwrap();
    let tokens: Vec<_> = (0..20).map(|n| format!("invented-{n}")).collect();
    let flood = join_all(tokens.iter().map(|token| issuer.identify(token, NOW_MS)));
    let release = async {
        for answered in 0..20 {
            let under_way = 3.min(20 - answered);
            fake.until_asked(answered + under_way).await;
            // Time enough for one more to come, if it could.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(fake.asked(), answered + under_way);
            permits.add_permits(1);
        }
    };
    tokio::join!(flood, release);
}

#[tokio::test]
async fn nobody_waits_for_a_turn_longer_than_for_an_answer() {
    let fake = Fake::that_says(Says::Nothing).await;
    let settings = IntrospectionSettings {
        max_at_once: 1,
        limits: short_limits(),
        ..fake.introspection_settings()
    };
    let issuer = IntrospectionIssuer::new(settings).unwrap();
    let tokens: Vec<_> = (0..10).map(|n| format!("invented-{n}")).collect();
    let flood = join_all(tokens.iter().map(|token| issuer.identify(token, NOW_MS)));
    let refused = flood.await;
    assert!(refused.iter().all(|refused| matches!(refused, Err(Rejected::Unreachable(_)))));
    // One may get its turn in the moment in which the first gives up.
    assert!(fake.asked() <= 2, "{}", fake.asked());
}

#[tokio::test]
async fn what_the_issuer_did_not_answer_is_not_held_against_the_token() {
    let fake = Fake::that_says(Says::Status(503)).await;
    let issuer = fake.introspection_issuer();
    assert!(matches!(issuer.identify("anns", NOW_MS).await, Err(Rejected::Unreachable(_))));
    fake.now_says(Says::Text("<html>maintenance</html>"));
    assert!(matches!(issuer.identify("anns", NOW_MS).await, Err(Rejected::Unreachable(_))));
    fake.now_says(Says::Json(json!({ "active": true, "sub": "ann" })));
    assert_eq!(issuer.identify("anns", NOW_MS).await.unwrap().user, "ann");
}
