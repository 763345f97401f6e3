//! What `/metrics` shows of the receivers.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Receiver;

/// Both are names of the configuration file, which no stranger can invent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    kind: &'static str,
    receiver: String,
}

/// Counters and gauges by receiver.
#[derive(Debug, Default)]
pub(crate) struct NoticeMetrics {
    delivered: Family<Of, Counter>,
    failed: Family<Of, Counter>,
    dead: Family<Of, Counter>,
    lost: Family<Of, Counter>,
    lag: Family<Of, Gauge>,
    disabled: Family<Of, Gauge>,
}

/// Those of one receiver, there from the start.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) delivered: Counter,
    pub(super) failed: Counter,
    pub(super) dead: Counter,
    pub(super) lost: Counter,
    pub(super) lag: Gauge,
    pub(super) disabled: Gauge,
}

impl NoticeMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let counters = [
            ("notices_delivered", "Ends that receivers took", &self.delivered),
            ("notice_attempts_failed", "Attempts to tell receivers that failed", &self.failed),
            ("notices_dead", "Ends that became dead letters", &self.dead),
            ("notices_lost", "Ends that left the log before receivers were told", &self.lost),
        ];
        for (name, help, family) in counters {
            registry.register(name, help, family.clone());
        }
        let lag = "Lines of the log of ends that receivers are behind";
        registry.register("notices_lag", lag, self.lag.clone());
        let disabled = "1 once a receiver said that it is gone";
        registry.register("notice_receivers_disabled", disabled, self.disabled.clone());
    }

    pub(super) fn of(&self, receiver: &Receiver) -> Counted {
        let of = Of { kind: receiver.kind(), receiver: receiver.name().to_owned() };
        Counted {
            delivered: self.delivered.get_or_create_owned(&of),
            failed: self.failed.get_or_create_owned(&of),
            dead: self.dead.get_or_create_owned(&of),
            lost: self.lost.get_or_create_owned(&of),
            lag: self.lag.get_or_create_owned(&of),
            disabled: self.disabled.get_or_create_owned(&of),
        }
    }
}
