//! When a context tells the others what it knows: routine news at most once a second, what
//! others wait for at once, and everything to a newcomer, by one of its peers.

use super::agent::Agent;
use super::errand::Errand;
use super::facts::{ContextId, Merge, Ranked, Row, TokenId};
use super::input::Refusal;
use super::output::{Event, Fault, Output};
use super::sender::Sender;
use super::wire::{self, Envelope, WireError};

/// Least time between two routine broadcasts of a context, in milliseconds
/// (docs/architecture.md, rule 9).
pub(super) const PAUSE_MS: u64 = 1000;
/// The same where no other context is known, in milliseconds. Whoever comes says so, and a keep-alive is told
/// of in any case; this is for one whose greeting got lost.
const ALONE_MS: u64 = 30_000;
/// Rows that a context keeps, as long as that leaves those of live contexts.
const MAX_ROWS: usize = 512;
/// How long a newcomer waits for a peer to greet it, in milliseconds.
pub(super) const JOIN_MS: u64 = 250;
/// How long the others leave the greeting to the first peer, in milliseconds.
const GREET_MS: ::core::ops::Range<u64> = 40..160;

/// How soon a broadcast is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    /// Nothing to tell.
    None,
    /// With the next routine broadcast.
    Routine,
    /// Now.
    Urgent,
}

/// What this context owes the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) news: News,
    /// When it last told them anything.
    last: u64,
    /// When to greet a newcomer if nobody else has.
    greet_at: Option<u64>,
    /// Whose greeting is owed.
    newcomer: ContextId,
}

impl Share {
    pub(super) const NOTHING: Self =
        Self { news: News::None, last: 0, greet_at: None, newcomer: 0 };

    /// When to greet a newcomer, if one waits.
    pub(super) const fn greets_at(&self) -> Option<u64> {
        self.greet_at
    }
}

impl Agent {
    /// There is something to tell with the next routine broadcast.
    pub(super) fn news(&mut self) {
        self.share.news = self.share.news.max(News::Routine);
    }

    /// There is something that the others wait for.
    pub(super) fn urgent(&mut self) {
        self.share.news = News::Urgent;
    }

    /// Broadcasts what is due.
    pub(super) fn run_share(&mut self) {
        let now = self.now();
        if self.share.greet_at.is_some_and(|at| now >= at) {
            self.broadcast(false, true);
            return;
        }
        let due = match self.share.news {
            News::None => false,
            News::Routine => self.routine_at().is_some_and(|at| now >= at),
            News::Urgent => true,
        };
        if due {
            self.broadcast(false, false);
        }
    }

    /// When the next routine broadcast is due: a pause after the last. If a keep-alive is due
    /// within one more pause, together with it: the others must know that it was sent, or the one
    /// that is active next sends another.
    pub(super) fn routine_at(&self) -> Option<u64> {
        // What is being asked for will be news in a moment.
        if self.share.news != News::Routine || matches!(self.sender, Sender::Asked { .. }) {
            return None;
        }
        let alone = self.facts.live().all(|(id, _)| id == self.id);
        let at = self.share.last + if alone { ALONE_MS } else { PAUSE_MS };
        let next = self.next_errand().filter(|(_, errand)| *errand == Errand::KeepAlive);
        Some(next.map_or(at, |(next, _)| if next < at + PAUSE_MS { next.max(at) } else { at }))
    }

    /// Asks the peers what they know and tells them that there is one more.
    pub(super) fn greet_all(&mut self) {
        self.broadcast(true, true);
    }

    /// Tells the others at once, whatever else is due.
    pub(super) fn tell(&mut self) {
        self.broadcast(false, false);
    }

    /// Tells the others everything at once.
    pub(super) fn tell_all(&mut self) {
        self.broadcast(false, true);
    }

    fn broadcast(&mut self, hello: bool, all: bool) {
        self.write_row();
        let message = wire::write(self.id, hello, &self.facts, all);
        // News alone are no greeting: a newcomer knows nothing of those that have left.
        let greet_at = self.share.greet_at.filter(|_| !all);
        self.share = Share { news: News::None, last: self.now(), greet_at, ..self.share };
        if let Some(message) = message {
            self.push(Output::Broadcast(message));
        }
    }

    pub(super) fn on_message(&mut self, bytes: &[u8]) {
        match wire::decode(bytes, self.now(), self.facts.times.era) {
            Ok(envelope) if envelope.from == self.id => {}
            Ok(envelope) => self.hear(envelope),
            Err(WireError::UnknownVersion) => self.complain(Fault::UnknownVersion),
            Err(WireError::Malformed) => {
                self.refuse(Refusal::Malformed);
                self.complain(Fault::BadMessage);
            }
        }
    }

    fn hear(&mut self, mut envelope: Envelope) {
        let now = self.now();
        let was_over = self.facts.ended.is_some();
        let rules = self.policy();
        let era = self.facts.times.era;
        let token = envelope.facts.rows.get(envelope.from).map_or(0, |row| row.token);
        let alike = token == self.me.token;
        if !alike {
            envelope.facts.of_the_group();
        }
        // By the rules and the lock that brought it about, and in moments of after a clock that was set.
        self.facts.learn(&envelope.facts.policy);
        self.facts.wish.merge(&envelope.facts.wish);
        if envelope.facts.times.era == era {
            let times = &mut self.facts.times;
            times.locked = times.locked.max(envelope.facts.times.locked);
        }
        let acknowledged = self.facts.times.acknowledged;
        let by = if envelope.facts.times.era > era { self.ahead_by } else { 0 };
        let seen = self.facts.times.observed.at + by;
        let due = self.due().filter(|due| due.observed).map(|due| due.end_at + by);
        self.facts.merge(&envelope.facts);
        if self.facts.times.era > era {
            self.follow_the_clock(acknowledged);
        }
        self.hear_observed(due, seen);
        // Only this context writes its own row; what others repeat of it may be old or missing, and then
        // whoever was greeted so learns the newer one. A peer that took it for gone is told at once, also
        // where it had not heard of the newest row: the number that it gave is the same then.
        let rows = &envelope.facts.rows;
        let known = rows.get(self.id).map_or([0; 2], Ranked::rank);
        let mine = self.me.rank();
        if known > mine {
            self.urgent();
        } else if known < mine && rows.len() > 1 {
            self.news();
        }
        self.write_row();
        self.forget_rows();
        if self.facts.ended.is_some() && !was_over {
            self.told_end = true;
            // Whoever signed out did so with a token of their own.
            self.tell_end = !alike && self.peers().all(|(id, row)| row.asleep || id > self.id);
        }
        if self.policy() != rules {
            self.rules_changed();
        }
        let unaware = self.facts.ended.is_some() && envelope.facts.ended.is_none();
        if envelope.hello || (unaware && (alike || self.facts.everywhere)) {
            self.owe_greeting(envelope.from, token, now);
        } else if envelope.from != self.share.newcomer && rows.get(self.share.newcomer).is_some() {
            // Somebody else has greeted it.
            self.share.greet_at = None;
        }
        if !envelope.hello && rows.get(self.id).is_some() {
            self.joined();
        }
    }

    /// Drops rows of contexts that left long ago, oldest activity first, when there are many: a
    /// page that is loaded a thousand times a day leaves a thousand rows.
    fn forget_rows(&mut self) {
        while self.facts.rows.len() > MAX_ROWS {
            let left = self.facts.rows.iter().filter(|(_, row)| row.left);
            let Some(id) = left.min_by_key(|(_, row)| row.active_at).map(|(id, _)| *id) else {
                return;
            };
            self.facts.rows.retain(|other, _| other != id);
        }
    }

    /// The first of the newcomer's peers that is awake greets at once; the others wait whether it does.
    /// One that has not caught up itself has nothing to tell yet: a newcomer must not take that for all
    /// there is.
    fn owe_greeting(&mut self, newcomer: ContextId, token: TokenId, now: u64) {
        let awake =
            |(id, row): &(ContextId, &Row)| *id != newcomer && row.token == token && !row.asleep;
        let first = self.facts.live().find(awake).is_some_and(|(id, _)| id == self.id);
        let wait = if !self.is_joined() {
            JOIN_MS
        } else if first {
            0
        } else {
            self.below(GREET_MS.end - GREET_MS.start) + GREET_MS.start
        };
        self.share.greet_at = Some(now + wait);
        self.share.newcomer = newcomer;
    }

    fn complain(&mut self, fault: Fault) {
        let bit = 1 << fault as u8;
        if self.complained & bit == 0 {
            self.complained |= bit;
            self.emit(Event::Fault(fault));
        }
    }

    /// Writes this context's row into the facts, with a new number if it changed.
    pub(super) fn write_row(&mut self) {
        let known = self.facts.rows.get(self.id).copied();
        self.me.seq = self.me.seq.max(known.map_or(0, |row| row.seq));
        if known != Some(self.me) {
            self.me.seq += 1;
            self.facts.rows.insert(self.id, self.me);
        }
    }
}
