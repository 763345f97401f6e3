//! Every setting that has a flag: from the command line, the environment or the configuration file, in
//! this order.

use std::path::PathBuf;

use axum::http::HeaderValue;
use clap::Args;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{cors::parse_origin, issuers::settings::Secret};

/// How the address of a Redis or Valkey server begins.
const REDIS: [&str; 3] = ["redis://", "rediss://", "redis+unix:"];

/// Where tokens, policies and logs are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// In this process.
    Memory,
    /// In a file of this process.
    File(PathBuf),
    /// On a Redis or Valkey server, for many nodes. The address may hold a password.
    Redis(Secret),
}

/// Settings that may be left out.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Options {
    /// Address to listen on [default: 127.0.0.1 at the port of --port]
    #[arg(long, value_name = "ADDR", env = "STILLHERE_LISTEN")]
    pub listen: Option<String>,

    /// Port on the loopback address, where --listen is not given [default: 8787]
    #[arg(long, env = "PORT")]
    pub port: Option<u16>,

    /// Time without activity after which a session ends, 5m to 8h [default: 15m]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_IDLE_TIMEOUT", value_parser = duration_ms)]
    #[serde(deserialize_with = "duration")]
    pub idle_timeout: Option<u64>,

    /// Time before the deadline at which users are warned, at least 20s [default: 1m, a third of a
    /// shorter timeout]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_WARN_BEFORE", value_parser = duration_ms)]
    #[serde(deserialize_with = "duration")]
    pub warn_before: Option<u64>,

    /// Time between two keep-alives of a token at the least [default: 30s, a third of a shorter
    /// timeout]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_KEEP_ALIVE", value_parser = duration_ms)]
    #[serde(deserialize_with = "duration")]
    pub keep_alive: Option<u64>,

    /// Longest time to live of a hold, at most 24h [default: 1h]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_MAX_HOLD", value_parser = duration_ms)]
    #[serde(deserialize_with = "duration")]
    pub max_hold: Option<u64>,

    /// Tokens of one sign-in share activity and holds: while one lives, none is idle. Otherwise each
    /// has its own idle time
    #[arg(long, env = "STILLHERE_LINK_TOKENS")]
    pub link_tokens: bool,

    /// Where tokens, policies and logs are kept: memory, the path of a file, or redis://HOST:PORT
    /// [default: memory]
    #[arg(long, value_name = "STORE", env = "STILLHERE_STORE", value_parser = store)]
    #[serde(deserialize_with = "store_choice")]
    pub store: Option<StoreChoice>,

    /// Development mode: times under 5 minutes, calls from every loopback origin, a token for the
    /// administrator if there is none, and readable logs
    #[arg(long, env = "STILLHERE_DEV")]
    pub dev: bool,

    /// Exact origin of pages that may call from a browser; repeatable
    #[arg(long = "allow-origin", value_name = "ORIGIN", env = "STILLHERE_ALLOW_ORIGIN", value_delimiter = ',', value_parser = parse_origin)]
    #[serde(rename = "allow-origin", deserialize_with = "origins")]
    pub allow_origins: Vec<HeaderValue>,

    /// Calls that one token may make in a second, ten times as many at once; 0 for any number
    /// [default: 20]
    #[arg(long, value_name = "NUMBER", env = "STILLHERE_CALLS_PER_SECOND")]
    pub calls_per_second: Option<u32>,

    /// Time between two comments on a silent event stream, 1s to 1h; 0s for none, where no proxy cuts
    /// what is silent [default: 45s]
    #[arg(long, value_name = "DURATION", env = "STILLHERE_EVENT_PING", value_parser = duration_ms)]
    #[serde(deserialize_with = "duration")]
    pub event_ping: Option<u64>,

    /// A proxy is in front: take callers' addresses from the end of X-Forwarded-For
    #[arg(long, env = "STILLHERE_BEHIND_PROXY")]
    pub behind_proxy: bool,

    /// Collector that takes OTLP over HTTP, for spans of requests: http://HOST:4318 [default: none]
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,

    /// Folder of demo pages to serve at /, together with the calls under /demo; needs --dev
    #[arg(long, value_name = "DIR", env = "STILLHERE_WWW")]
    pub www: Option<PathBuf>,

    /// Folder of the built agent to serve at /dist; needs --www
    #[arg(long, value_name = "DIR", env = "STILLHERE_DIST")]
    pub dist: Option<PathBuf>,
}

impl Options {
    /// What is missing here is taken from there.
    #[must_use]
    pub fn or(self, file: Self) -> Self {
        let origins =
            if self.allow_origins.is_empty() { file.allow_origins } else { self.allow_origins };
        Self {
            listen: self.listen.or(file.listen),
            port: self.port.or(file.port),
            idle_timeout: self.idle_timeout.or(file.idle_timeout),
            warn_before: self.warn_before.or(file.warn_before),
            keep_alive: self.keep_alive.or(file.keep_alive),
            max_hold: self.max_hold.or(file.max_hold),
            link_tokens: self.link_tokens || file.link_tokens,
            store: self.store.or(file.store),
            dev: self.dev || file.dev,
            allow_origins: origins,
            calls_per_second: self.calls_per_second.or(file.calls_per_second),
            event_ping: self.event_ping.or(file.event_ping),
            behind_proxy: self.behind_proxy || file.behind_proxy,
            otlp_endpoint: self.otlp_endpoint.or(file.otlp_endpoint),
            www: self.www.or(file.www),
            dist: self.dist.or(file.dist),
        }
    }
}

/// Reads a duration in whole milliseconds.
///
/// # Errors
/// What to write instead.
pub fn duration_ms(text: &str) -> Result<u64, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "write a duration such as 500ms, 60s, 15m or 8h".to_owned())?;
    let whole = duration.subsec_nanos() % 1_000_000 == 0;
    let ms = u64::try_from(duration.as_millis()).ok().filter(|_| whole);
    ms.ok_or_else(|| "write a duration in whole milliseconds".to_owned())
}

fn store(text: &str) -> Result<StoreChoice, String> {
    match text {
        "memory" => Ok(StoreChoice::Memory),
        "" => Err("write memory, the path of a file or redis://HOST:PORT".to_owned()),
        url if REDIS.iter().any(|scheme| url.starts_with(scheme)) => {
            Ok(StoreChoice::Redis(url.to_owned().into()))
        }
        url if url.contains("://") => {
            Err("there is no such store: write memory, the path of a file or redis://HOST:PORT"
                .to_owned())
        }
        path => Ok(StoreChoice::File(path.into())),
    }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    duration_ms(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn store_choice<'de, D: Deserializer<'de>>(from: D) -> Result<Option<StoreChoice>, D::Error> {
    store(&String::deserialize(from)?).map(Some).map_err(D::Error::custom)
}

fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<HeaderValue>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| parse_origin(text).map_err(D::Error::custom)).collect()
}
