//! Questions to issuers. Their addresses were configured, and no answer leads to another.

use axum::{
    body::Body,
    http::{StatusCode, request},
};
use url::Url;

use super::settings::{AnswerLimits, Wrong};
use crate::http_client::{self, Answer};

/// One address of an issuer and the way to it.
#[derive(Debug)]
pub(super) struct Endpoint(http_client::Endpoint);

impl Endpoint {
    /// # Errors
    /// When the address needs certificates and this machine has none.
    pub(super) fn new(field: &'static str, url: &Url, limits: AnswerLimits) -> Result<Self, Wrong> {
        http_client::Endpoint::new(url, limits).map(Self).map_err(|why| Wrong { field, why })
    }

    /// The body of the answer to a GET.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(super) async fn get(&self) -> Result<Vec<u8>, String> {
        self.ask(self.0.get(), Body::empty()).await
    }

    /// The body of the answer to a POST of a form.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(super) async fn post(&self, authorization: &str, form: String) -> Result<Vec<u8>, String> {
        let request = self.0.post();
        let request = request
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request, Body::from(form)).await
    }

    async fn ask(&self, request: request::Builder, body: Body) -> Result<Vec<u8>, String> {
        let answer = self.0.send(request.header("accept", "application/json"), body).await?;
        let Answer { status, .. } = answer;
        if status.is_redirection() {
            return Err(format!("a redirect was answered ({status}), which is refused"));
        }
        if status != StatusCode::OK {
            return Err(format!("{status} was answered"));
        }
        answer.body().await
    }
}

/// An address that keys or tokens may travel to.
///
/// # Errors
/// What the address has to be.
pub(super) fn address(field: &'static str, text: &str) -> Result<Url, Wrong> {
    http_client::address(text).map_err(|why| Wrong { field, why: why.to_owned() })
}
