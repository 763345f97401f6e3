//! A story drawn from a seed: who opens which pages, what people do, and what goes wrong.

mod act;
mod draw;

use stillhere::core::facts::Wish;
use stillhere::core::policy::{MAX_IDLE_TIMEOUT_MS, Mode};

pub use self::draw::Story;
use crate::checks::{Checks, Dry, Violation};
use crate::world::{START, Trouble, World};

/// How a story went.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was broken, in order.
    pub violations: Vec<Violation>,
    /// Pages that were opened.
    pub contexts: usize,
    /// Things that people and fate did.
    pub actions: usize,
    /// Virtual time that passed, in milliseconds.
    pub passed_ms: u64,
}

/// Plays the story of a seed. With `trace` it prints each thing that happens.
#[must_use]
pub fn play(seed: u64, trace: bool) -> Outcome {
    let mut stage = Stage::set(Story::draw(seed), trace);
    if trace {
        println!("{:#?}", stage.story);
    }
    stage.begin();
    for _ in 0..stage.story.actions {
        stage.act();
        // What is broken once is broken; the rest says little.
        if stage.broken() {
            break;
        }
    }
    stage.finish()
}

/// A story under way.
struct Stage {
    story: Story,
    world: World,
    rng: oorandom::Rand32,
    /// Faults so far.
    faults: u64,
    /// Open holds: who took them and their name.
    holds: Vec<(usize, u64)>,
    /// Pages that still have the token before the newest.
    behind: Vec<usize>,
}

impl Stage {
    fn set(story: Story, trace: bool) -> Self {
        let mut world = World::new(story.seed, story.network, story.policy.clone());
        world.trace = trace;
        world.enforces = true;
        world.group = story.own_tokens;
        world.own_server = matches!(story.dry, Dry::Pages | Dry::Mixed);
        world.partitions = vec![crate::world::Partition::default(); story.partitions];
        world.checks = Some(Box::new(Checks::new(story.bounds())));
        let rng = oorandom::Rand32::new(story.seed ^ 0x5eed);
        Self { story, world, rng, faults: 0, holds: Vec::new(), behind: Vec::new() }
    }

    fn begin(&mut self) {
        self.world.watch(0);
        for number in 0..self.story.contexts {
            let partition = self.below(self.story.partitions as u32) as usize;
            let wish = self.wish();
            if let Some(token) = self.token(number == 0) {
                self.world.open_with(token, partition, number % 7 == 0, wish);
            }
            if self.below(3) == 0 {
                let ms = u64::from(self.below(400));
                self.world.run(ms);
            }
        }
        self.world.run(1_500);
    }

    fn finish(mut self) -> Outcome {
        self.world.network.loss = 0;
        self.trouble(true, Trouble::None);
        for at in 0..self.world.contexts.len() {
            if self.world.contexts[at].alive && self.world.contexts[at].stopped {
                self.world.come_back(at);
            }
        }
        for at in std::mem::take(&mut self.behind) {
            if self.world.contexts[at].hears() {
                self.world.take_new_token(at);
            }
        }
        self.world.run(2 * self.story.policy.keepalive_ms + 3_000);
        // Not in the middle of a question.
        for _ in 0..5 {
            let now = self.world.now;
            if self.world.checks.as_ref().is_some_and(|checks| checks.is_busy(now)) {
                self.world.run(1_500);
            }
        }
        self.with_checks(Checks::agree);
        // Nobody comes back: everybody is out in the end.
        let rest = self.story.longest_idle_ms() + self.story.longest_hold_ms() + 60_000;
        self.world.run(rest);
        let (now, faults) = (self.world.now, self.faults);
        self.with_checks(|checks, _| checks.count_requests(now, faults));
        self.with_checks(Checks::in_step);
        self.watch_windows();
        Outcome {
            violations: self.world.checks.map_or_else(Vec::new, |checks| checks.violations),
            contexts: self.world.contexts.len(),
            actions: self.story.actions,
            passed_ms: now - START,
        }
    }

    /// Nobody is there for three windows of a dry run: each costs two questions.
    fn watch_windows(&mut self) {
        if self.story.dry == Dry::No || self.broken() {
            return;
        }
        let before = self.world.checks.as_ref().map(|checks| checks.requests_so_far());
        self.world.run(3 * self.story.longest_idle_ms());
        let before = before.unwrap_or_default();
        self.with_checks(|checks, world| checks.count_questions(world, &before));
    }

    fn with_checks(&mut self, run: impl FnOnce(&mut Checks, &mut World)) {
        if let Some(mut checks) = self.world.checks.take() {
            run(&mut checks, &mut self.world);
            self.world.checks = Some(checks);
        }
    }

    fn broken(&self) -> bool {
        self.world.checks.as_ref().is_some_and(|checks| !checks.violations.is_empty())
    }

    fn trouble(&mut self, up: bool, trouble: Trouble) {
        self.world.set_trouble(up, trouble);
        if let Some(checks) = &mut self.world.checks {
            checks.disturbed(self.world.now);
            if up && trouble == Trouble::None {
                checks.well_since = self.world.now;
            }
        }
    }

    fn wish(&mut self) -> Wish {
        let mode = self.mode();
        if !self.story.wishes || self.below(4) > 0 {
            return Wish { mode, ..Wish::default() };
        }
        let idle = self.story.shortest_idle_ms();
        // Longer than any policy says is of no effect.
        let longer = (2 * self.story.longest_idle_ms()).min(MAX_IDLE_TIMEOUT_MS);
        Wish {
            idle_timeout_ms: Some(if self.below(2) == 0 { idle } else { longer }),
            warn_before_ms: (self.below(2) == 0).then_some(idle / 2),
            keepalive_ms: (self.below(2) == 0).then_some(self.story.policy.keepalive_ms),
            mode,
        }
    }

    /// Whether a page that opens asks for a dry run.
    fn mode(&mut self) -> Mode {
        match self.story.dry {
            Dry::Pages => Mode::Observe,
            Dry::Mixed => [Mode::Observe, Mode::Enforce][usize::from(self.below(8) == 0)],
            _ => Mode::Enforce,
        }
    }

    /// The token of a page that opens, if there is one. The `first` has that of the sign-in.
    fn token(&mut self, first: bool) -> Option<usize> {
        if self.story.own_tokens && !first {
            // That of another page, or one of its own.
            let other = (self.below(2) == 0).then(|| self.somebody()).flatten();
            let token = other.map(|at| self.world.contexts[at].token);
            let lives = |token: &usize| self.world.session_of(*token).ended().is_none();
            let token = token.filter(lives);
            if token.is_some() || !self.issue() {
                return token;
            }
        }
        Some(self.world.newest())
    }

    /// A token of its own for a page of the group. At the end of a shift nobody signs in: no hold of the
    /// group could be told in time.
    fn issue(&mut self) -> bool {
        let in_time = self.story.policy.logout_at.is_none_or(|at| at > self.world.now + 5_000);
        if in_time {
            self.world.rotate();
        }
        in_time
    }

    /// A random number below `end`.
    fn below(&mut self, end: u32) -> u32 {
        self.rng.rand_range(0..end.max(1))
    }

    /// A random time below `end`, in milliseconds.
    fn time(&mut self, end: u64) -> u64 {
        u64::from(self.below(u32::try_from(end).unwrap_or(u32::MAX)))
    }
}
