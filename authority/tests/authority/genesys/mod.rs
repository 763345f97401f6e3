//! The face that the SDK of Genesys Cloud knows.

mod errors;
mod settings;
mod timeout;
mod tokens;

use axum::http::Method;
use serde_json::Value;
use stillhere_authority::{
    Settings,
    admins::{AdminToken, Scope},
};

use crate::rig::{ADMIN, Answer, Rig, TOKEN, settings as rig_settings};

const ME: &str = "/api/v2/tokens/me";
const TIMEOUT: &str = "/api/v2/tokens/timeout";
const SETTINGS: &str = "/api/v2/organizations/authentication/settings";
/// The token of an administrator who may see sessions and nothing else.
const WATCHER: &str = "a-token-to-watch-sessions";

impl Answer {
    /// Asserts that the answer is an error in that product's form and gives it.
    #[track_caller]
    fn error(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json");
        let error = self.json();
        assert_eq!(error["status"], status);
        assert_eq!(error["code"], code);
        for field in ["message", "messageWithParams", "contextId"] {
            assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
        let message = error["message"].as_str().unwrap();
        assert!(!message.contains(['{', '}']), "{message}");
        assert!(error["messageParams"].is_object() && error["details"].is_array(), "{error}");
        assert_eq!(error["errors"], Value::Array(Vec::new()));
        assert_eq!(error["contextId"], self.header("inin-correlation-id"));
        error
    }
}

async fn watched() -> Rig {
    let mut settings: Settings = rig_settings();
    let scopes = vec![Scope::SessionsRead];
    settings.admins.push(AdminToken { scopes, ..AdminToken::of_all_scopes("watcher", WATCHER) });
    let rig = Rig::with(settings);
    rig.register(TOKEN, "ann").await;
    rig
}

async fn put(rig: &Rig, body: Value) -> Answer {
    rig.call(Method::PUT, TIMEOUT, ADMIN, Some(body)).await
}

async fn patch(rig: &Rig, body: Value) -> Answer {
    rig.call(Method::PATCH, SETTINGS, ADMIN, Some(body)).await
}

async fn policies(rig: &Rig) -> Value {
    rig.admin(Method::GET, "/v1/admin/policy", None).await
}
