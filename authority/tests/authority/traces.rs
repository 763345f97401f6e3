//! Spans of requests, as a collector gets them over OTLP.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, status::StatusCode as SpanStatus},
};
use prost::Message;
use stillhere_authority::{Settings, traces};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::mpsc,
    time::timeout,
};

use crate::rig::{ADMIN, Lines, PATIENCE, Rig, Served, TOKEN, settings};

const USER: &str = "somebody.with.a.name";

/// A collector, and what was posted to it.
struct Collector {
    endpoint: String,
    posted: mpsc::UnboundedReceiver<(Uri, HeaderMap, Bytes)>,
}

impl Collector {
    async fn answering(status: StatusCode) -> Self {
        let (post, posted) = mpsc::unbounded_channel();
        let app = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            post.send((uri, headers, body)).unwrap();
            std::future::ready(status)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { endpoint, posted }
    }

    /// All spans, once the server has stopped.
    fn spans(&mut self) -> Vec<(String, Span)> {
        let mut spans = Vec::new();
        while let Ok((.., body)) = self.posted.try_recv() {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            for of_resource in request.resource_spans {
                let service = value(&of_resource.resource.unwrap().attributes, "service.name");
                let scopes = of_resource.scope_spans.into_iter();
                let all = scopes.flat_map(|scope| scope.spans);
                spans.extend(all.map(|span| (service.clone().unwrap(), span)));
            }
        }
        spans
    }
}

fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}

fn to(endpoint: &str) -> Settings {
    let otlp_endpoint = Some(traces::endpoint(endpoint).unwrap());
    Settings { otlp_endpoint, calls_per_second: 0, ..settings() }
}

/// A server that sends spans there, with a token of `USER`.
async fn served(endpoint: &str) -> Served {
    let rig = Rig::with(to(endpoint));
    rig.register(TOKEN, USER).await;
    Served::of(rig).await
}

async fn stop(served: Served) {
    served.stop.send(()).unwrap();
    timeout(PATIENCE, served.running).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_request_is_a_span_with_method_route_and_status() {
    let mut collector = Collector::answering(StatusCode::OK).await;
    let served = served(&format!("{}/", collector.endpoint)).await;
    assert_eq!(served.get("/v1/session").send().await.unwrap().status(), 200);
    assert_eq!(served.get("/no/such/path").send().await.unwrap().status(), 404);
    let log_off = format!("/v1/admin/users/{USER}/sessions");
    served.rig.admin(Method::DELETE, &log_off, None).await;
    stop(served).await;
    let spans = collector.spans();
    let seen: Vec<_> = spans
        .iter()
        .map(|(service, span)| {
            assert_eq!(service, "stillhere-authority");
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
            let value = |key| value(&span.attributes, key).unwrap_or_default();
            let status = value("http.response.status_code");
            assert_eq!(span.attributes.len(), if value("http.route").is_empty() { 2 } else { 3 });
            format!("{}: {} {status}", span.name, value("http.request.method"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            "POST /v1/sessions: POST 201",
            "GET /v1/session: GET 200",
            "GET: GET 404",
            "DELETE /v1/admin/users/{user}/sessions: DELETE 200",
        ]
    );
}

#[tokio::test]
async fn what_is_sent_names_nobody_and_carries_no_token() {
    let mut collector = Collector::answering(StatusCode::OK).await;
    let served = served(&collector.endpoint).await;
    let query = format!("/v1/session?access_token={TOKEN}");
    served.get(&query).send().await.unwrap();
    let sessions = served.rig.admin(Method::GET, "/v1/admin/sessions", None).await;
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    served.rig.admin(Method::DELETE, &format!("/v1/admin/sessions/{id}"), None).await;
    stop(served).await;
    let (uri, headers, body) = collector.posted.try_recv().unwrap();
    assert_eq!(uri.path(), "/v1/traces");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("/v1/admin/sessions/{id}"), "{text}");
    for secret in [USER, TOKEN, ADMIN, id, "access_token"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn a_span_belongs_to_the_span_of_the_caller() {
    let mut collector = Collector::answering(StatusCode::OK).await;
    let served = served(&collector.endpoint).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = served.get("/v1/session").header("traceparent", parent);
    let request = request.header("tracestate", "vendor=free-text");
    request.send().await.unwrap();
    stop(served).await;
    let spans = collector.spans();
    let (_, span) = spans.iter().find(|(_, span)| span.name == "GET /v1/session").unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&span.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(hex(&span.parent_span_id), "b7ad6b7169203331");
    assert_eq!(span.trace_state, "");
}

#[tokio::test]
async fn a_server_error_is_one_in_the_span() {
    let mut collector = Collector::answering(StatusCode::OK).await;
    let served = served(&collector.endpoint).await;
    // While a request is still on its way a server that was told to stop goes on for a while.
    let mut stuck = TcpStream::connect(served.url.trim_start_matches("http://")).await.unwrap();
    stuck.write_all(b"POST /v1/keepalive HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    served.get("/healthz").send().await.unwrap();
    let Served { rig, running, stop, .. } = served;
    stop.send(()).unwrap();
    rig.state.stopped().await;
    rig.call(Method::GET, "/readyz", TOKEN, None).await.problem(503);
    drop(stuck);
    timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    let spans = collector.spans();
    let failed = |name| {
        let (_, span) = spans.iter().find(|(_, span)| span.name == name).unwrap();
        span.status.as_ref().is_some_and(|status| status.code == SpanStatus::Error as i32)
    };
    assert!(failed("GET /readyz") && !failed("GET /healthz"));
}

#[tokio::test]
async fn a_collector_that_is_away_or_refuses_is_said_once() {
    // Bound, so that no other test gets the port, and nobody listens.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    let refusing = Collector::answering(StatusCode::SERVICE_UNAVAILABLE).await;
    for endpoint in [nobody, refusing.endpoint] {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        // The runtime of this test has one thread, which is this one.
        let _guard = tracing::subscriber::set_default(subscriber);
        let served = served(&endpoint).await;
        // More than one batch, each of which is tried more than once.
        for _ in 0..600 {
            assert_eq!(served.rig.ask().await.status, 200);
        }
        stop(served).await;
        let text = lines.text();
        assert_eq!(text.matches("spans are not taken").count(), 1, "{endpoint}: {text}");
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_nobody_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let served = served(&format!("http://{}", silent.local_addr().unwrap())).await;
    // A whole batch is on its way, and stays there.
    for _ in 0..600 {
        assert_eq!(served.rig.ask().await.status, 200);
    }
    let (_connection, _) = timeout(PATIENCE, silent.accept()).await.unwrap().unwrap();
    assert_eq!(served.get("/v1/session").send().await.unwrap().status(), 200);
    stop(served).await;
}
