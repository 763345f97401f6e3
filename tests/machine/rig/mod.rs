//! N contexts, their channel, their locks and an authority on one virtual clock. Everything that
//! a network can do to messages is drawn from a seed.

mod authority;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::Answer;
use stillhere::core::facts::{Kind, Wish};
use stillhere::core::input::{Departure, Grant, Input};
use stillhere::core::output::{Event, Output, Request, RequestId};
use stillhere::core::policy::Policy;
use stillhere::core::rules::Phase;
use stillhere::core::time::Reading;
use stillhere_authority::session::Session;

/// When the virtual world begins, in milliseconds since the Unix epoch.
pub const START: u64 = 1_800_000_000_000;

/// What the channel does to messages.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// Part of the messages that are lost, in percent.
    pub loss: u32,
    /// Part of the messages that arrive twice, in percent.
    pub doubling: u32,
    /// Longest delay of a message, in milliseconds; unequal delays reorder them.
    pub delay: u32,
    /// How long a request takes to the authority, and as long back.
    pub latency: u64,
}

impl Network {
    /// Nothing goes wrong.
    pub const GOOD: Self = Self { loss: 0, doubling: 0, delay: 1, latency: 5 };
}

/// One moment at which something happens.
#[derive(Debug, Clone)]
enum Happening {
    Wake(usize),
    Message(usize, Vec<u8>),
    Lock(usize, Grant),
    StreamLock(usize, Grant),
    AtAuthority(usize, Request),
    Answer(usize, RequestId, Answer),
    News(usize, Answer),
}

/// One page.
pub struct Context {
    pub agent: Agent,
    alive: bool,
    frozen: bool,
    wake: Option<u64>,
    listening: bool,
    /// Every phase it showed, with the moment.
    pub phases: Vec<(u64, Phase)>,
    pub events: Vec<Event>,
}

/// What was counted.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub keepalives: usize,
    pub questions: usize,
    pub ends: usize,
    pub broadcasts: usize,
    /// Moments of each context's broadcasts.
    pub sent_by: BTreeMap<usize, Vec<u64>>,
    pub in_flight: usize,
    pub most_in_flight: usize,
}

/// The whole world.
pub struct World {
    pub now: u64,
    mono: u64,
    pub contexts: Vec<Context>,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    next: u64,
    rng: oorandom::Rand32,
    network: Network,
    holder: Option<usize>,
    stream_holder: Option<usize>,
    pub policy: Policy,
    pub session: Session,
    pub authority_up: bool,
    pub tally: Tally,
}

impl World {
    pub fn new(seed: u64, network: Network, policy: Policy) -> Self {
        let session = Session::new(START, &policy);
        Self {
            now: START,
            mono: 5_000,
            contexts: Vec::new(),
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            next: 0,
            rng: oorandom::Rand32::new(seed),
            network,
            holder: None,
            stream_holder: None,
            policy,
            session,
            authority_up: true,
            tally: Tally::default(),
        }
    }

    /// Opens one more page and gives its number.
    pub fn open(&mut self, visible: bool) -> usize {
        let seed = u64::from(self.rng.rand_u32());
        let id = seed << 16 | (self.contexts.len() as u64 + 1);
        let config = Config { id, seed, wish: Wish::default(), listens: true, visible };
        let agent = Agent::new(config, self.reading());
        self.contexts.push(Context {
            agent,
            alive: true,
            frozen: false,
            wake: None,
            listening: false,
            phases: Vec::new(),
            events: Vec::new(),
        });
        let at = self.contexts.len() - 1;
        self.drain(at);
        at
    }

    /// Opens `count` pages, the first of them visible, and lets them settle.
    pub fn open_all(&mut self, count: usize) {
        for at in 0..count {
            self.open(at == 0);
        }
        self.run(3_000);
        self.count_anew();
    }

    /// Forgets what was counted, but for the requests that are under way.
    pub fn count_anew(&mut self) {
        self.tally = Tally { in_flight: self.tally.in_flight, ..Tally::default() };
    }

    pub fn reading(&self) -> Reading {
        Reading { wall: self.now, mono: self.mono }
    }

    /// Tells a context something and carries out what it wants.
    pub fn tell(&mut self, at: usize, input: Input<'_>) {
        if self.contexts[at].alive {
            let reading = self.reading();
            self.contexts[at].agent.handle_input(input, reading);
            self.drain(at);
        }
    }

    /// A key, the way the shell counts it.
    pub fn key(&mut self, at: usize) {
        let now = self.now;
        if !self.contexts[at].agent.count(Kind::Keystroke, now) {
            self.tell(at, Input::Activity { kind: Kind::Keystroke, age_ms: 0 });
        }
    }

    /// The process of a page dies: its locks pass on, its request may have arrived.
    pub fn crash(&mut self, at: usize) {
        self.contexts[at].alive = false;
        if self.holder == Some(at) {
            self.holder = None;
        }
        if self.stream_holder == Some(at) {
            self.stream_holder = None;
        }
    }

    /// A page stops: it keeps its locks, hears nothing, its timers stand.
    pub fn freeze(&mut self, at: usize) {
        self.contexts[at].frozen = true;
    }

    pub fn thaw(&mut self, at: usize) {
        self.contexts[at].frozen = false;
        self.tell(at, Input::Wake);
    }

    pub fn close(&mut self, at: usize) {
        self.tell(at, Input::Leaving(Departure::Hidden));
        self.crash(at);
    }

    /// The clocks go on by `ms` at once, as after a sleep; `mono` says whether both do.
    pub fn jump(&mut self, ms: i64, mono: bool) {
        self.now = self.now.saturating_add_signed(ms);
        if mono {
            self.mono += ms.unsigned_abs();
        }
    }

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(Reverse((at, number))) = self.queue.peek().copied() {
            if at > until {
                break;
            }
            self.queue.pop();
            if let Some(happening) = self.happenings.remove(&number) {
                self.advance(at);
                self.happen(happening);
            }
        }
        self.advance(until);
    }

    /// Types at an even pace for `ms`.
    pub fn type_for(&mut self, at: usize, ms: u64, pace: u64) {
        for _ in 0..ms / pace {
            self.key(at);
            self.run(pace);
        }
    }

    pub fn phase(&mut self, at: usize) -> Phase {
        self.tell(at, Input::Wake);
        self.contexts[at].agent.phase()
    }

    pub fn is_ended(&self, at: usize) -> bool {
        self.contexts[at].agent.facts().ended.is_some()
    }

    pub fn all_ended(&self) -> bool {
        (0..self.contexts.len()).all(|at| !self.contexts[at].alive || self.is_ended(at))
    }

    /// When each context showed that the session is over.
    pub fn ended_at(&self) -> Vec<u64> {
        let ended = |context: &Context| {
            context.phases.iter().find(|(_, phase)| *phase == Phase::Ended).map(|(at, _)| *at)
        };
        self.contexts.iter().filter_map(ended).collect()
    }

    pub fn below(&mut self, end: u32) -> u32 {
        self.rng.rand_range(0..end.max(1))
    }

    fn advance(&mut self, at: u64) {
        if at > self.now {
            self.mono += at - self.now;
            self.now = at;
        }
    }

    fn plan(&mut self, after: u64, happening: Happening) {
        self.queue.push(Reverse((self.now + after, self.next)));
        self.happenings.insert(self.next, happening);
        self.next += 1;
    }

    fn happen(&mut self, happening: Happening) {
        let hears = |world: &Self, at: usize| !world.contexts[at].frozen;
        match happening {
            Happening::Wake(at) => {
                let due = self.contexts[at].wake.is_some_and(|wake| wake <= self.now);
                if due && hears(self, at) {
                    self.contexts[at].wake = None;
                    self.tell(at, Input::Wake);
                }
            }
            Happening::Message(at, bytes) if hears(self, at) => {
                self.tell(at, Input::Message(&bytes));
            }
            Happening::Lock(at, grant) if hears(self, at) => self.tell(at, Input::Lock(grant)),
            Happening::StreamLock(at, grant) => self.tell(at, Input::StreamLock(grant)),
            Happening::AtAuthority(at, request) => self.at_authority(at, request),
            Happening::Answer(at, id, answer) => {
                self.tally.in_flight -= 1;
                if hears(self, at) {
                    self.tell(at, Input::Answer { id, answer });
                }
            }
            Happening::News(at, answer) if self.contexts[at].listening && hears(self, at) => {
                self.tell(at, Input::News(answer));
            }
            Happening::Message(..) | Happening::Lock(..) | Happening::News(..) => {}
        }
    }

    fn drain(&mut self, at: usize) {
        loop {
            let output = self.contexts[at].agent.poll_output();
            if let Output::Wait(wake) = output {
                let past = wake.filter(|wake| wake.at <= self.now);
                assert_eq!(past, None, "a wake-up that is due already would spin");
                self.arm(at, wake.map(|wake| wake.at));
                return;
            }
            self.carry_out(at, output);
        }
    }

    fn arm(&mut self, at: usize, wake: Option<u64>) {
        let armed = self.contexts[at].wake;
        let Some(wake) = wake else { return };
        if armed.is_none_or(|armed| armed > wake || armed <= self.now) {
            self.contexts[at].wake = Some(wake);
            self.plan(wake.saturating_sub(self.now), Happening::Wake(at));
        }
    }

    fn carry_out(&mut self, at: usize, output: Output) {
        match output {
            Output::Broadcast(bytes) => self.broadcast(at, &bytes),
            Output::TakeLock { force } => {
                let grant = take(&mut self.holder, at, force);
                if let Some(loser) = grant.1 {
                    self.plan(1, Happening::Lock(loser, Grant::Lost));
                }
                self.plan(1, Happening::Lock(at, grant.0));
            }
            Output::ReleaseLock => release(&mut self.holder, at),
            Output::TakeStream { force } => {
                let grant = take(&mut self.stream_holder, at, force);
                if let Some(loser) = grant.1 {
                    self.plan(1, Happening::StreamLock(loser, Grant::Lost));
                }
                self.plan(1, Happening::StreamLock(at, grant.0));
            }
            Output::Listen => self.contexts[at].listening = true,
            Output::LeaveStream => {
                self.contexts[at].listening = false;
                release(&mut self.stream_holder, at);
            }
            Output::Request(request) => {
                self.tally.in_flight += 1;
                self.tally.most_in_flight = self.tally.most_in_flight.max(self.tally.in_flight);
                self.plan(self.network.latency, Happening::AtAuthority(at, request));
            }
            Output::Event(event) => {
                if let Event::Phase(phase) = event {
                    self.contexts[at].phases.push((self.now, phase));
                }
                self.contexts[at].events.push(event);
            }
            Output::Abort(_) | Output::Wait(_) => {}
        }
    }

    fn broadcast(&mut self, from: usize, bytes: &[u8]) {
        self.tally.broadcasts += 1;
        self.tally.sent_by.entry(from).or_default().push(self.now);
        for at in (0..self.contexts.len()).filter(|at| *at != from) {
            if self.below(100) < self.network.loss {
                continue;
            }
            let copies = if self.below(100) < self.network.doubling { 2 } else { 1 };
            for _ in 0..copies {
                let delay = u64::from(self.below(self.network.delay)) + 1;
                self.plan(delay, Happening::Message(at, bytes.to_vec()));
            }
        }
    }

    pub fn listeners(&self) -> usize {
        self.contexts.iter().filter(|context| context.listening && context.alive).count()
    }
}

fn take(holder: &mut Option<usize>, at: usize, force: bool) -> (Grant, Option<usize>) {
    match *holder {
        Some(other) if other != at && !force => (Grant::Busy, None),
        other => {
            *holder = Some(at);
            (Grant::Granted, other.filter(|other| *other != at))
        }
    }
}

fn release(holder: &mut Option<usize>, at: usize) {
    if *holder == Some(at) {
        *holder = None;
    }
}
