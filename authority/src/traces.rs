//! Spans of requests, sent to a collector over OTLP where one is set. Off by default, and then no
//! request meets any of this.
//!
//! A span is written here and not taken from the log's own spans and lines: those name users, and
//! whatever is added to them later would leave the machine with them.

use std::{fmt, io, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    body::{Body, Bytes},
    extract::{MatchedPath, Request, State},
    http::{self, HeaderMap},
    middleware::Next,
    response::Response,
};
use opentelemetry::{
    Context, Key, KeyValue, Value,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span, SpanKind, Status, Tracer, TracerProvider},
};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use parking_lot::Mutex;
use tokio::{runtime::Handle, task::spawn_blocking, time::Instant};
use url::Url;

use crate::{
    answers,
    http_client::{AnswerLimits, Endpoint},
};

/// The name under which collectors show this server, unless the environment gives another.
const SERVICE: &str = "stillhere-authority";
/// What OTLP over HTTP adds to the address of a collector for spans.
const PATH: [&str; 2] = ["v1", "traces"];
/// How long a server that stops waits for the collector to take the last spans.
const LAST_SPANS: Duration = Duration::from_secs(3);
/// Time between two warnings at the least, however often a collector comes and goes.
const QUIET: Duration = Duration::from_secs(60);

/// The address for spans of the collector that was named, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it:
/// without the path that is each signal's own.
///
/// # Errors
/// What to write instead, as the rest of a sentence that begins with the setting's name.
pub fn endpoint(text: &str) -> Result<Url, &'static str> {
    let whole = "must be the whole address of a collector that takes OTLP over HTTP, such as \
                 http://localhost:4318";
    let mut url = Url::parse(text).map_err(|_| whole)?;
    // Spans name no user and carry no token, so plain http to another machine will do.
    if !matches!(url.scheme(), "http" | "https") {
        return Err(whole);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a name or password: put them in OTEL_EXPORTER_OTLP_HEADERS");
    }
    if url.path().trim_end_matches('/').ends_with("/v1/traces") {
        return Err("must not end with /v1/traces, which is added to it");
    }
    url.path_segments_mut().map_err(|()| whole)?.pop_if_empty().extend(PATH);
    Ok(url)
}

/// Makes spans and sends them.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Has to be called within the runtime that is to send the spans.
    ///
    /// # Errors
    /// One sentence on what is wrong with the address or the environment.
    pub(crate) fn start(url: &Url) -> Result<Self, String> {
        let wrong = |why: &dyn fmt::Display| format!("--otlp-endpoint {url}: {why}");
        let endpoint = Endpoint::new(url, AnswerLimits::default()).map_err(|why| wrong(&why))?;
        let collector = Arc::new(Collector { endpoint, said: Mutex::default() });
        let sender = Sender { collector, runtime: Handle::current() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url.as_str());
        let exporter = exporter.build().map_err(|why| wrong(&why))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        Ok(Self { provider })
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer(SERVICE)
    }

    /// Sends what is left. What the collector does not take in time is lost.
    pub(crate) async fn stop(&self) {
        let provider = self.provider.clone();
        // It waits without giving its thread back.
        let stopped = spawn_blocking(move || {
            provider.shutdown_with_timeout(LAST_SPANS).map_err(io::Error::other)
        });
        if let Err(error) = stopped.await.map_err(io::Error::from).flatten() {
            tracing::warn!(%error, "the last spans may be lost");
        }
    }
}

/// The environment may add to it, and name the service otherwise.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let name = given.get_ref(&Key::from_static_str("service.name")).map(Value::as_str);
    // This is what is put there where nobody gave a name.
    if name.is_some_and(|name| !name.starts_with("unknown_service")) {
        return given;
    }
    Resource::builder().with_service_name(SERVICE).build()
}

/// Makes the span of a request: method, route and status, and nothing else that a caller sent. The
/// time is that to the answer's head: streams only have to begin.
pub(crate) async fn span(
    State(tracer): State<SdkTracer>,
    request: Request,
    next: Next,
) -> Response {
    // Anybody can invent methods; this is how the conventions of OpenTelemetry name them.
    let method = match answers::method(request.method()) {
        "other" => "_OTHER",
        known => known,
    };
    let mut attributes = vec![KeyValue::new("http.request.method", method)];
    let name = match request.extensions().get::<MatchedPath>() {
        // The pattern, never the path: paths name users.
        Some(route) => {
            attributes.push(KeyValue::new("http.route", route.as_str().to_owned()));
            format!("{method} {}", route.as_str())
        }
        None => method.to_owned(),
    };
    let caller = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &Caller(request.headers()));
    let mut span = tracer
        .span_builder(name)
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
        .start_with_context(&tracer, &caller);
    let response = next.run(request).await;
    let status = response.status();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
    span.end();
    response
}

/// The span of the caller that this one belongs to. Its `tracestate` is left alone: it is free text, and
/// would be sent on.
struct Caller<'a>(&'a HeaderMap);

impl Extractor for Caller<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key).filter(|_| key == "traceparent");
        value.and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// The way to the collector: the client that issuers and receivers are called with.
#[derive(Debug)]
struct Sender {
    collector: Arc<Collector>,
    runtime: Handle,
}

#[derive(Debug)]
struct Collector {
    endpoint: Endpoint,
    said: Mutex<Said>,
}

/// What the log says of the collector.
#[derive(Debug, Default)]
struct Said {
    /// It was said that spans are not taken, and not that they are again.
    failing: bool,
    /// When that was said last.
    at: Option<Instant>,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let collector = self.collector.clone();
        // This is called on a thread of the exporter's own, where nothing could connect.
        let sent = self.runtime.spawn(async move {
            let answer = collector.post(request).await;
            collector.tell(&answer);
            answer
        });
        sent.await?.map_err(HttpError::from)
    }
}

impl Collector {
    /// One line when spans are no longer taken and one when they are again: the exporter tries each
    /// five seconds, and nobody's session hangs on it.
    fn tell(&self, answer: &Result<http::Response<Bytes>, String>) {
        let why = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(why) => Some(why.clone()),
        };
        let mut said = self.said.lock();
        let now = Instant::now();
        match why {
            None if said.failing => {
                said.failing = false;
                tracing::info!(endpoint = ?self.endpoint, "spans are taken again");
            }
            Some(why) if !said.failing && said.at.is_none_or(|at| now >= at + QUIET) => {
                *said = Said { failing: true, at: Some(now) };
                tracing::warn!(
                    endpoint = ?self.endpoint,
                    why,
                    "spans are not taken and will be lost; requests are served all the same"
                );
            }
            _ => {}
        }
    }

    async fn post(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        let (parts, body) = request.into_parts();
        let mut post = self.endpoint.post();
        for (name, value) in &parts.headers {
            post = post.header(name, value);
        }
        let answer = self.endpoint.send(post, Body::from(body)).await?;
        let mut whole = http::Response::new(Bytes::new());
        (*whole.status_mut(), *whole.headers_mut()) = (answer.status, answer.headers.clone());
        *whole.body_mut() = answer.body().await?.into();
        Ok(whole)
    }
}
