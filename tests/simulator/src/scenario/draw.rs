//! What a seed decides before anything happens.

use stillhere::core::policy::{Counted, Mode, OnLock, Policy};

use crate::checks::{Bounds, Dry, Faults};
use crate::world::{Network, START};

/// The plan of a story.
#[derive(Debug, Clone)]
pub struct Story {
    /// What it was drawn from.
    pub seed: u64,
    /// What may go wrong.
    pub faults: Faults,
    /// Machines.
    pub partitions: usize,
    /// Pages at the start.
    pub contexts: usize,
    /// The rules at the start.
    pub policy: Policy,
    /// Whether an administrator changes them under way.
    pub policy_changes: bool,
    /// Whether pages wish for stricter times.
    pub wishes: bool,
    /// Whether tokens are rotated.
    pub rotates: bool,
    /// Whether the pages are one group in which each may have a token of its own.
    pub own_tokens: bool,
    /// Whether ends are carried out.
    pub dry: Dry,
    /// Whether the operating system tells of input in other programs and of locked screens.
    pub desktop: bool,
    /// The channel and the way to the authority.
    pub network: Network,
    /// How many things are done.
    pub actions: usize,
}

/// Idle timeouts of the stories, in milliseconds: the short ones of the development mode let much
/// happen in little time.
const IDLE_MS: [u64; 8] = [10_000, 10_000, 10_000, 20_000, 60_000, 300_000, 900_000, 28_800_000];

/// Where the numbers come from that say which stories are dry runs.
const SALT: u64 = 1_676;
/// The same of stories in which a desktop app is part of the group.
const DESKTOP_SALT: u64 = 3_766;

impl Story {
    /// Draws a story.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut rng = oorandom::Rand32::new_inc(seed, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut below = |end: u32| rng.rand_range(0..end);
        let faults = match below(10) {
            0..=3 => Faults::default(),
            4 => Faults { loss: true, ..Faults::default() },
            5 => Faults { stops: true, ..Faults::default() },
            6 => Faults { clocks: true, ..Faults::default() },
            7 => Faults { outages: true, ..Faults::default() },
            _ => Faults {
                loss: below(2) == 0,
                stops: below(2) == 0,
                clocks: below(2) == 0,
                outages: below(2) == 0,
            },
        };
        let contexts = match below(200) {
            0..30 => 1,
            30..150 => 2 + below(4),
            150..190 => 6 + below(10),
            190..199 => 16 + below(40),
            _ => 60 + below(141),
        };
        let partitions = if below(5) < 3 { 1 } else { 1 + below(5) };
        let idle_timeout_ms = IDLE_MS[below(IDLE_MS.len() as u32) as usize];
        let policy = Policy {
            version: 1,
            idle_timeout_ms,
            warn_before_ms: idle_timeout_ms / u64::from(3 + below(3)),
            keepalive_ms: (idle_timeout_ms / u64::from(5 + below(10))).clamp(1_000, 30_000),
            max_hold_ms: 2 * idle_timeout_ms.min(600_000),
            ..Policy::DEFAULT
        };
        let network = Network {
            loss: if faults.loss { 1 + below(30) } else { 0 },
            doubling: if below(2) == 0 { 0 } else { below(30) },
            delay: [1, 5, 20, 90][below(4) as usize],
            latency: match below(if faults.outages { 6 } else { 4 }) {
                0..=3 => u64::from(1 + below(60)),
                _ => u64::from(100 + below(2_000)),
            },
            freeing: 0,
        };
        let mut story = Self {
            seed,
            faults,
            partitions: partitions as usize,
            contexts: contexts as usize,
            policy,
            policy_changes: below(4) == 0,
            wishes: below(5) == 0,
            rotates: below(5) == 0,
            own_tokens: false,
            dry: Dry::No,
            desktop: false,
            network,
            // Many pages make every action dear.
            actions: (20 + below(60)) as usize / (1 + contexts as usize / 20),
        };
        // Last, so that the stories without the end of a shift are what they were before there were any.
        if below(8) == 0 {
            let eighths = u64::from(4 + below(40));
            story.policy.logout_at = Some(START + idle_timeout_ms / 8 * eighths);
        }
        // And so with groups.
        if below(8) == 0 {
            (story.own_tokens, story.rotates) = (true, false);
        }
        // And with locks that are free a moment late.
        if below(8) == 0 {
            story.network.freeing = u64::from(1 + below(60));
        }
        story.draw_dry();
        story.draw_desktop();
        story
    }

    /// By numbers of its own, chosen so that none of the stories that are kept (tests/seeds.rs) becomes a
    /// dry run.
    fn draw_dry(&mut self) {
        let mut rng = oorandom::Rand32::new_inc(self.seed, SALT);
        if rng.rand_range(0..6) > 0 {
            return;
        }
        self.dry = [Dry::Policy, Dry::Policy, Dry::Pages, Dry::Mixed, Dry::Flips]
            [rng.rand_range(0..5) as usize];
        if matches!(self.dry, Dry::Policy | Dry::Flips) {
            self.policy.mode = Mode::Observe;
        }
        self.policy_changes |= self.dry == Dry::Flips;
    }

    /// So with desktop apps, and none is among those that are kept either. Pages that observe by themselves
    /// have a server that tells nothing of a lock to anybody.
    fn draw_desktop(&mut self) {
        let mut rng = oorandom::Rand32::new_inc(self.seed, DESKTOP_SALT);
        self.desktop = rng.rand_range(0..6) == 0 && matches!(self.dry, Dry::No | Dry::Policy);
        if self.desktop {
            self.policy.on_lock = OnLock::ALL[rng.rand_range(0..3) as usize];
            self.policy.counts = Counted { system: rng.rand_range(0..2) == 0, ..Counted::ALL };
        }
    }

    /// The shortest and the longest warning that anybody has.
    fn warn_ms(&self) -> (u64, u64) {
        let warn = self.policy.warn_before_ms;
        if self.policy_changes || self.wishes {
            (self.shortest_idle_ms() / 5, self.longest_idle_ms() / 2)
        } else {
            (warn, warn)
        }
    }

    pub(super) fn shortest_idle_ms(&self) -> u64 {
        let halved = self.policy_changes || self.wishes;
        let idle = self.policy.idle_timeout_ms;
        if halved { (idle / 2).max(10_000).min(idle) } else { idle }
    }

    pub(super) fn longest_idle_ms(&self) -> u64 {
        let idle = self.policy.idle_timeout_ms;
        if self.policy_changes { (2 * idle).min(28_800_000) } else { idle }
    }

    pub(super) const fn longest_hold_ms(&self) -> u64 {
        self.policy.max_hold_ms
    }

    pub(super) fn bounds(&self) -> Bounds {
        let interval = self.policy.keepalive_ms;
        Bounds {
            faults: self.faults,
            shortest_idle_ms: self.shortest_idle_ms(),
            longest_idle_ms: self.longest_idle_ms(),
            longest_hold_ms: self.longest_hold_ms(),
            shortest_interval_ms: interval,
            longest_interval_ms: interval,
            delay_ms: u64::from(self.network.delay) + 1,
            latency_ms: self.network.latency,
            no_wishes: !self.wishes,
            rotates: self.rotates,
            group: self.own_tokens,
            one_policy: !self.policy_changes,
            dry: self.dry,
            logout_at: self.policy.logout_at,
            system: self.policy.counts.system,
            lock_ms: match self.policy.on_lock {
                OnLock::Nothing => None,
                OnLock::Warn => Some(self.warn_ms()),
                OnLock::End => Some((0, 0)),
            },
        }
    }
}
