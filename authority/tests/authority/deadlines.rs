//! Tokens end on time even if nobody asks.

use serde_json::{Value, json};

use crate::rig::{Served, TIMEOUT_MS, report, report_with_holds};

#[tokio::test]
async fn a_token_about_which_nobody_asks_ends_at_its_deadline() {
    let served = Served::signed_in().await;
    let mut events = served.events().await;
    assert_eq!(events.next().await.unwrap().0, "state");
    served.rig.clock.advance(TIMEOUT_MS);
    let said = json!({ "state": "ended", "because": "idle", "at_ms": TIMEOUT_MS });
    let ended = ("ended".to_owned(), said);
    assert_eq!(events.next().await, Some(ended));
    assert_eq!(events.next().await, None);
    let metrics = served.rig.metrics().await;
    assert!(metrics.contains("stillhere_ends_total{because=\"idle\"} 1\n"), "{metrics}");
    assert!(metrics.contains("stillhere_sessions 0\n"), "{metrics}");
}

#[tokio::test]
async fn a_timer_that_fires_early_waits_for_the_real_deadline() {
    let served = Served::signed_in().await;
    let mut events = served.events().await;
    events.next().await;
    served.rig.clock.advance(10_000);
    served.rig.keep_alive(report(0)).await;
    served.rig.clock.advance(TIMEOUT_MS - 10_000);
    // Asked over the socket, so that the timer has had its turn when the answer comes.
    let state: Value = served.get("/v1/session").send().await.unwrap().json().await.unwrap();
    assert_eq!(state["remaining_ms"], 10_000);
    served.rig.clock.advance(10_000);
    assert_eq!(events.next().await.unwrap().0, "ended");
}

#[tokio::test]
async fn a_hold_that_lapses_before_the_timer_is_noticed_on_time() {
    let served = Served::signed_in().await;
    let mut events = served.events().await;
    events.next().await;
    let call = json!([{ "id": "c1", "reason": "call", "ttl_ms": 5000 }]);
    served.rig.keep_alive(report_with_holds(0, &call)).await;
    let (name, held) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &held["state"]), ("state", &json!("held")));
    served.rig.clock.advance(5000);
    let (name, alive) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &alive["state"]), ("state", &json!("alive")));
    assert_eq!(alive["remaining_ms"], TIMEOUT_MS);
}

#[tokio::test]
async fn a_stricter_policy_ends_what_it_no_longer_allows_without_being_asked() {
    let served = Served::signed_in().await;
    let mut events = served.events().await;
    events.next().await;
    served.rig.clock.advance(400_000);
    served.rig.put_policy("organization", json!({ "idle_timeout_ms": 300_000 })).await;
    let (name, told) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &told["idle_timeout_ms"]), ("policy", &json!(300_000)));
    // Whoever is there has an interval and ten seconds to say so.
    served.rig.clock.advance(30_000 + 10_000 - 1);
    assert_eq!(served.rig.ask().await.json()["remaining_ms"], 1);
    served.rig.clock.advance(1);
    loop {
        let (name, data) = events.next().await.expect("the stream closed before the end");
        if name == "ended" {
            assert_eq!(data["because"], "idle");
            break;
        }
    }
}
