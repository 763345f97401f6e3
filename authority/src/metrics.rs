//! What `/metrics` shows. One registry per app, so that several servers in a process don't mix.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use stillhere::core::ended::EndedBecause;

use crate::{notices::metrics::NoticeMetrics, session::ENDS};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct End {
    because: &'static str,
}

/// What a request is counted by. The route is the pattern, never the path: paths name users.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) route: String,
    pub(crate) status: u16,
}

/// Bounds of the delays that are told apart, in seconds.
const DELAYS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The authority's counters and gauges.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    ends: Family<End, Counter>,
    pub(crate) keepalives: Counter,
    pub(crate) questions: Counter,
    pub(crate) checks: Counter,
    pub(crate) event_streams: Gauge,
    pub(crate) sessions: Gauge,
    pub(crate) requests: Family<Request, Counter>,
    end_delay: Histogram,
    pub(crate) notices: NoticeMetrics,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("stillhere");
        let metrics = Self {
            ends: Family::default(),
            keepalives: Counter::default(),
            questions: Counter::default(),
            checks: Counter::default(),
            event_streams: Gauge::default(),
            sessions: Gauge::default(),
            requests: Family::default(),
            end_delay: Histogram::new(DELAYS),
            notices: NoticeMetrics::default(),
            registry: Registry::default(),
        };
        registry.register("keepalives", "Keep-alives of live tokens", metrics.keepalives.clone());
        registry.register("questions", "Answered GET /v1/session", metrics.questions.clone());
        registry.register(
            "checks",
            "Requests that proxies were told to pass",
            metrics.checks.clone(),
        );
        registry.register("event_streams", "Open event streams", metrics.event_streams.clone());
        registry.register("sessions", "Live sessions", metrics.sessions.clone());
        registry.register("ends", "Ended sessions by reason", metrics.ends.clone());
        registry.register("http_requests", "Answered requests", metrics.requests.clone());
        let help = "Time from a deadline to the moment at which it was carried out";
        let delay = metrics.end_delay.clone();
        registry.register_with_unit("end_delay", help, Unit::Seconds, delay);
        metrics.notices.register(&mut registry);
        // A counter that appears with its first end hides that end from rate().
        for because in ENDS {
            drop(metrics.ends.get_or_create(&End { because: because.name() }));
        }
        Self { registry, ..metrics }
    }

    pub(crate) fn ended(&self, because: EndedBecause, delay: Duration) {
        self.ends.get_or_create(&End { because: because.name() }).inc();
        self.sessions.dec();
        self.end_delay.observe(delay.as_secs_f64());
    }

    /// The text format of Prometheus.
    pub(crate) fn render(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}
