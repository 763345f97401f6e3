//! Lets requests through whose sessions live: the authority's `GET /v1/check` (docs/proxies.md) as a
//! tower layer, for services that have no reverse proxy to ask for them.
//!
//! ```no_run
//! use axum::{Extension, Router, routing::get};
//! use stillhere_tower::{Authority, User};
//!
//! # fn app() -> Result<Router, Box<dyn std::error::Error>> {
//! let authority = Authority::new("http://127.0.0.1:8787")?;
//! let app = Router::new()
//!     .route("/", get(|Extension(User(name)): Extension<User>| async move { name }))
//!     .layer(authority);
//! # Ok(app) }
//! ```
//!
//! What reaches the service belongs to a live session, and its extensions hold the [`User`]. Anything
//! else is answered with 401 and the authority's own words, or with 503 if it cannot be asked.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower_layer::Layer;
use tower_service::Service;

/// Longest time that the authority may take, in milliseconds, unless [`Authority::time_limit`] says
/// otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Largest answer in bytes. A problem document is far smaller.
const MAX_ANSWER: usize = 16 * 1024;
const USER: HeaderName = HeaderName::from_static("x-stillhere-user");
const METHOD: HeaderName = HeaderName::from_static("x-original-method");
const TARGET: HeaderName = HeaderName::from_static("x-original-uri");

type Http = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Whose session a request belongs to: the user's name as the authority knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User(pub String);

/// Why an [`Authority`] cannot be asked at all.
#[derive(Debug)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// The layer: the authority that is asked about each request.
#[derive(Debug, Clone)]
pub struct Authority {
    http: Http,
    check: Uri,
    time_limit: Duration,
}

impl Authority {
    /// The authority at that base URL, `http` or `https`.
    ///
    /// # Errors
    /// When that is no such URL, or this machine has no root certificates.
    pub fn new(base: &str) -> Result<Self, Unusable> {
        let check = format!("{}/v1/check", base.trim_end_matches('/')).parse::<Uri>();
        let check = check.ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        let wrong = || Unusable(format!("`{base}` is no URL such as https://authority.example"));
        let roots = hyper_rustls::HttpsConnectorBuilder::new().with_native_roots();
        let roots = roots.map_err(|why| Unusable(format!("no root certificates: {why}")))?;
        let connector = roots.https_or_http().enable_http1().build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, check: check.ok_or_else(wrong)?, time_limit: TIME_LIMIT })
    }

    /// The longest time that the authority may take. 2 seconds without this.
    #[must_use]
    pub fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    /// Asks about a request. None: it may pass, as that user's.
    async fn ask(&self, question: Question) -> Result<User, Refusal> {
        let Some(token) = question.token else { return Err(Refusal::no_token()) };
        let request = Request::get(self.check.clone())
            .header(AUTHORIZATION, token)
            .header(METHOD, question.method)
            .header(TARGET, question.target)
            .body(Empty::new())
            .map_err(|_| Refusal::unreachable())?;
        let asked = async {
            let answer = self.http.request(request).await.map_err(|_| Refusal::unreachable())?;
            let (parts, body) = answer.into_parts();
            match parts.status {
                StatusCode::NO_CONTENT => {
                    let name = parts.headers.get(USER).map(|name| name.as_bytes().to_vec());
                    let name = name.and_then(|name| String::from_utf8(name).ok());
                    name.map(User).ok_or_else(Refusal::unreachable)
                }
                StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST => {
                    let body = Limited::new(body, MAX_ANSWER).collect().await;
                    let body = body.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
                    let header = |name| parts.headers.get(name).cloned();
                    Err(Refusal {
                        status: parts.status,
                        challenge: header(WWW_AUTHENTICATE),
                        content_type: header(CONTENT_TYPE),
                        body,
                    })
                }
                _ => Err(Refusal::unreachable()),
            }
        };
        let answered = tokio::time::timeout(self.time_limit, asked).await;
        answered.unwrap_or_else(|_| Err(Refusal::unreachable()))
    }
}

impl<S> Layer<S> for Authority {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { inner, authority: self.clone() }
    }
}

/// What the authority is asked about a request.
struct Question {
    token: Option<HeaderValue>,
    method: String,
    target: String,
}

/// An answer instead of the service's.
struct Refusal {
    status: StatusCode,
    challenge: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
    body: Bytes,
}

impl Refusal {
    /// RFC 6750, section 3.1: a request without a token is told of the scheme alone.
    fn no_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            challenge: Some(HeaderValue::from_static("Bearer")),
            content_type: None,
            body: Bytes::new(),
        }
    }

    fn unreachable() -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, challenge: None, content_type: None, body: Bytes::new() }
    }

    fn answer<B: From<Bytes>>(self) -> Response<B> {
        let mut answer = Response::new(B::from(self.body));
        *answer.status_mut() = self.status;
        let again =
            (self.status == StatusCode::SERVICE_UNAVAILABLE).then(|| HeaderValue::from_static("1"));
        for (name, value) in [
            (WWW_AUTHENTICATE, self.challenge),
            (CONTENT_TYPE, self.content_type),
            (RETRY_AFTER, again),
        ] {
            value.and_then(|value| answer.headers_mut().insert(name, value));
        }
        answer
    }
}

/// A service behind an [`Authority`].
#[derive(Debug, Clone)]
pub struct Guard<S> {
    inner: S,
    authority: Authority,
}

impl<S, B, R> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that was ready is called, its clone is made ready next time.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let authority = self.authority.clone();
        let question = Question {
            token: request.headers().get(AUTHORIZATION).cloned(),
            method: request.method().to_string(),
            target: request.uri().path().to_owned(),
        };
        Box::pin(async move {
            match authority.ask(question).await {
                Ok(user) => {
                    request.extensions_mut().insert(user);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.answer()),
            }
        })
    }
}
