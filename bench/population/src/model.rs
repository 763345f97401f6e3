//! Requests a second that follow from the assumptions and the agent's rules (docs/architecture.md). This
//! is the formula that the simulation checks.
//!
//! A user works, pauses or is away: a Markov chain with inputs as a Poisson process while at work. A
//! keep-alive goes out with an input, or an interval after the one before if there was an input since.
//! So its rate is that of a renewal process whose state at each keep-alive is itself a Markov chain.

use serde::Serialize;

use crate::assumptions::Assumptions;
use crate::kind::{Each, Kind};

/// Steps a second in which the chain is followed.
const STEPS: f64 = 50.0;

/// Shares of those who work, pause and are away.
type Shares = [f64; 3];

/// Who ends a session that nobody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ends {
    /// The authority, by its policy.
    Authority,
    /// The page, by a shorter timeout of its own: it tells the authority.
    Page,
}

/// What one user at work brings about, on average.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rates {
    /// Requests a second of each kind.
    pub each: Each<f64>,
    /// Share of the time in which there is a session.
    pub signed_in: f64,
    /// Share of the time in which there was an input within the idle timeout less the warning.
    pub unwarned: f64,
    /// Share of the keep-alive intervals with at least one input.
    pub intervals_with_input: f64,
    /// Comments a second on the event stream.
    pub pings: f64,
    /// Absences a second that last until the warning at least.
    pub absences: f64,
}

impl Rates {
    /// Of a user at work with that many contexts.
    #[must_use]
    pub fn of(assumed: &Assumptions, contexts: usize, ends: Ends) -> Self {
        let chain = Chain::new(assumed);
        let timeout_s = assumed.idle_timeout_s;
        let warn_s = timeout_s - assumed.warn_before_s;
        let keys = chain.steady[0] / assumed.key_s;
        let at_warning = chain.silent([1.0, 0.0, 0.0], warn_s);
        let at_end = chain.silent(at_warning, assumed.warn_before_s);
        let warnings = keys * sum(at_warning);
        let over = keys * sum(at_end);
        let signed_in = 1.0 - keys * chain.until_key(at_end);
        let unwarned = 1.0 - keys * chain.until_key(at_warning);
        // The input that signs in is not told, and the next one is at once: until then nothing is due.
        let keepalives =
            chain.keepalives(assumed.keepalive_s) * (1.0 - over * chain.until_key([1.0, 0.0, 0.0]));
        // One when a session begins, one before the warning, one at the deadline.
        let questions = 2.0 * over + warnings;
        // A visible context takes the stream from one that is hidden now.
        let switches = if contexts > 1 { chain.steady[0] / assumed.switch_s } else { 0.0 };
        let streams = over + switches;
        let told = if ends == Ends::Page { over } else { 0.0 };
        let cached =
            |rate: f64| if rate > 0.0 { 1.0 / (assumed.preflight_s + 1.0 / rate) } else { 0.0 };
        // The questions of one absence come within minutes of each other.
        let preflights = cached(keepalives) + cached(warnings) + cached(streams);
        let mut each = Each([0.0; 6]);
        for (kind, rate) in [
            (Kind::KeepAlive, keepalives),
            (Kind::Question, questions),
            (Kind::End, told),
            (Kind::Stream, streams),
            (Kind::Preflight, preflights),
            (Kind::SignIn, over),
        ] {
            each.0[kind as usize] = rate;
        }
        Self {
            each,
            signed_in,
            unwarned,
            intervals_with_input: 1.0 - sum(chain.silent(chain.steady, assumed.keepalive_s)),
            pings: signed_in / assumed.ping_s,
            absences: warnings,
        }
    }

    /// Of a user at work with as many contexts as people have.
    #[must_use]
    pub fn of_mix(assumed: &Assumptions, ends: Ends) -> Self {
        let (one, more) = (Self::of(assumed, 1, ends), Self::of(assumed, 2, ends));
        let part = assumed.contexts()[0];
        let mut mix = more;
        for (mixed, of_one) in mix.each.0.iter_mut().zip(one.each.0) {
            *mixed = part * of_one + (1.0 - part) * *mixed;
        }
        mix
    }

    /// How likely it is that a browser has a preflight of those requests at hand.
    #[must_use]
    pub fn cached(&self, kind: Kind, assumed: &Assumptions) -> f64 {
        let rate = if kind == Kind::Question { self.absences } else { self.each.of(kind) };
        rate * assumed.preflight_s / (1.0 + rate * assumed.preflight_s)
    }
}

fn sum(shares: Shares) -> f64 {
    shares.iter().sum()
}

/// A user's chain of work, pauses and absences.
struct Chain {
    key: f64,
    stop: f64,
    away_share: f64,
    back: [f64; 2],
    steady: Shares,
}

impl Chain {
    fn new(assumed: &Assumptions) -> Self {
        let away = assumed.away_share;
        let times = [assumed.busy_s, (1.0 - away) * assumed.reading_s, away * assumed.away_s];
        let cycle = sum(times);
        Self {
            key: 1.0 / assumed.key_s,
            stop: 1.0 / assumed.busy_s,
            away_share: away,
            back: [1.0 / assumed.reading_s, 1.0 / assumed.away_s],
            steady: times.map(|time| time / cycle),
        }
    }

    /// How the shares change in a second; with `key` those who press one leave.
    fn slope(&self, [work, pause, away]: Shares, key: f64) -> Shares {
        let (stop, [from_pause, from_away]) = (self.stop * work, self.back);
        [
            from_pause * pause + from_away * away - stop - key * work,
            (1.0 - self.away_share) * stop - from_pause * pause,
            self.away_share * stop - from_away * away,
        ]
    }

    /// The shares `seconds` later (Runge-Kutta of the fourth order).
    fn after(&self, mut shares: Shares, seconds: f64, key: f64) -> Shares {
        let steps = (seconds * STEPS).ceil().max(1.0);
        let step = seconds / steps;
        let plus = |shares: Shares, slope: Shares, by: f64| {
            [0, 1, 2].map(|at| shares[at] + by * slope[at])
        };
        for _ in 0..steps as u64 {
            let a = self.slope(shares, key);
            let b = self.slope(plus(shares, a, step / 2.0), key);
            let c = self.slope(plus(shares, b, step / 2.0), key);
            let d = self.slope(plus(shares, c, step), key);
            shares = [0, 1, 2]
                .map(|at| shares[at] + step / 6.0 * (a[at] + 2.0 * b[at] + 2.0 * c[at] + d[at]));
        }
        shares
    }

    /// Those of `shares` who have pressed no key `seconds` later.
    fn silent(&self, shares: Shares, seconds: f64) -> Shares {
        self.after(shares, seconds, self.key)
    }

    /// Seconds until the next key, added up over `shares`.
    fn until_key(&self, [work, pause, away]: Shares) -> f64 {
        let [pause_s, away_s] = self.back.map(|rate| 1.0 / rate);
        let idle_s = (1.0 - self.away_share) * pause_s + self.away_share * away_s;
        let from_work = (1.0 + self.stop * idle_s) / self.key;
        work * from_work + pause * (pause_s + from_work) + away * (away_s + from_work)
    }

    /// Keep-alives a second, at most one in `interval` seconds.
    fn keepalives(&self, interval: f64) -> f64 {
        let mut at_send = [1.0, 0.0, 0.0];
        let mut mean = interval;
        for _ in 0..100 {
            let all = self.after(at_send, interval, 0.0);
            let silent = self.silent(at_send, interval);
            mean = interval + self.until_key(silent);
            // Whoever pressed a key meanwhile sends now; the others with the next one, at work.
            at_send = [0, 1, 2].map(|at| all[at] - silent[at]);
            at_send[0] += sum(silent);
        }
        1.0 / mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_stops_sends_one_keepalive_an_interval_and_who_never_returns_none() {
        let always = Assumptions { busy_s: 1e9, key_s: 0.1, ..Assumptions::default() };
        let rates = Rates::of(&always, 1, Ends::Authority);
        assert!((rates.each.of(Kind::KeepAlive) * 30.0 - 1.0).abs() < 1e-3, "{rates:?}");
        assert!(rates.each.of(Kind::SignIn) < 1e-9 && rates.signed_in > 0.999_999, "{rates:?}");
        let seldom = Assumptions { busy_s: 1.0, away_share: 1.0, away_s: 1e7, ..always };
        let rates = Rates::of(&seldom, 10, Ends::Authority);
        assert!(rates.signed_in < 1e-3 && rates.each.of(Kind::KeepAlive) < 1e-5, "{rates:?}");
    }

    #[test]
    fn without_pauses_an_input_now_and_then_is_a_keepalive_each_plus_the_interval() {
        let calm = Assumptions { busy_s: 1e9, key_s: 100.0, ..Assumptions::default() };
        let rates = Rates::of(&calm, 1, Ends::Authority);
        // Of a Poisson process: an interval, and the wait for the next input where there was none in it.
        let mean = 30.0 + (-0.3_f64).exp() * 100.0;
        assert!((rates.each.of(Kind::KeepAlive) * mean - 1.0).abs() < 1e-3, "{rates:?}");
        assert!((rates.intervals_with_input - (1.0 - (-0.3_f64).exp())).abs() < 1e-6, "{rates:?}");
    }
}
