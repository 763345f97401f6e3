//! The machine of one context. The calling contract: **tell it one thing at a time with
//! [`Agent::handle_input`], then drain [`Agent::poll_output`] until it says
//! [`Output::Wait`]**, and call again with [`Input::Wake`] at that moment or later.
//!
//! Every decision is a pure function of the facts and the time. A timer is a hint: whatever
//! happens, the clock is looked at first, so nothing that comes after the deadline counts.

use alloc::vec::Vec;

use super::activity::Hot;
use super::conclude::Untold;
use super::errand::{self, Errand, Situation};
use super::facts::{ContextId, Counts, Facts, Row, TokenId, Wish};
use super::input::{Departure, Input, Refusal};
use super::output::{Event, Fault, Output, RequestId};
use super::policy::Policy;
use super::rules::{self, Phase};
use super::sender::Sender;
use super::share::{JOIN_MS, Share};
use super::stream::Stream;
use super::time::{Reading, Timeline};

/// How long another context leaves a due keep-alive to the one whose activity it is, at most.
const GRACE_MS: u64 = 2000;

/// What a context starts with.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Its name: random, so that no two contexts share one.
    pub id: ContextId,
    /// Where its randomness comes from.
    pub seed: u64,
    /// What the page asks for.
    pub wish: Wish,
    /// Its token's name in the group.
    pub token: TokenId,
    /// The authority offers an event stream.
    pub listens: bool,
    /// The page can be seen.
    pub visible: bool,
}

/// How many inputs were refused, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refused {
    /// Made by a script.
    pub untrusted: u32,
    /// From an origin that is not on the list.
    pub origin: u32,
    /// Too often.
    pub rate: u32,
    /// Not of the agreed shape.
    pub malformed: u32,
}

/// How far a context has caught up with its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// Asked the peers; decides nothing until one answered or the time is over.
    Waiting {
        until: u64,
    },
    /// The same on a new channel, with all facts at hand.
    Moving {
        until: u64,
    },
    Done,
}

/// The machine.
pub struct Agent {
    pub(super) id: ContextId,
    pub(super) rng: oorandom::Rand32,
    pub(super) line: Timeline,
    pub(super) wall: u64,
    pub(super) facts: Facts,
    pub(super) me: Row,
    pub(super) started: u64,
    pub(super) check_from: u64,
    /// The newest activity that this context told of, answered or not.
    pub(super) told: u64,
    pub(super) untold: Untold,
    /// By how much the wall clock went ahead of the monotonic one, until that is explained.
    pub(super) ahead_by: u64,
    /// When the wall clock was set back, until it is known whether the machine slept as well; else 0.
    pub(super) back_at: u64,
    pub(super) join: Join,
    pub(super) pending: Counts,
    pub(super) pending_at: u64,
    /// When this context last heard that the screen was locked.
    pub(super) locked_at: u64,
    pub(super) away: bool,
    pub(super) closed: bool,
    pub(super) sender: Sender,
    pub(super) share: Share,
    pub(super) stream: Stream,
    /// When the event stream was last asked for.
    pub(super) listened_at: u64,
    pub(super) listens: bool,
    pub(super) grace_ms: u64,
    pub(super) last_request: RequestId,
    pub(super) tell_end: bool,
    pub(super) told_end: bool,
    pub(super) wound_down: bool,
    pub(super) said_phase: Phase,
    pub(super) said_activity: u64,
    pub(super) fault_said: Option<Fault>,
    pub(super) complained: u8,
    refused: Refused,
    pub(super) hot: Hot,
    /// Effects, of which that many were given out.
    out: Vec<Output>,
    given: usize,
}

impl Agent {
    /// Starts a context. Drain [`Agent::poll_output`] at once: it greets its peers.
    #[must_use]
    pub fn new(config: Config, reading: Reading) -> Self {
        let line = Timeline::new(reading);
        let now = line.now();
        let facts = Facts { wish: config.wish, ..Facts::default() };
        let mut agent = Self {
            id: config.id,
            rng: oorandom::Rand32::new(config.seed),
            line,
            wall: reading.wall,
            facts,
            me: Row { token: config.token, visible: config.visible, ..Row::default() },
            started: now,
            check_from: 1,
            told: 0,
            untold: Untold::default(),
            ahead_by: 0,
            back_at: 0,
            join: Join::Waiting { until: now + JOIN_MS },
            pending: Counts::default(),
            pending_at: 0,
            locked_at: 0,
            away: false,
            closed: false,
            sender: Sender::Rest,
            share: Share::NOTHING,
            stream: Stream::Off,
            listened_at: 0,
            listens: config.listens,
            grace_ms: GRACE_MS,
            last_request: 0,
            tell_end: false,
            told_end: false,
            wound_down: false,
            said_phase: Phase::Checking,
            said_activity: 0,
            fault_said: None,
            complained: 0,
            refused: Refused::default(),
            hot: Hot::default(),
            out: Vec::new(),
            given: 0,
        };
        agent.grace_ms = agent.draw_grace();
        agent.write_row();
        agent.greet_all();
        agent
    }

    /// Takes in one input at the moment that both clocks show.
    pub fn handle_input(&mut self, input: Input<'_>, reading: Reading) {
        if self.closed {
            return;
        }
        self.fold();
        self.look_at_the_clock(reading);
        match input {
            Input::Activity { kind, age_ms } => self.on_activity(Some(kind), age_ms),
            Input::Stay => self.on_activity(None, 0),
            Input::Refused(refusal) => self.refuse(refusal),
            Input::Locked => self.on_locked(),
            Input::Wake => {}
            Input::Message(bytes) => self.on_message(bytes),
            Input::Lock(grant) => self.on_lock(grant),
            Input::StreamLock(grant) => self.on_stream_lock(grant),
            Input::Answer { id, answer } => self.on_answer(id, answer),
            Input::News { answer, at_ms } => self.on_news(answer, at_ms),
            Input::StreamBroke => self.on_stream_broke(),
            Input::Visible(visible) => self.on_visible(visible),
            Input::Leaving(departure) => self.on_leaving(departure),
            Input::Returned => self.on_returned(),
            Input::End(because) => self.on_sign_out(because),
            Input::Hold { id, reason, ttl_ms } => self.on_hold(id, reason, ttl_ms),
            Input::Release(id) => self.on_release(id),
            Input::TokenChanged(token) => self.on_token_changed(token),
            Input::Close => {
                self.on_leaving(Departure::Hidden);
                self.closed = true;
            }
        }
        self.settle();
    }

    /// The next effect; [`Output::Wait`] once there is none left.
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.out.get_mut(self.given) {
            self.given += 1;
            return ::core::mem::replace(output, Output::Wait(None));
        }
        self.out.clear();
        self.given = 0;
        let wake = self.next_wake();
        self.heat(wake);
        Output::Wait(wake)
    }

    /// The newest moment on the timeline.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.line.now()
    }

    /// What is known.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its name in the group.
    #[must_use]
    pub const fn id(&self) -> ContextId {
        self.id
    }

    /// What was refused here.
    #[must_use]
    pub const fn refused(&self) -> Refused {
        self.refused
    }

    /// The rules in force.
    #[must_use]
    pub fn policy(&self) -> Policy {
        rules::policy(&self.facts)
    }

    /// Brings the facts up to `reading` without an input, for a look at them.
    pub fn look(&mut self, reading: Reading) {
        self.handle_input(Input::Wake, reading);
        self.write_row();
    }

    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.facts.ended.is_none() && self.is_checking() {
            return Phase::Checking;
        }
        rules::phase(&self.facts, &self.policy(), self.now())
    }

    /// The warning and the deadline, unless held or unknown.
    #[must_use]
    pub fn due(&self) -> Option<rules::Due> {
        rules::due(&self.facts, &self.policy(), self.now())
    }

    /// Draws the conclusions: everything that follows from the facts at this moment.
    fn settle(&mut self) {
        if let Join::Waiting { until } | Join::Moving { until } = self.join
            && self.now() >= until
        {
            self.join = Join::Done;
        }
        self.renew_holds();
        self.count_pending();
        self.conclude();
        self.look_for_news();
        if !self.away && self.facts.ended.is_none() && self.is_joined() {
            self.run_errands();
            // A request that ran out of time is an answer too.
            self.count_pending();
            self.conclude();
        }
        self.announce();
        if !self.away {
            if self.facts.ended.is_none() {
                self.run_stream();
            }
            self.run_share();
        }
    }

    /// Whether the peers had their say.
    pub(super) fn is_joined(&self) -> bool {
        self.join == Join::Done
    }

    /// The other contexts that hold the same token and have not left.
    pub(super) fn peers(&self) -> impl Iterator<Item = (ContextId, &Row)> {
        self.facts.live().filter(|(id, row)| *id != self.id && row.token == self.me.token)
    }

    /// A peer answered.
    pub(super) fn joined(&mut self) {
        self.join = Join::Done;
    }

    pub(super) fn is_checking(&self) -> bool {
        let known = rules::tried_since(&self.facts, self.check_from);
        matches!(self.join, Join::Waiting { .. }) || !known
    }

    /// People are to be warned, and nobody has asked the authority since.
    pub(super) fn asks_before_warning(&self) -> bool {
        let asks = |due: rules::Due| {
            self.now() >= due.warn_at && !rules::tried_since(&self.facts, due.warn_at)
        };
        self.due().is_some_and(asks)
    }

    pub(super) fn next_errand(&self) -> Option<(u64, Errand)> {
        // Somebody works there: it is awake.
        let newest = |(id, row): (ContextId, &Row)| {
            row.asleep || (row.active_at, id) < (self.me.active_at, self.id)
        };
        let situation = Situation {
            check_from: self.check_from,
            id: self.id,
            token: self.me.token,
            own: self.peers().all(newest),
            untold_since: self.untold.since,
            // Of another's it is only known when it was sent.
            covered: if self.me.sent_at == self.facts.times.sent {
                self.told
            } else {
                self.facts.times.sent
            },
            grace_ms: self.grace_ms,
            // Fifty hidden pages that all wake at the deadline would be in each other's way.
            patience_ms: if self.me.visible { 0 } else { self.grace_ms / 16 },
        };
        errand::next(&self.facts, &self.policy(), self.now(), situation)
    }

    /// A random number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        u64::from(self.rng.rand_u32()).checked_rem(end).unwrap_or(0)
    }

    /// Not all others come at the same moment when a sender fails.
    pub(super) fn draw_grace(&mut self) -> u64 {
        let grace = self.policy().keepalive_ms.min(GRACE_MS);
        grace + self.below(grace / 4)
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let count = match refusal {
            Refusal::Untrusted => &mut self.refused.untrusted,
            Refusal::Origin => &mut self.refused.origin,
            Refusal::Rate => &mut self.refused.rate,
            Refusal::Malformed => &mut self.refused.malformed,
        };
        *count = count.saturating_add(1);
        if *count == 1 && self.facts.ended.is_none() {
            self.emit(Event::Refused(refusal));
        }
    }

    pub(super) fn push(&mut self, output: Output) {
        self.out.push(output);
    }

    pub(super) fn emit(&mut self, event: Event) {
        // Nothing follows the end.
        let over = self.said_phase == Phase::Ended;
        if !over || matches!(event, Event::Phase(_) | Event::Ended(_)) {
            self.push(Output::Event(event));
        }
    }
}
