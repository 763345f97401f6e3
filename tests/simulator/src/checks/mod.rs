//! Looks on while a story happens, and knows the rules. Nothing here asks the machine what is right:
//! the checks keep a truth of their own (who pressed what and when, on true time) and compare.

mod absence;
mod dry;
mod locks;
mod presence;
mod together;
mod traffic;
mod truth;

use std::collections::BTreeMap;

use stillhere::core::facts::Counts;
use stillhere::core::input::Input;
use stillhere::core::output::{Event, Output};
use stillhere::core::policy::Mode;
use stillhere::core::rules::Phase;

pub use self::dry::Dry;
use self::dry::Runs;
use self::together::End;
use self::traffic::{Chatter, Traffic};
use self::truth::Truth;
use crate::world::{Context, World};

/// What can be broken: the numbers are those of docs/architecture.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Drains, never asks to be woken in the past, never lives on for ever: the calling contract.
    Contract,
    /// 1: one keep-alive per token and interval, one request at a time, a flush when the last goes.
    OneKeepAlive,
    /// 2: no activity that nobody did, and none later than it was.
    TrueActivity,
    /// 3: nothing revives after the deadline or the end.
    NothingRevives,
    /// 4: nobody is logged out while present.
    NobodyPresent,
    /// 5: all contexts of a group end within 50 ms of the first.
    Together,
    /// 6: only trusted input counts.
    OnlyTrusted,
    /// 8: idle costs nothing.
    IdleIsFree,
    /// 9: routine messages at most once a second.
    OncePerSecond,
    /// 10: rubbish changes nothing.
    Rubbish,
    /// 11: the stricter wins.
    StricterWins,
    /// The other half of 3 and 4: who is absent is out on time.
    DeadOnTime,
    /// Contexts that hear each other agree in the end.
    Agreement,
    /// A dry run ends nothing, and reports each end that would have been once.
    DryRun,
    /// A locked screen does what the policy says, everywhere and on time.
    Locked,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Contract,
        Self::OneKeepAlive,
        Self::TrueActivity,
        Self::NothingRevives,
        Self::NobodyPresent,
        Self::Together,
        Self::OnlyTrusted,
        Self::IdleIsFree,
        Self::OncePerSecond,
        Self::Rubbish,
        Self::StricterWins,
        Self::DeadOnTime,
        Self::Agreement,
        Self::DryRun,
        Self::Locked,
    ];
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// True time in Unix milliseconds.
    pub at: u64,
    /// By whom.
    pub context: Option<usize>,
    /// Which.
    pub rule: Rule,
    /// How.
    pub what: String,
}

/// What may go wrong in a story. The more does, the less can be demanded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Messages are lost.
    pub loss: bool,
    /// Pages crash, are stopped, frozen or cached; machines sleep.
    pub stops: bool,
    /// Wall clocks are set.
    pub clocks: bool,
    /// The authority is slow, down or ill.
    pub outages: bool,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn calm(self) -> bool {
        !self.loss && !self.stops && !self.clocks && !self.outages
    }
}

/// The bounds of a story that the checks need.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// What may go wrong.
    pub faults: Faults,
    /// Shortest idle timeout that anybody has, by policy or wish.
    pub shortest_idle_ms: u64,
    /// Longest idle timeout of any policy.
    pub longest_idle_ms: u64,
    /// Longest hold that the policy allows.
    pub longest_hold_ms: u64,
    /// Shortest keep-alive interval.
    pub shortest_interval_ms: u64,
    /// Longest keep-alive interval.
    pub longest_interval_ms: u64,
    /// Longest that a message is under way.
    pub delay_ms: u64,
    /// Longest that a request is under way in one direction.
    pub latency_ms: u64,
    /// No page wishes anything, so contexts and authority agree on the timeout.
    pub no_wishes: bool,
    /// Tokens are rotated.
    pub rotates: bool,
    /// All pages are one group, though they may hold different tokens.
    pub group: bool,
    /// The policy is the same all the time.
    pub one_policy: bool,
    /// Whether ends are carried out.
    pub dry: Dry,
    /// When the shift ends, in Unix milliseconds.
    pub logout_at: Option<u64>,
    /// Input in other programs counts.
    pub system: bool,
    /// For how long a locked screen is waited on, at the least and at the most; `None` if it is nothing.
    pub lock_ms: Option<(u64, u64)>,
}

/// What was so before an input.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    ended: bool,
    /// What the authority said.
    said: [u64; 2],
}

impl Before {
    /// As it is now.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        let times = &context.agent.facts().times;
        Self { ended: context.is_ended(), said: [times.acknowledged, times.held_elsewhere] }
    }
}

/// What the checks remember of a context.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    opened_at: u64,
    /// When it last went on after it was stopped or away.
    woke_at: u64,
    /// When it left.
    left_at: u64,
    /// True time of its newest activity that counted.
    counted_at: u64,
    /// When it was told of that.
    told_at: u64,
    /// It has shown that the session is over.
    over: bool,
    /// Since when nobody did anything, and how often its timer fired since.
    quiet_since: u64,
    idle_wakes: u32,
    /// When it last reported an end that was only observed, when that would have been, and whether it was that
    /// of the shift.
    reported_at: u64,
    observed_at: u64,
    shift_reported: bool,
    /// It does not ask for a dry run.
    strict: bool,
    /// It took another token, and what it had reported along.
    moved: bool,
    /// When it was told that the screen is locked, and for how long its machine had stood by then.
    locked_at: u64,
    stood: u64,
}

/// The checks of one story.
pub struct Checks {
    /// What was broken.
    pub violations: Vec<Violation>,
    bounds: Bounds,
    seen: Vec<Seen>,
    truths: BTreeMap<usize, Truth>,
    /// Of each partition and token.
    traffic: BTreeMap<(usize, usize), Traffic>,
    /// Of each channel.
    chatter: BTreeMap<(usize, usize), Chatter>,
    ends: Vec<End>,
    runs: Runs,
    /// When the authority heard of newer activity of each token, and of when the newest was before.
    heard: BTreeMap<usize, Vec<(u64, u64)>>,
    /// Since when nothing ails the authority.
    pub well_since: u64,
    /// When a clock was last set.
    pub clock_set_at: u64,
    /// When two pages last went at one moment: each takes the other for the last, and tells nothing.
    left_together_at: u64,
    /// When anything was last done to anybody.
    last_event: u64,
    /// Trusted inputs so far.
    pressed: u64,
}

impl Checks {
    /// Looks on from the start.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            violations: Vec::new(),
            bounds,
            seen: Vec::new(),
            truths: BTreeMap::new(),
            traffic: BTreeMap::new(),
            chatter: BTreeMap::new(),
            ends: Vec::new(),
            runs: Runs::default(),
            heard: BTreeMap::new(),
            well_since: 0,
            clock_set_at: 0,
            left_together_at: 0,
            last_event: 0,
            pressed: 0,
        }
    }

    /// A page was opened.
    pub fn opened(&mut self, now: u64, mode: Mode) {
        let strict = mode == Mode::Enforce;
        self.seen.push(Seen { opened_at: now, woke_at: now, strict, ..Seen::default() });
        self.last_event = now;
    }

    /// What is true of a token is true of all tokens of its group.
    const fn whose(&self, token: usize) -> usize {
        if self.bounds.group { 0 } else { token }
    }

    /// A token was issued to the group: whoever signs in is there.
    pub fn signed_in(&mut self, token: usize, partitions: usize, now: u64) {
        for partition in 0..partitions {
            self.traffic.entry((partition, token)).or_default().signed_in(now);
        }
        let truth = self.truths.entry(0).or_default();
        (truth.pressed_at, truth.active_at) = (now, now);
    }

    /// A context goes on after it was stopped or away.
    pub fn woke(&mut self, at: usize, now: u64) {
        if let Some(seen) = self.seen.get_mut(at) {
            seen.woke_at = now;
        }
    }

    /// The authority has heard of newer activity than that at `before`.
    pub fn heard(&mut self, token: usize, now: u64, before: u64) {
        self.heard.entry(token).or_default().push((now, before));
    }

    /// The newest activity that the authority knew of at that moment, if it has heard of newer since.
    fn known_at(&self, token: usize, moment: u64) -> Option<u64> {
        let mut since = self.heard.get(&token)?.iter();
        since.find(|(at, _)| *at >= moment).map(|(_, before)| *before)
    }

    /// Something was done that is no input.
    pub fn disturbed(&mut self, now: u64) {
        self.last_event = now;
    }

    /// A rule was broken.
    pub fn broken(&mut self, at: u64, context: Option<usize>, rule: Rule, what: String) {
        // The first few say enough.
        if self.violations.len() < 20 {
            self.violations.push(Violation { at, context, rule, what });
        }
    }

    /// A context took an input in, and its outputs were carried out.
    pub fn told(
        &mut self,
        world: &mut World,
        at: usize,
        input: &Input<'_>,
        before: Option<Before>,
    ) {
        let Some(before) = before else { return };
        let context = &world.contexts[at];
        let counts = matches!(input, Input::Activity { kind, .. } if self.bounds.counts(*kind));
        self.pressed += u64::from(counts);
        let Counts { keystrokes, clicks, heartbeats, notes, system } =
            context.agent.facts().counts();
        let kinds = [keystrokes, clicks, heartbeats, notes, system];
        let counted: u64 = kinds.map(u64::from).iter().sum();
        if counted > self.pressed {
            let what = format!("{counted} counted of {} that were no refusals", self.pressed);
            self.broken(world.now, Some(at), Rule::OnlyTrusted, what);
        }
        if before.ended && !context.is_ended() {
            self.broken(world.now, Some(at), Rule::NothingRevives, "an end was taken back".into());
        }
        if matches!(input, Input::TokenChanged(_)) {
            (self.seen[at].woke_at, self.seen[at].moved) = (world.now, true);
        }
        if matches!(input, Input::News { .. }) && before.said != Before::of(context).said {
            // Somebody does something in another partition, or a call there is over.
            self.has_reason(world, at);
        }
        let calm = self.bounds.faults.calm() && !self.bounds.rotates;
        if matches!(input, Input::Leaving(_)) && !before.ended && calm {
            self.leaves(world, at);
        }
        let passive = matches!(
            input,
            Input::Wake
                | Input::Message(_)
                | Input::Lock(_)
                | Input::StreamLock(_)
                | Input::Answer { .. }
                | Input::News { .. }
        );
        if passive {
            self.is_free(world, at, input);
        } else {
            self.last_event = world.now;
        }
        self.presence(world, at, input, before);
        self.desktop(world, at, input, before);
    }

    /// A context wants something done; it is not done yet.
    pub fn wants(&mut self, world: &mut World, at: usize, output: &Output) {
        match output {
            Output::Event(Event::Phase(phase)) if *phase != Phase::Ended && self.seen[at].over => {
                let what = format!("shows {phase:?} after the end");
                self.broken(world.now, Some(at), Rule::NothingRevives, what);
            }
            Output::Event(Event::Ended(because)) => {
                self.ends_in_earnest(world, at, *because);
                self.nobody_present(world, at, *because, false);
                self.ends_together(world, at);
                self.has_reason(world, at);
                self.seen[at].over = true;
            }
            Output::Event(Event::Observed(because)) => {
                self.reports(world, at, *because);
                self.has_reason(world, at);
            }
            Output::Request(request) => self.requests(world, at, request),
            Output::Broadcast(_) => self.broadcasts(world, at),
            _ => {}
        }
    }

    /// Looks at what was planned to be looked at: the end with that number, or the deadlines.
    pub fn look(&mut self, world: &mut World, number: usize) {
        if number == DEADLINES {
            self.dead_on_time(world);
        } else if number == LOCKS {
            self.locked_on_time(world);
        } else if number >= WAVES {
            self.reported_together(world, number - WAVES);
        } else {
            self.ended_together(world, number);
        }
    }
}

/// The number of a look that is at no end.
pub const DEADLINES: usize = usize::MAX;
/// The number of a look at what a lock has done.
const LOCKS: usize = usize::MAX - 1;
/// The first number of those that are at an end that was only observed.
const WAVES: usize = usize::MAX / 2;
