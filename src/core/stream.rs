//! Which context reads the authority's event stream: one per partition, awake, and replaced when
//! it goes hidden. Losing the stream loses nothing: keep-alives and questions carry the same.

use super::agent::Agent;
use super::answer::{Alive, Answer};
use super::facts::{ContextId, Row};
use super::input::Grant;
use super::output::Output;
use super::policy::Policy;
use super::share::PAUSE_MS as SHARE_MS;

/// First pause before a broken stream is tried again, in milliseconds.
const PAUSE_MS: u64 = 1000;
/// Longest pause, in milliseconds.
const PAUSE_CAP_MS: u64 = 60_000;
/// First pause before a busy lock is tried again, in milliseconds; each next one is four times as
/// long. A reader that hands over has let go of it by then, and what the authority tells must reach
/// everybody within a second.
const BUSY_MS: u64 = 100;
/// How often a lock that nobody says to hold is tried before the next change is waited for.
const TRIES: u8 = 5;
/// How long ago news may have been said at the most for its durations to count, in milliseconds. A
/// second is promised, and the way to the authority and back takes its time; a page that was stopped
/// for longer asks. It is well below what an answer may take ([`super::sender::BOUND_MS`]), so nothing
/// is taken for later by it than by a slow answer.
const FRESH_MS: u64 = 2000;

/// Where this context stands with the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Not ours.
    Off,
    /// Its lock was asked for.
    Asked { tries: u8 },
    /// Its lock is busy, though nobody says to hold it.
    Busy { tries: u8, retry_at: u64 },
    /// We read it.
    Open,
    /// It broke off; we keep its lock and connect again.
    Broken { tries: u8, retry_at: u64 },
}

impl Agent {
    /// Takes, keeps or leaves the stream.
    pub(super) fn run_stream(&mut self) {
        let now = self.now();
        let mine = matches!(self.stream, Stream::Open | Stream::Broken { .. });
        if !self.wants_stream() {
            if mine {
                self.leave_stream();
            } else if matches!(self.stream, Stream::Busy { .. }) {
                self.stream = Stream::Off;
            }
            return;
        }
        match self.stream {
            Stream::Off => self.take_stream(0),
            Stream::Busy { tries, retry_at } if now >= retry_at && tries < TRIES => {
                self.take_stream(tries);
            }
            Stream::Broken { tries, retry_at } if now >= retry_at => {
                self.stream = Stream::Broken { tries, retry_at: now + PAUSE_CAP_MS };
                self.listen();
            }
            _ => {}
        }
    }

    fn listen(&mut self) {
        self.listened_at = self.now();
        self.push(Output::Listen);
    }

    /// When [`Agent::run_stream`] has something to do again.
    pub(super) fn stream_wakes_at(&self) -> Option<u64> {
        match self.stream {
            Stream::Busy { tries, retry_at } if tries < TRIES => Some(retry_at),
            Stream::Broken { retry_at, .. } => Some(retry_at),
            _ => None,
        }
    }

    fn take_stream(&mut self, tries: u8) {
        let other = self.streaming_peer();
        // A hidden reader whose lock is busy may be frozen: who is visible takes it from there.
        let force = tries > 0 && other.is_some_and(|visible| !visible) && self.me.visible;
        self.push(Output::TakeStream { force });
        self.stream = Stream::Asked { tries };
    }

    /// Asks for the lock though a peer says that it reads: should it have crashed, the lock is
    /// free. Done by whoever talks to the authority anyway, so that idle stays silent.
    pub(super) fn probe_stream(&mut self) {
        if self.listens && self.me.visible && self.stream == Stream::Off {
            self.push(Output::TakeStream { force: false });
            self.stream = Stream::Asked { tries: TRIES };
        }
    }

    /// The lock was free, so a peer that says to hold it is gone, unless it is hidden and it was
    /// taken from it by `force`. Should it only have been slow to say so, it writes its row anew
    /// when it reads this.
    fn inherits_stream(&mut self, force: bool) -> bool {
        let reads = |(_, row): &(ContextId, &Row)| row.streaming && (row.visible || !force);
        let gone = self.peers().find(reads).map(|(other, _)| other);
        if let Some(row) = gone.and_then(|gone| self.facts.rows.get_mut(gone)) {
            *row = Row { seq: row.seq + 1, left: true, streaming: false, ..*row };
            self.tell_all();
        }
        self.wants_stream()
    }

    /// Whether a peer that says to read the stream is visible, if one says so. One that is counts
    /// more than others: a row can outlive its page.
    fn streaming_peer(&self) -> Option<bool> {
        let mut visible = None;
        for (_, row) in self.peers() {
            if row.streaming {
                visible = visible.max(Some(row.visible));
            }
        }
        visible
    }

    fn wants_stream(&self) -> bool {
        if !self.listens || !self.is_joined() || self.away || self.facts.ended.is_some() {
            return false;
        }
        if !self.me.visible && self.peers().any(|(_, row)| row.visible) {
            return false;
        }
        self.me.streaming || self.streaming_peer().is_none_or(|visible| self.me.visible && !visible)
    }

    pub(super) fn on_stream_lock(&mut self, grant: Grant) {
        let now = self.now();
        match (grant, self.stream) {
            (Grant::Granted, Stream::Asked { tries }) if self.inherits_stream(tries > 0) => {
                self.stream = Stream::Open;
                self.me.streaming = true;
                self.listen();
                self.urgent();
            }
            (Grant::Granted, _) => {
                self.stream = Stream::Off;
                self.push(Output::LeaveStream);
            }
            (Grant::Busy, Stream::Asked { tries }) => {
                let retry_at = now + (BUSY_MS << (2 * tries.min(TRIES)));
                self.stream = Stream::Busy { tries: tries.saturating_add(1), retry_at };
            }
            (Grant::Lost, Stream::Open | Stream::Broken { .. }) => {
                // Not taken back at once: two that both think so would do nothing else.
                self.stream = Stream::Busy { tries: 0, retry_at: now + PAUSE_MS };
                self.me.streaming = false;
                self.push(Output::LeaveStream);
                self.news();
            }
            (Grant::Busy | Grant::Lost, _) => {}
        }
    }

    /// Inlined for the same reason as [`Agent::stop_sending`].
    #[inline(always)]
    pub(super) fn leave_stream(&mut self) {
        if matches!(self.stream, Stream::Open | Stream::Broken { .. }) {
            self.close_stream();
        }
        self.stream = Stream::Off;
    }

    #[inline(never)]
    fn close_stream(&mut self) {
        self.push(Output::LeaveStream);
        self.me.streaming = false;
        self.urgent();
    }

    pub(super) fn on_stream_broke(&mut self) {
        let tries = match self.stream {
            Stream::Open => 0,
            Stream::Broken { tries, .. } => tries,
            _ => return,
        };
        let ceiling = (PAUSE_MS << tries.min(6)).min(PAUSE_CAP_MS);
        let retry_at = self.now() + PAUSE_MS / 2 + self.below(ceiling - PAUSE_MS / 2);
        self.stream = Stream::Broken { tries: tries.saturating_add(1), retry_at };
    }

    /// What the stream brought. A page that was stopped reads it late: the end and the rules count
    /// whenever they come, and how long ago somebody was active only if it was said just now. Then it is
    /// as good as the answer to a question, but for the errands, which are done by whoever goes on them.
    pub(super) fn on_news(&mut self, news: Answer, at_ms: Option<u64>) {
        if matches!(self.stream, Stream::Broken { .. }) {
            self.stream = Stream::Open;
        }
        match news {
            Answer::Gone(because) => self.end(because),
            Answer::Alive(alive) => {
                let sane = alive.policy.as_ref().is_some_and(Policy::is_plausible);
                if sane && self.facts.learn(&alive.policy) {
                    self.rules_changed();
                    self.urgent();
                }
                let began = at_ms.and_then(|ms| self.said_at(ms));
                // What a jump of the clocks means is found out by asking: two seconds are too much for that.
                if let Some(began) = began
                    && !self.is_checking()
                    && alive.is_plausible()
                {
                    self.pushed(began, alive);
                }
            }
            Answer::Unreachable { .. } | Answer::Invalid => {}
        }
    }

    /// The earliest moment at which the server can have said what comes `at_ms` into the stream, if that
    /// is not long ago. It began no earlier than it was asked for.
    fn said_at(&mut self, at_ms: u64) -> Option<u64> {
        let now = self.now();
        // Nobody tells of what is to come: the server's clock is the faster one, and by how much is no
        // time in which anything can wait unseen.
        self.listened_at = self.listened_at.min(now.saturating_sub(at_ms));
        let at = self.listened_at.saturating_add(at_ms);
        (at.saturating_add(FRESH_MS) >= now).then_some(at.min(now))
    }

    /// Takes in what the authority said at `began` or after.
    fn pushed(&mut self, began: u64, alive: Alive) {
        let soon = self.due().is_some_and(|due| self.now() + 2 * SHARE_MS >= due.warn_at);
        let said = |agent: &Self| {
            let times = &agent.facts.times;
            (times.acknowledged, times.held_elsewhere)
        };
        let known = said(self);
        self.alive(began, None, alive);
        if said(self) == known {
            return;
        }
        // The others are about to warn, or do.
        if soon { self.urgent() } else { self.news() }
    }
}
