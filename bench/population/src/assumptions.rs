//! What is assumed of people and of browsers. Each value stands here once, with where it comes from.

use serde::Serialize;
use stillhere::core::policy::Policy;

/// Most contexts that a user has open.
pub const MOST_CONTEXTS: usize = 10;

/// How people work and what browsers do. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumptions {
    /// Share of all users who are at work in the peak hour.
    pub at_work: f64,
    /// Mean time between two inputs while somebody works.
    pub key_s: f64,
    /// Mean length of a stretch of work.
    pub busy_s: f64,
    /// Mean length of a pause in it: reading, listening, talking.
    pub reading_s: f64,
    /// Mean length of an absence: a break, a meeting, another program.
    pub away_s: f64,
    /// Share of the stretches of work that end with an absence, not with a pause.
    pub away_share: f64,
    /// Mean time of work between two changes to another tab, for whoever has more than one.
    pub switch_s: f64,
    /// Of the users with `n` contexts this part has one more.
    pub one_more: f64,
    /// How long a browser keeps the answer to a preflight.
    pub preflight_s: f64,
    /// Time between two comments on a silent event stream.
    pub ping_s: f64,
    /// How long a request takes to the authority, and as long back.
    pub latency_s: f64,
    /// Without activity for so long a session ends.
    pub idle_timeout_s: f64,
    /// The warning is due so long before.
    pub warn_before_s: f64,
    /// Least time between two keep-alives.
    pub keepalive_s: f64,
}

#[expect(clippy::cast_precision_loss, reason = "times of policies are exact in a double")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

impl Default for Assumptions {
    fn default() -> Self {
        let policy = Policy::DEFAULT;
        Self {
            at_work: 0.7,
            key_s: 2.0,
            busy_s: 60.0,
            reading_s: 40.0,
            away_s: 600.0,
            away_share: 0.04,
            switch_s: 60.0,
            one_more: 0.75,
            preflight_s: 7200.0,
            ping_s: 45.0,
            latency_s: 0.005,
            idle_timeout_s: seconds(policy.idle_timeout_ms),
            warn_before_s: seconds(policy.warn_before_ms),
            keepalive_s: seconds(policy.keepalive_ms),
        }
    }
}

/// One of them as a table shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What.
    pub what: &'static str,
    /// How much, with its unit.
    pub value: String,
    /// Who says so.
    pub source: &'static str,
}

impl Assumptions {
    /// How many of those who have a session open have `n + 1` contexts; the parts add up to 1.
    #[must_use]
    pub fn contexts(&self) -> [f64; MOST_CONTEXTS] {
        let mut weight = 1.0;
        let weights = [(); MOST_CONTEXTS].map(|()| {
            weight *= self.one_more;
            weight
        });
        let sum: f64 = weights.iter().sum();
        weights.map(|weight| weight / sum)
    }

    /// Mean number of contexts of a user.
    #[must_use]
    pub fn mean_contexts(&self) -> f64 {
        (1..=MOST_CONTEXTS as u32).zip(self.contexts()).map(|(n, part)| f64::from(n) * part).sum()
    }

    /// All of them, for a table.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let row = |what, value, source| Row { what, value, source };
        let seconds = |value: f64| format!("{value} s");
        let percent = |value: f64| format!("{:.0} %", value * 100.0);
        let (assumed, ours) = ("assumed", "the policy's default (src/core/policy.rs)");
        let contexts = format!("1 to {MOST_CONTEXTS}, mean {:.2}", self.mean_contexts());
        vec![
            row("users at work in the peak hour", percent(self.at_work), assumed),
            row("a stretch of work, mean (exponential)", seconds(self.busy_s), assumed),
            row("time between two inputs in it, mean (exponential)", seconds(self.key_s), assumed),
            row(
                "a pause between two stretches, mean (exponential)",
                seconds(self.reading_s),
                assumed,
            ),
            row("stretches that end with an absence instead", percent(self.away_share), assumed),
            row("an absence, mean (exponential)", seconds(self.away_s), assumed),
            row("contexts of a user in the mix (geometric)", contexts, assumed),
            row("work between two changes of the tab, mean", seconds(self.switch_s), assumed),
            row("idle timeout", seconds(self.idle_timeout_s), ours),
            row("warning before it", seconds(self.warn_before_s), ours),
            row("keep-alive interval", seconds(self.keepalive_s), ours),
            row(
                "a preflight is cached for",
                seconds(self.preflight_s),
                "Chromium's limit; the authority allows a day (authority/src/cors.rs)",
            ),
            row(
                "ping on an event stream each",
                seconds(self.ping_s),
                "the authority's default (authority/src/state.rs)",
            ),
            row("way to the authority, one way", seconds(self.latency_s), "assumed"),
        ]
    }
}
