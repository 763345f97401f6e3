//! Who sends: any context that has an errand, under the lock of the token, for one bounded
//! request. There is no leader to elect, freeze or fail over from.

use alloc::vec::Vec;

use super::agent::Agent;
use super::answer::Answer;
use super::errand::Errand;
use super::facts::RELEASED_MS;
use super::hold::MAX_HOLDS;
use super::input::Grant;
use super::output::{Event, HoldReport, Output, Report, Request, RequestId, What};
use super::rules;

/// A request is answered within this time or it has failed, in milliseconds.
pub const BOUND_MS: u64 = 5000;
/// Pause before a busy lock is tried again, in milliseconds.
const RETRY_MS: u64 = 1000;

/// How late timers of hidden pages may be, in milliseconds: Chromium runs them once a minute
/// (docs/testing.md, `throttled`).
const THROTTLED_MS: u64 = 60_000;

/// Where this context stands with the lock and its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// Nothing to do.
    Rest,
    /// The lock was asked for.
    Asked { busy: Option<Busy> },
    /// Another context has the lock.
    Busy { busy: Busy, retry_at: u64 },
    /// The lock is ours and the request is out.
    Sending { id: RequestId, errand: Errand, began: u64, covers: Covers },
}

/// How long another context has had the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy {
    /// When it was first found busy.
    since: u64,
    /// The newest sign that its holder is well, by then.
    sign: u64,
}

/// What a keep-alive tells: the newest activity, and the holds by the sum of when they changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Covers {
    pub(super) activity: u64,
    holds: u64,
}

impl Agent {
    /// Goes on the next errand if it is due.
    pub(super) fn run_errands(&mut self) {
        let now = self.now();
        let busy = match self.sender {
            Sender::Asked { .. } => return,
            Sender::Sending { began, .. } => {
                // The shell's own limit comes first, so it was the page that stopped: it asks again.
                if now < began + BOUND_MS + RETRY_MS {
                    return;
                }
                self.stop_sending();
                None
            }
            // Whoever had the lock is well, and done: what there is still to do is done now.
            Sender::Busy { busy, .. } if busy.sign != self.sign() => None,
            Sender::Busy { retry_at, .. } if now < retry_at => return,
            Sender::Busy { busy, .. } => Some(busy),
            Sender::Rest => None,
        };
        if self.next_errand().is_none_or(|(at, _)| at > now) {
            self.sender = Sender::Rest;
            return;
        }
        // Nobody holds the lock for longer than one request, unless it was stopped in the middle:
        // a frozen holder keeps its lock for as long as it is frozen. What counts is how long it
        // was found busy here, or since when a keep-alive that was told of is without an answer. Of
        // other requests nobody knows: two contexts must not take it from each other in turn.
        let force = busy.is_some_and(|busy| now >= busy.since + BOUND_MS);
        self.push(Output::TakeLock { force });
        self.sender = Sender::Asked { busy };
    }

    /// When [`Agent::run_errands`] has something to do again.
    pub(super) fn sender_wakes_at(&self) -> Option<u64> {
        match self.sender {
            Sender::Rest | Sender::Asked { .. } => None,
            Sender::Busy { retry_at, .. } => Some(retry_at),
            Sender::Sending { began, .. } => Some(began + BOUND_MS + RETRY_MS),
        }
    }

    pub(super) fn on_lock(&mut self, grant: Grant) {
        match (grant, self.sender) {
            (Grant::Granted, Sender::Asked { busy }) => {
                if busy.is_some() {
                    // Whoever waits must wait anew: many that take it from each other in turn would
                    // never let a slow request finish.
                    self.facts.times.began = self.now();
                    self.urgent();
                }
                self.send();
            }
            // Granted too late: the page left or the errand was done meanwhile.
            (Grant::Granted, _) => self.push(Output::ReleaseLock),
            (Grant::Busy, Sender::Asked { busy }) => {
                let now = self.now();
                let sign = self.sign();
                // Its own lock, let go a moment ago, may still be on its way back. After that not all
                // at one moment: a hundred that waited as long would take it from each other.
                let pause =
                    if busy.is_some() { RETRY_MS + self.below(RETRY_MS / 4) } else { RETRY_MS / 8 };
                // A keep-alive that was told of and not answered has had the lock since it began.
                let sent = Some(self.facts.times.sent).filter(|sent| *sent > sign && *sent < now);
                let known = busy.filter(|busy| busy.sign == sign).map(|busy| busy.since);
                let since = known.max(sent).unwrap_or(now);
                // At the bound it is taken: just after a holder that is well has given up and said so.
                let spread = if self.me.visible { 0 } else { self.below(RETRY_MS / 4) };
                let bound = since + BOUND_MS + RETRY_MS / 16 + spread;
                let retry_at = if bound > now { bound.min(now + pause) } else { now + pause };
                self.sender = Sender::Busy { busy: Busy { since, sign }, retry_at };
            }
            (Grant::Lost, Sender::Sending { id, .. }) => {
                self.push(Output::Abort(id));
                self.sender = Sender::Rest;
            }
            (Grant::Busy | Grant::Lost, _) => {}
        }
    }

    /// The newest sign that whoever has the lock is well: an answer, or a request that began.
    pub(super) fn sign(&self) -> u64 {
        let times = &self.facts.times;
        times.answered.max(times.failure.at).max(times.began)
    }

    /// The lock is ours: looks once more at what there is to do, and does it.
    fn send(&mut self) {
        let now = self.now();
        let Some((_, errand)) = self.next_errand().filter(|(at, _)| *at <= now) else {
            self.sender = Sender::Rest;
            self.push(Output::ReleaseLock);
            return;
        };
        let covers = Covers { activity: self.facts.times.activity, holds: self.hold_changes() };
        let what = if errand == Errand::KeepAlive {
            self.count_sent();
            // The others must know of the activity before the request can be lost with this page.
            self.urgent();
            What::KeepAlive { report: self.report(), flush: false }
        } else {
            What::Ask
        };
        let id = self.request(what);
        self.sender = Sender::Sending { id, errand, began: now, covers };
    }

    /// The page is the last of its group and goes: says what is not acknowledged yet.
    pub(super) fn flush(&mut self) {
        self.count_sent();
        let report = self.report();
        self.request(What::KeepAlive { report, flush: true });
    }

    pub(super) fn request(&mut self, what: What) -> RequestId {
        self.last_request = self.last_request.wrapping_add(1);
        let id = self.last_request;
        self.push(Output::Request(Request { id, what }));
        id
    }

    pub(super) fn on_answer(&mut self, id: RequestId, answer: Answer) {
        let Sender::Sending { id: current, errand, began, covers } = self.sender else { return };
        if id != current {
            return;
        }
        self.sender = Sender::Rest;
        self.push(Output::ReleaseLock);
        // One that waited while the page was stopped says nothing of now: "idle for a second" is an
        // hour old on a laptop that slept. It asks once more.
        let patience = match answer {
            Answer::Gone(_) => u64::MAX,
            // The timer by which the shell gives up on an authority that hangs is late in hidden pages.
            // One that knows nothing yet has nothing to end.
            Answer::Unreachable { .. } if !self.me.visible && self.facts.times.activity > 0 => {
                THROTTLED_MS
            }
            _ => 0,
        };
        if self.now() >= began.saturating_add(patience).saturating_add(BOUND_MS + RETRY_MS) {
            return;
        }
        let told = errand == Errand::KeepAlive;
        // Who is about to warn waits for it, whatever else it answers.
        let mut news = !told || self.asks_before_warning();
        if told {
            // A lock meanwhile is later than what was told, however long that was under way.
            self.keep_locked(covers.activity + self.now().saturating_sub(began));
        }
        let known = self.facts.times.answered;
        self.answered(began, told.then_some(covers.activity), answer);
        if told {
            if self.facts.times.answered > known && covers.holds == self.hold_changes() {
                news |= self.holds_told(began);
            }
            self.emit(Event::KeepAlive);
        }
        self.probe_stream();
        // The others wait for the answer to a question, and begin to doubt one that takes long.
        if news || self.now() > began + RETRY_MS {
            self.urgent();
        }
    }

    /// Lets go of lock and request, for whatever reason. Inlined, as most contexts have neither: where fifty
    /// end at once, each would else compile a function first.
    #[inline(always)]
    pub(super) fn stop_sending(&mut self) {
        if let Sender::Sending { id, .. } = self.sender {
            self.give_up(id);
        }
        self.sender = Sender::Rest;
    }

    #[inline(never)]
    fn give_up(&mut self, id: RequestId) {
        self.push(Output::Abort(id));
        self.push(Output::ReleaseLock);
    }

    fn count_sent(&mut self) {
        let now = self.now();
        self.facts.times.sent = self.facts.times.sent.max(now);
        self.told = self.facts.times.activity;
        self.me.sent = self.me.sent.saturating_add(1);
        self.me.sent_at = now;
        self.grace_ms = self.draw_grace();
        self.write_row();
        self.news();
    }

    fn report(&self) -> Report {
        let now = self.now();
        let max_hold = rules::policy(&self.facts).max_hold_ms;
        let mut holds = Vec::new();
        // Those that live come first.
        for lives in [true, false] {
            for (id, hold) in self.facts.times.holds.iter() {
                let said = if lives {
                    hold.lives(now)
                } else {
                    hold.released && hold.expires + RELEASED_MS > now
                };
                if said && holds.len() < MAX_HOLDS {
                    let left = hold.expires.saturating_sub(now).min(max_hold);
                    let ttl_ms = if hold.released { 0 } else { left };
                    holds.push(HoldReport { id: *id, reason: hold.reason.clone(), ttl_ms });
                }
            }
        }
        // The authority counts from when a report arrives, so each makes its activity a little later.
        // What it knows already must not creep on: rounded up by the longest way, it changes nothing.
        let times = &self.facts.times;
        let known = if times.activity > times.acknowledged { 0 } else { BOUND_MS };
        Report {
            age_ms: now.saturating_sub(times.activity) + known,
            counts: self.facts.counts(),
            contexts: u32::try_from(self.facts.live().count()).unwrap_or(u32::MAX),
            holds,
        }
    }
}
