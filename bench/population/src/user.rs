//! One user: what they do, and the machines of their contexts that live through it.

use std::cell::RefCell;
use std::rc::Rc;

use stillhere::core::facts::Wish;
use stillhere::core::input::Input;
use stillhere::core::policy::{MAX_IDLE_TIMEOUT_MS, Policy};
use stillhere_session::session::Session;
use stillhere_simulator::world::{Network, START, World};

use crate::assumptions::Assumptions;
use crate::habits::{Doing, Habits};
use crate::line::{Browser, Shared};
use crate::model::Ends;

/// When counting begins, in Unix milliseconds: a day after worlds do, so that users can live before it.
pub const BEGIN: u64 = START + 24 * 60 * 60 * 1000;
/// Time between two contexts that open after a sign-in, in milliseconds.
const OPENING_MS: u64 = 500;
/// A session that is over is forgotten if nothing happens to it for so long, in milliseconds.
const FORGET_MS: u64 = 10_000;

/// The rules for all users.
pub struct Rules {
    /// What is assumed.
    pub assumed: Assumptions,
    /// Who ends sessions.
    pub ends: Ends,
    policy: Policy,
    wish: Wish,
}

fn ms(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

impl Rules {
    /// Under these assumptions.
    #[must_use]
    pub fn new(assumed: Assumptions, ends: Ends) -> Self {
        let timeout_ms = ms(assumed.idle_timeout_s);
        let by_page = ends == Ends::Page;
        let policy = Policy {
            idle_timeout_ms: if by_page { MAX_IDLE_TIMEOUT_MS } else { timeout_ms },
            warn_before_ms: ms(assumed.warn_before_s),
            keepalive_ms: ms(assumed.keepalive_s),
            ..Policy::DEFAULT
        };
        let wish = Wish { idle_timeout_ms: by_page.then_some(timeout_ms), ..Wish::default() };
        Self { assumed, ends, policy, wish }
    }

    /// Takes over the version of the policy that a real authority has: were it another one, machines would
    /// think that the rules have changed when they first hear from it.
    ///
    /// # Errors
    /// One sentence, when that policy has other times.
    pub fn agree(&mut self, real: &Policy) -> Result<(), String> {
        let mine = &self.policy;
        let times =
            |policy: &Policy| [policy.idle_timeout_ms, policy.warn_before_ms, policy.keepalive_ms];
        if times(mine) != times(real) {
            return Err(format!(
                "Start the authority with --idle-timeout {}ms --warn-before {}ms --keep-alive {}ms.",
                mine.idle_timeout_ms, mine.warn_before_ms, mine.keepalive_ms
            ));
        }
        self.policy = real.clone();
        Ok(())
    }
}

/// A user at work.
pub struct User {
    habits: Habits,
    next: (f64, Doing),
    contexts: usize,
    world: Option<World>,
    open_at: Option<u64>,
    visible: usize,
    browser: Rc<RefCell<Browser>>,
}

impl User {
    /// A user who has that many contexts open from `now` on, in Unix milliseconds.
    #[must_use]
    pub fn new(now: u64, seed: u64, contexts: usize, browser: Browser, rules: &Rules) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds are exact in a double")]
        let mut habits = Habits::at(now as f64, seed.into(), &rules.assumed);
        let next = habits.next(&rules.assumed);
        let browser = Rc::new(RefCell::new(browser));
        let mut user =
            Self { habits, next, contexts, world: None, open_at: None, visible: 0, browser };
        user.sign_in(now, rules);
        user
    }

    /// When something happens next, in Unix milliseconds.
    #[must_use]
    pub fn next_at(&self) -> u64 {
        let world = self.world.as_ref().and_then(World::next_at).unwrap_or(u64::MAX);
        world.min(self.next.0 as u64).min(self.open_at.unwrap_or(u64::MAX))
    }

    /// From now on the browser has those preflights at hand, each until then in Unix milliseconds.
    pub fn remember(&self, cached_until: [u64; 3]) {
        self.browser.borrow_mut().cached_until = cached_until;
    }

    /// Whether there is a session.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.world.as_ref().is_some_and(|world| !world.all_ended())
    }

    /// Lets everything happen that happens by `until`.
    pub fn advance(&mut self, until: u64, rules: &Rules) {
        loop {
            let at = self.next_at();
            if at > until {
                return;
            }
            if let Some(world) = &mut self.world {
                world.run(at.saturating_sub(world.now));
            }
            if self.open_at.is_some_and(|open_at| open_at <= at) {
                self.open(at, rules);
            }
            if self.next.0 as u64 <= at {
                let doing = self.next.1;
                self.next = self.habits.next(&rules.assumed);
                self.act(at, doing, rules);
            }
            self.forget(at);
        }
    }

    fn act(&mut self, at: u64, doing: Doing, rules: &Rules) {
        let live = self.world.as_mut().filter(|world| !world.all_ended());
        match (doing, live) {
            (Doing::Key, Some(world)) => world.key(self.visible),
            (Doing::Key, None) => self.sign_in(at, rules),
            (Doing::Switch, Some(world)) if world.contexts.len() > 1 => {
                let others = world.contexts.len() - 1;
                let to = (self.visible + 1 + self.habits.below(others)) % (others + 1);
                world.tell(self.visible, Input::Visible(false));
                world.tell(to, Input::Visible(true));
                self.visible = to;
            }
            (Doing::Switch, _) => {}
        }
    }

    /// Signs in and opens the first context; the others follow.
    fn sign_in(&mut self, now: u64, rules: &Rules) {
        self.browser.borrow_mut().sign_in();
        let latency = ms(rules.assumed.latency_s);
        let seed = (self.habits.chance() * f64::from(u32::MAX)) as u64;
        let network = Network { latency, ..Network::GOOD };
        let mut world = World::new(seed, network, rules.policy.clone());
        world.now = now;
        world.session = Session::new(now, &rules.policy);
        world.enforces = true;
        world.wire = Some(Box::new(Shared(Rc::clone(&self.browser))));
        world.watch(0);
        world.open_in(0, true, rules.wish);
        self.visible = 0;
        self.open_at = (self.contexts > 1).then_some(now + OPENING_MS);
        self.world = Some(world);
    }

    fn open(&mut self, at: u64, rules: &Rules) {
        self.open_at = None;
        let Some(world) = self.world.as_mut().filter(|world| !world.all_ended()) else { return };
        world.open_in(0, false, rules.wish);
        if world.contexts.len() < self.contexts {
            self.open_at = Some(at + OPENING_MS);
        }
    }

    /// A session that is over needs no memory.
    fn forget(&mut self, now: u64) {
        let over = |world: &World| {
            world.all_ended() && world.next_at().is_none_or(|at| at > now + FORGET_MS)
        };
        if self.world.as_ref().is_some_and(over) {
            self.world = None;
        }
    }
}
