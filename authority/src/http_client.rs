//! Calls to other servers over HTTP, with bounds on time and size. Redirects are not followed: what
//! is sent goes to the address that was configured.
//!
//! Plain hyper, since reqwest takes this TLS library only if it is installed for the whole process,
//! and every client of reqwest panics where it is not.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, Uri, request},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

/// How much of its time and memory the authority gives another server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLimits {
    /// Longest time from the question to the answer's last byte, 1 ms to 10 s: what is asked of
    /// the authority itself has to be answered within 10 s.
    pub timeout: Duration,
    /// Largest answer in bytes, at least 1.
    pub max_body: usize,
}

impl Default for AnswerLimits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), max_body: 256 * 1024 }
    }
}

/// One address and the way to it.
pub(crate) struct Endpoint {
    uri: Uri,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    limits: AnswerLimits,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.uri.host()).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// # Errors
    /// When the address cannot be called, or needs certificates and this machine has none: the rest
    /// of a sentence that begins with the name of the setting.
    pub(crate) fn new(url: &Url, limits: AnswerLimits) -> Result<Self, String> {
        let uri = url.as_str().parse().map_err(|why| format!("cannot be called: {why}"))?;
        let tls = tls(url.scheme() == "https")?;
        // The scheme was checked with the settings; this connector takes both.
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new()).build(connector.build());
        Ok(Self { uri, client, limits })
    }

    /// The beginning of a GET.
    pub(crate) fn get(&self) -> request::Builder {
        Request::get(&self.uri)
    }

    /// The beginning of a POST.
    pub(crate) fn post(&self) -> request::Builder {
        Request::post(&self.uri)
    }

    /// Sends a request and gives the head of the answer.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(crate) async fn send(
        &self,
        request: request::Builder,
        body: Body,
    ) -> Result<Answer<'_>, String> {
        let until = Instant::now() + self.limits.timeout;
        let request =
            request.body(body).map_err(|why| format!("the request cannot be made: {why}"))?;
        let answer = timeout_at(until, self.client.request(request)).await;
        let answer = answer.map_err(|_| too_late(&self.limits))?;
        let (parts, body) = answer.map_err(|why| root_cause(&why))?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
            until,
            limits: &self.limits,
        })
    }
}

/// An answer of which the body is still to come.
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    until: Instant,
    limits: &'a AnswerLimits,
}

impl Answer<'_> {
    /// The body.
    ///
    /// # Errors
    /// One sentence on what went wrong.
    pub(crate) async fn body(self) -> Result<Vec<u8>, String> {
        let body = Limited::new(self.body, self.limits.max_body).collect();
        let body = timeout_at(self.until, body).await.map_err(|_| too_late(self.limits))?;
        let body = body.map_err(|why| match why.downcast_ref::<LengthLimitError>() {
            Some(_) => format!("the answer is longer than {} bytes", self.limits.max_body),
            None => root_cause(why.as_ref()),
        })?;
        Ok(body.to_bytes().into())
    }
}

fn too_late(limits: &AnswerLimits) -> String {
    format!("no answer within {:?}", limits.timeout)
}

/// An address that keys, tokens or people's names may travel to: nobody on the way reads or changes
/// them.
///
/// # Errors
/// What the address has to be, as the rest of a sentence that begins with the setting's name.
pub(crate) fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a whole URL, such as https://host/path")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a name or password");
    }
    let secure = match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    if secure { Ok(url) } else { Err("must use https; plain http is for loopback only") }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The machine's own roots, so that a server inside a company works as in its browsers. They are
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
