//! panva's oidc-provider in a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use stillhere_authority::{
    clock::{Clock, SystemClock},
    issuers::{IntrospectionSettings, JwtIssuer, JwtSettings},
};

pub const AUDIENCE: &str = "https://stillhere.example";
pub const CLIENT: (&str, &str) = ("authority:1", "s+e cret%:-of-the-authority");

pub struct Provider {
    pub issuer: String,
    process: Child,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    pub fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        // Its input is a pipe that closes with this process: then it ends by itself.
        let mut process = Command::new("node")
            .arg(root.join("tests/servers/oidc-provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node is needed");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Ok(hello) = serde_json::from_str::<Value>(&line) else {
            let mut why = String::new();
            process.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("the provider did not start; was npm ci run? {why}");
        };
        Self { issuer: hello["issuer"].as_str().unwrap().to_owned(), process }
    }

    /// One for all tests that leave its keys alone.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Provider> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub fn jwt_settings(&self, algorithms: &[&str]) -> JwtSettings {
        JwtSettings::new(&self.issuer, format!("{}/jwks", self.issuer), AUDIENCE, algorithms)
    }

    pub fn jwt_issuer(&self) -> JwtIssuer {
        JwtIssuer::new(self.jwt_settings(&["RS256"])).unwrap()
    }

    pub fn introspection_settings(&self) -> IntrospectionSettings {
        let endpoint = format!("{}/token/introspection", self.issuer);
        IntrospectionSettings::new(endpoint, CLIENT.0, CLIENT.1)
    }

    pub async fn mint(&self, wish: Value) -> String {
        self.control("mint", wish).await["token"].as_str().unwrap().to_owned()
    }

    /// A JWT of user ann for the authority.
    pub async fn mint_jwt(&self) -> String {
        self.mint(json!({ "user": "ann", "audience": AUDIENCE })).await
    }

    pub async fn forge(&self, wish: Value) -> String {
        self.control("forge", wish).await["token"].as_str().unwrap().to_owned()
    }

    pub async fn rotate(&self) {
        self.control("rotate", json!({})).await;
    }

    /// A call as the client `app`.
    pub async fn call(&self, path: &str, form: &str) -> String {
        let request = reqwest::Client::new()
            .post(format!("{}{path}", self.issuer))
            .basic_auth("app", Some("secret-of-the-app"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    async fn control(&self, name: &str, wish: Value) -> Value {
        let url = format!("{}/control/{name}", self.issuer);
        let answer = reqwest::Client::new().post(url).json(&wish).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }
}

/// The time by which the provider issues its tokens, in Unix milliseconds.
pub fn now_ms() -> u64 {
    SystemClock::start().now_ms()
}
