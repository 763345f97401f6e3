//! An axum server that does nothing: what `npm run bench -- authority` measures the authority against.
//! Like the authority it reads a small JSON body and a header, and answers with a small JSON body.

use axum::{
    Json, Router,
    http::{HeaderMap, header},
    routing::post,
    serve::ListenerExt,
};
use serde_json::{Value, json};
use stillhere_authority::report::Report;

async fn nothing(headers: HeaderMap, Json(_): Json<Report>) -> Json<Value> {
    let known = headers.contains_key(header::AUTHORIZATION);
    Json(json!({ "state": if known { "alive" } else { "ended" }, "remaining_ms": 900_000 }))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8789".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().route("/v1/keepalive", post(nothing))).await
}
