//! Contexts, their channels, their locks and an authority on one virtual time. Everything that a
//! network can do to messages is drawn from a seed.
//!
//! True time is [`World::now`], which is also the authority's clock. Each partition is a machine of
//! its own: its wall clock may be wrong, and its monotonic clock may have stood still.

mod authority;
mod conditions;
mod effects;
mod faults;
mod happen;
mod page;
mod seam;
mod wire;

use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

use stillhere::core::agent::{Agent, Config};
use stillhere::core::facts::{Kind, TokenId, Wish};
use stillhere::core::input::Input;
use stillhere::core::output::Output;
use stillhere::core::policy::{Mode, Policy};
use stillhere::core::rules::Phase;
use stillhere::core::time::Reading;
use stillhere_session::session::Session;

pub use self::conditions::{Network, Partition, Trouble};
use self::effects::Locks;
pub use self::happen::Happening;
use self::happen::Planned;
pub use self::page::{Context, Tally};
pub use self::wire::Wire;
use crate::checks::{Checks, Rule};

/// When the virtual world begins, in milliseconds since the Unix epoch.
pub const START: u64 = 1_800_000_000_000;

/// The whole world.
pub struct World {
    /// True time in Unix milliseconds.
    pub now: u64,
    /// All pages that ever were.
    pub contexts: Vec<Context>,
    /// The machines.
    pub partitions: Vec<Partition>,
    queue: BinaryHeap<Planned>,
    /// How much happened in which second.
    pace: (u64, usize),
    next: u64,
    rng: oorandom::Rand32,
    /// What the channel does to messages, and how far the authority is.
    pub network: Network,
    locks: Locks,
    /// The rules in force at the authority.
    pub policy: Policy,
    /// The authority's session of the newest token.
    pub session: Session,
    former: Vec<Session>,
    /// All pages are one group, whatever token each holds; otherwise those with the same token are.
    pub group: bool,
    /// Whether connections to the authority are taken.
    pub authority_up: bool,
    /// What ails it otherwise.
    pub trouble: Trouble,
    /// Whether the authority ends a token at its deadline although nobody asks.
    pub enforces: bool,
    /// The pages' own server, which ends nothing by itself and says only that a token lives.
    pub own_server: bool,
    /// Until when no more is pushed to the streams of each token.
    quiet_until: BTreeMap<usize, u64>,
    /// For when the next look at each token's deadline is planned.
    watched: BTreeMap<usize, u64>,
    /// What was counted.
    pub tally: Tally,
    /// Who looks on. Without it a broken contract panics.
    pub checks: Option<Box<Checks>>,
    /// Who carries requests, in the place of the session above or only to count them.
    pub wire: Option<Box<dyn Wire>>,
    /// Says each thing that happens.
    pub trace: bool,
}

impl World {
    /// A world with one partition and nobody in it.
    #[must_use]
    pub fn new(seed: u64, network: Network, policy: Policy) -> Self {
        let session = Session::new(START, &policy);
        Self {
            now: START,
            contexts: Vec::new(),
            partitions: vec![Partition::default()],
            queue: BinaryHeap::new(),
            pace: (0, 0),
            next: 0,
            rng: oorandom::Rand32::new(seed),
            network,
            locks: Locks::default(),
            policy,
            session,
            former: Vec::new(),
            group: false,
            authority_up: true,
            trouble: Trouble::None,
            enforces: false,
            own_server: false,
            quiet_until: BTreeMap::new(),
            watched: BTreeMap::new(),
            tally: Tally::default(),
            checks: None,
            wire: None,
            trace: false,
        }
    }

    /// Opens one more page in the first partition and gives its number.
    pub fn open(&mut self, visible: bool) -> usize {
        self.open_in(0, visible, Wish::default())
    }

    /// Opens one more page with the newest token and gives its number.
    pub fn open_in(&mut self, partition: usize, visible: bool, wish: Wish) -> usize {
        self.open_with(self.newest(), partition, visible, wish)
    }

    /// Opens one more page with that token and gives its number.
    pub fn open_with(
        &mut self,
        token: usize,
        partition: usize,
        visible: bool,
        wish: Wish,
    ) -> usize {
        let seed = u64::from(self.rng.rand_u32());
        let id = seed << 16 | (self.contexts.len() as u64 + 1);
        let token_id = self.name_of(token);
        let config = Config { id, seed, wish, token: token_id, listens: true, visible };
        let agent = Agent::new(config, self.clocks(partition));
        self.contexts.push(Context {
            agent,
            partition,
            token,
            alive: true,
            stopped: false,
            away: false,
            wake: None,
            backlog: Vec::new(),
            stream: None,
            streams: 0,
            stream_began: None,
            in_flight: None,
            lock_numbers: [0, 0],
            hot_key: false,
            phases: Vec::new(),
            events: Vec::new(),
        });
        let at = self.contexts.len() - 1;
        self.note(|| format!("context {at} opens in partition {partition}, visible {visible}"));
        if let Some(checks) = &mut self.checks {
            checks.opened(self.now, wish.mode);
        }
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

    /// The newest token, by the order in which they were issued.
    #[must_use]
    pub const fn newest(&self) -> usize {
        self.former.len()
    }

    /// What a token is called in its group (`js/name.ts`).
    pub(crate) fn name_of(&self, token: usize) -> TokenId {
        if self.group { token as TokenId + 1 } else { 0 }
    }

    /// The rules by which the server judges.
    #[must_use]
    pub fn rules(&self) -> Policy {
        let mode = if self.own_server { Mode::Observe } else { self.policy.mode };
        Policy { mode, ..self.policy.clone() }
    }

    /// The channel of a page: its partition and, unless all are one group, its token.
    #[must_use]
    pub fn channel(&self, at: usize) -> (usize, usize) {
        let Context { partition, token, .. } = self.contexts[at];
        (partition, if self.group { 0 } else { token })
    }

    /// Forgets what was counted, but for the requests that are under way.
    pub fn count_anew(&mut self) {
        self.tally = Tally { in_flight: self.tally.in_flight, ..Tally::default() };
    }

    /// What the clocks of a partition show.
    #[must_use]
    pub fn clocks(&self, partition: usize) -> Reading {
        let Partition { offset, stood } = self.partitions[partition];
        Reading {
            wall: self.now.saturating_add_signed(offset),
            mono: self.now - START + 5_000 - stood,
        }
    }

    /// What the clocks show in the first partition.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.clocks(0)
    }

    /// Tells a context something and carries out what it wants.
    pub fn tell(&mut self, at: usize, input: Input<'_>) {
        if !self.contexts[at].alive {
            return;
        }
        let reading = self.clocks(self.contexts[at].partition);
        let before = self.seen(at);
        self.contexts[at].hot_key = false;
        self.note(|| format!("{at} <- {input:?}"));
        self.contexts[at].agent.handle_input(input.clone(), reading);
        self.drain(at);
        if let Some(mut checks) = self.checks.take() {
            checks.told(self, at, &input, before);
            self.checks = Some(checks);
        }
    }

    /// A key, the way the shell counts it.
    pub fn key(&mut self, at: usize) {
        let wall = self.clocks(self.contexts[at].partition).wall;
        let before = self.seen(at);
        let hot = self.contexts[at].agent.count(Kind::Keystroke, wall);
        self.contexts[at].hot_key = hot;
        if hot {
            self.note(|| format!("{at} counts a key"));
            let input = Input::Activity { kind: Kind::Keystroke, age_ms: 0 };
            if let Some(mut checks) = self.checks.take() {
                checks.told(self, at, &input, before);
                self.checks = Some(checks);
            }
        } else {
            self.tell(at, Input::Activity { kind: Kind::Keystroke, age_ms: 0 });
        }
    }

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(planned) = self.queue.peek().filter(|planned| planned.at <= until) {
            self.now = self.now.max(planned.at);
            if let Some(planned) = self.queue.pop() {
                self.happen(planned.happening);
            }
            self.keep_pace();
        }
        self.now = until;
    }

    /// When something happens next that is planned already, in Unix milliseconds.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|planned| planned.at)
    }

    /// Contexts that keep each other busy for ever are broken, and would not let the story end.
    fn keep_pace(&mut self) {
        let second = self.now / 1_000;
        self.pace = if self.pace.0 == second { (second, self.pace.1 + 1) } else { (second, 1) };
        let pages = self.contexts.len();
        if self.pace.1 > 20_000 + 40 * pages * pages {
            self.queue.clear();
            self.broken(0, Rule::Contract, || "they do nothing but answer each other".into());
        }
    }

    /// Types at an even pace for `ms`.
    pub fn type_for(&mut self, at: usize, ms: u64, pace: u64) {
        for _ in 0..ms / pace {
            self.key(at);
            self.run(pace);
        }
    }

    /// The phase that a context shows now.
    pub fn phase(&mut self, at: usize) -> Phase {
        self.tell(at, Input::Wake);
        self.contexts[at].agent.phase()
    }

    /// Whether a context knows that the session is over.
    #[must_use]
    pub fn is_ended(&self, at: usize) -> bool {
        self.contexts[at].is_ended()
    }

    /// Whether all that live know.
    #[must_use]
    pub fn all_ended(&self) -> bool {
        self.contexts.iter().all(|context| !context.alive || context.is_ended())
    }

    /// When each context showed that the session is over.
    #[must_use]
    pub fn ended_at(&self) -> Vec<u64> {
        let ended = |context: &Context| {
            context.phases.iter().find(|(_, phase)| *phase == Phase::Ended).map(|(at, _)| *at)
        };
        self.contexts.iter().filter_map(ended).collect()
    }

    /// A random number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        self.rng.rand_range(0..end.max(1))
    }

    /// How many contexts read the event stream.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.contexts.iter().filter(|context| context.stream.is_some() && context.alive).count()
    }

    fn drain(&mut self, at: usize) {
        for _ in 0..MOST_OUTPUTS {
            let output = self.contexts[at].agent.poll_output();
            if let Output::Wait(wake) = output {
                let now = self.contexts[at].agent.now();
                if let Some(past) = wake.filter(|wake| wake.at <= now) {
                    self.broken(at, Rule::Contract, || {
                        format!("{past:?} is due already, at {now}")
                    });
                }
                self.arm(at, wake);
                return;
            }
            self.carry_out(at, output);
        }
        self.broken(at, Rule::Contract, || "it does not stop giving outputs".into());
    }

    fn seen(&self, at: usize) -> Option<crate::checks::Before> {
        self.checks.is_some().then(|| crate::checks::Before::of(&self.contexts[at]))
    }

    fn note(&self, what: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>9} {}", self.now - START, what());
        }
    }

    /// A rule was broken.
    #[expect(clippy::panic, reason = "a test that nobody looks on at fails here")]
    pub fn broken(&mut self, at: usize, rule: Rule, what: impl FnOnce() -> String) {
        match &mut self.checks {
            Some(checks) => checks.broken(self.now, Some(at), rule, what()),
            None => panic!("context {at} at {}: {rule:?}: {}", self.now, what()),
        }
    }
}

/// More effects than this after one input is a machine that does not stop.
const MOST_OUTPUTS: usize = 1000;

/// Bytes on their way to many.
pub type Bytes = Rc<[u8]>;
