//! The heads of requests as a browser sends them. They are recorded by `bench/scale.mjs` from a real
//! one; without a record there is the least that the authority takes.

use serde::Deserialize;

/// A URL with a preflight of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Url {
    /// `/v1/keepalive`.
    KeepAlive,
    /// `/v1/session`.
    Session,
    /// `/v1/events`.
    Events,
}

/// What stands for a value in a head.
const PLACES: [&str; 3] = ["{authority}", "{token}", "{length}"];

/// The heads of all requests, with `{authority}`, `{token}` and `{length}` in their places.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    keepalive: String,
    question: String,
    end: String,
    stream: String,
    preflight: [String; 3],
}

impl Default for Heads {
    fn default() -> Self {
        let head = |line: &str, more: &str| {
            format!(
                "{line} HTTP/1.1\r\nHost: {{authority}}\r\nAuthorization: Bearer {{token}}\r\n{more}\r\n"
            )
        };
        let json = "Content-Type: application/json\r\nContent-Length: {length}\r\n";
        let preflight = |path: &str, method: &str| {
            format!(
                "OPTIONS {path} HTTP/1.1\r\nHost: {{authority}}\r\nOrigin: http://localhost\r\n\
                 Access-Control-Request-Method: {method}\r\n\
                 Access-Control-Request-Headers: authorization\r\n\r\n"
            )
        };
        Self {
            keepalive: head("POST /v1/keepalive", json),
            question: head("GET /v1/session", ""),
            end: head("DELETE /v1/session", json),
            stream: head("GET /v1/events", "Accept: text/event-stream\r\n"),
            preflight: [
                preflight("/v1/keepalive", "POST"),
                preflight("/v1/session", "GET"),
                preflight("/v1/events", "GET"),
            ],
        }
    }
}

fn fill(head: &str, authority: &str, token: &str, body: &str) -> String {
    let [at, bearer, length] = PLACES;
    let head = head.replace(at, authority).replace(bearer, token);
    head.replace(length, &body.len().to_string()) + body
}

impl Heads {
    /// Reads recorded heads.
    ///
    /// # Errors
    /// One sentence, when one is missing or has no end.
    pub fn parse(json: &str) -> Result<Self, String> {
        let heads: Self = serde_json::from_str(json)
            .map_err(|fault| format!("The recorded heads cannot be read: {fault}."))?;
        let simple = [&heads.keepalive, &heads.question, &heads.end, &heads.stream];
        for head in simple.into_iter().chain(&heads.preflight) {
            if !head.ends_with("\r\n\r\n") {
                return Err(format!("A recorded head does not end with an empty line: {head:?}"));
            }
        }
        Ok(heads)
    }

    /// `POST /v1/keepalive` with that body.
    #[must_use]
    pub fn keepalive(&self, authority: &str, token: &str, body: &str) -> String {
        fill(&self.keepalive, authority, token, body)
    }

    /// `GET /v1/session`.
    #[must_use]
    pub fn question(&self, authority: &str, token: &str) -> String {
        fill(&self.question, authority, token, "")
    }

    /// `DELETE /v1/session` with that body.
    #[must_use]
    pub fn end(&self, authority: &str, token: &str, body: &str) -> String {
        fill(&self.end, authority, token, body)
    }

    /// `GET /v1/events`.
    #[must_use]
    pub fn stream(&self, authority: &str, token: &str) -> String {
        fill(&self.stream, authority, token, "")
    }

    /// `OPTIONS` of that URL.
    #[must_use]
    pub fn preflight(&self, authority: &str, url: Url) -> String {
        fill(&self.preflight[url as usize], authority, "", "")
    }

    /// `POST /v1/sessions` with that body: by a server, not by a browser.
    #[must_use]
    pub fn sign_in(&self, authority: &str, admin: &str, body: &str) -> String {
        let head = "POST /v1/sessions HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {token}\r\n\
                    Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n";
        fill(head, authority, admin, body)
    }
}
