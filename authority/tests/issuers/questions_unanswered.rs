//! The issuer gives no answer about a token, or none that can be used.

use serde_json::json;
use stillhere_authority::issuers::{IntrospectionIssuer, IntrospectionSettings, Issuer, Rejected};

use crate::{
    fake::{Fake, Says, nobody, short_limits, soon},
    signer::NOW_MS,
};

/// Why nothing is known about a token that is asked about there.
async fn unreachable(settings: IntrospectionSettings) -> String {
    let issuer = IntrospectionIssuer::new(settings).unwrap();
    match issuer.identify("anns-opaque-token", NOW_MS).await {
        Err(Rejected::Unreachable(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn why(says: Says) -> String {
    let fake = Fake::that_says(says).await;
    unreachable(fake.introspection_settings()).await
}

#[tokio::test]
async fn nobody_listens() {
    let settings = IntrospectionSettings::new(nobody().await, "client", "secret");
    assert!(unreachable(settings).await.contains("Connection refused"));
}

#[tokio::test]
async fn no_answer_in_time() {
    for says in [Says::Nothing, Says::Half] {
        let fake = Fake::that_says(says).await;
        let limits = short_limits();
        let settings = IntrospectionSettings { limits, ..fake.introspection_settings() };
        assert!(soon(unreachable(settings)).await.contains("within 100ms"));
    }
}

#[tokio::test]
async fn an_answer_without_end() {
    assert!(why(Says::Endless).await.contains("longer than 65536 bytes"));
}

#[tokio::test]
async fn an_answer_that_points_elsewhere() {
    let elsewhere = Fake::that_says(Says::Json(json!({ "active": true, "sub": "eve" }))).await;
    assert!(why(Says::Redirect(elsewhere.url.clone())).await.contains("redirect"));
    assert_eq!(elsewhere.asked(), 0);
}

#[tokio::test]
async fn an_answer_about_something_else() {
    for status in [400, 403, 404, 429, 500, 503] {
        assert!(why(Says::Status(status)).await.contains(&status.to_string()));
    }
    for text in ["", "<html>", "[]", "\"anns-opaque-token\""] {
        let why = why(Says::Text(text)).await;
        assert!(why.contains("no JSON object"), "{why}");
        assert!(!why.contains("anns"), "{why}");
    }
    for active in [json!({ "sub": "ann" }), json!({ "active": "true", "sub": "ann" })] {
        assert!(why(Says::Json(active)).await.contains("whether it is active"));
    }
}
