//! Questions to issuers over HTTP, with bounds on time and size. Redirects are not followed: keys
//! and tokens go to the address that was configured.
//!
//! Plain hyper, since reqwest takes this TLS library only if it is installed for the whole process,
//! and every client of reqwest panics where it is not.

use std::{error::Error, fmt, sync::Arc};

use axum::{
    body::Body,
    http::{Request, StatusCode, Uri},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use url::{Host, Url};

use super::settings::{AnswerLimits, Wrong};

/// One address and the way to it.
pub(super) struct Endpoint {
    uri: Uri,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    limits: AnswerLimits,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// # Errors
    /// When the address needs certificates and this machine has none.
    pub(super) fn new(field: &'static str, url: &Url, limits: AnswerLimits) -> Result<Self, Wrong> {
        let wrong = |why| Wrong { field, why };
        let uri = url.as_str().parse().map_err(|why| wrong(format!("cannot be called: {why}")))?;
        let tls = tls(url.scheme() == "https").map_err(wrong)?;
        // The scheme was checked with the settings; this connector takes both.
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new()).build(connector.build());
        Ok(Self { uri, client, limits })
    }

    /// The body of the answer to a GET.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(super) async fn get(&self) -> Result<Vec<u8>, String> {
        self.ask(Request::get(&self.uri), Body::empty()).await
    }

    /// The body of the answer to a POST of a form.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(super) async fn post(&self, authorization: &str, form: String) -> Result<Vec<u8>, String> {
        let request = Request::post(&self.uri)
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request, Body::from(form)).await
    }

    async fn ask(
        &self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Result<Vec<u8>, String> {
        let request = request.header("accept", "application/json").body(body);
        let request = request.map_err(|why| format!("the request cannot be made: {why}"))?;
        let all = tokio::time::timeout(self.limits.timeout, self.exchange(request)).await;
        all.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.limits.timeout)))
    }

    async fn exchange(&self, request: Request<Body>) -> Result<Vec<u8>, String> {
        let answer = self.client.request(request).await.map_err(|why| root_cause(&why))?;
        if answer.status().is_redirection() {
            return Err(format!("a redirect was answered ({}), which is refused", answer.status()));
        }
        if answer.status() != StatusCode::OK {
            return Err(format!("{} was answered", answer.status()));
        }
        let body = Limited::new(answer.into_body(), self.limits.max_body).collect().await;
        let body = body.map_err(|why| match why.downcast_ref::<LengthLimitError>() {
            Some(_) => format!("the answer is longer than {} bytes", self.limits.max_body),
            None => root_cause(why.as_ref()),
        })?;
        Ok(body.to_bytes().into())
    }
}

/// An address that keys or tokens may travel to: nobody on the way reads or changes them.
///
/// # Errors
/// What the address has to be.
pub(super) fn address(field: &'static str, text: &str) -> Result<Url, Wrong> {
    let wrong = |why: &str| Wrong { field, why: why.to_owned() };
    let url =
        Url::parse(text).map_err(|_| wrong("must be a whole URL, such as https://host/path"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not carry a name or password"));
    }
    let secure = match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    if secure { Ok(url) } else { Err(wrong("must use https; plain http is for loopback only")) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The machine's own roots, so that an issuer inside a company works as in its browsers. They are
/// read only where https is spoken.
fn tls(https: bool) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if https {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err("uses https, for which this machine has no root certificates: install \
                        ca-certificates, or name a file in SSL_CERT_FILE"
                .into());
        }
    }
    // Passed rather than installed for the process: other clients keep their choice.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| format!("cannot be called over TLS: {why}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The outer errors only say that something failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("the connection failed: {cause}")
}
