//! `GET /v1/session`: extends nothing.

use crate::rig::{Rig, TIMEOUT_MS};

#[tokio::test]
async fn questions_extend_nothing() {
    let rig = Rig::signed_in().await;
    for asked in 1..=9 {
        rig.clock.advance(TIMEOUT_MS / 10);
        let state = rig.ask().await.json();
        assert_eq!(state["state"], "alive");
        assert_eq!(state["idle_ms"], asked * TIMEOUT_MS / 10);
        assert_eq!(state["remaining_ms"], TIMEOUT_MS - asked * TIMEOUT_MS / 10);
    }
    rig.clock.advance(TIMEOUT_MS / 10);
    rig.ask().await.gone("idle");
}
