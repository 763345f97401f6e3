//! What goes wrong with machines: sleep, clocks, and tokens that change under way.

use stillhere::core::input::{Departure, Input};
use stillhere_session::session::Session;

use super::{Happening, World};

impl World {
    /// All machines sleep for `ms`; `mono` says whether their monotonic clocks go on meanwhile.
    pub fn jump(&mut self, ms: u64, mono: bool) {
        self.now += ms;
        if !mono {
            for partition in &mut self.partitions {
                partition.stood += ms;
            }
        }
    }

    /// Somebody sets the wall clock of a machine.
    pub fn set_clock(&mut self, partition: usize, by: i64) {
        self.note(|| format!("the clock of partition {partition} is set by {by} ms"));
        self.partitions[partition].offset += by;
        if let Some(checks) = &mut self.checks {
            checks.clock_set_at = self.now;
        }
    }

    /// One machine sleeps for `ms`: nothing of it runs, what reaches it waits. With `mono` its
    /// monotonic clock and its timers go on meanwhile, without it they stand.
    pub fn suspend(&mut self, partition: usize, ms: u64, mono: bool) {
        self.note(|| format!("partition {partition} sleeps for {ms} ms, monotonic clock {mono}"));
        for at in 0..self.contexts.len() {
            let context = &self.contexts[at];
            if context.partition == partition && context.alive && !context.stopped {
                self.contexts[at].stopped = true;
                self.plan(ms, Happening::Continue(at));
                if let Some(wake) = self.contexts[at].wake.filter(|_| !mono) {
                    self.contexts[at].wake = Some(wake + ms);
                    self.plan((wake + ms).saturating_sub(self.now), Happening::Wake(at));
                }
            }
        }
        if !mono {
            self.partitions[partition].stood += ms;
        }
    }

    /// A page goes into the back/forward cache, or is frozen by the browser.
    pub fn leave(&mut self, at: usize, departure: Departure) {
        self.tell(at, Input::Leaving(departure));
        self.contexts[at].away = departure == Departure::Hidden;
        self.contexts[at].stopped = true;
    }

    /// And comes back. What reached a cached page is lost: its channel was closed.
    pub fn come_back(&mut self, at: usize) {
        if self.contexts[at].away {
            self.contexts[at].backlog.retain(|waiting| !matches!(waiting, Happening::Message(..)));
        }
        self.contexts[at].away = false;
        self.wake_up(at);
        self.tell(at, Input::Returned);
        self.tell(at, Input::Visible(true));
    }

    /// The authority issues another token. Pages go on with the old one until each moves.
    pub fn rotate(&mut self) {
        let fresh = Session::new(self.now, &self.rules());
        self.former.push(std::mem::replace(&mut self.session, fresh));
        self.watch(self.newest());
        self.note(|| "there is a new token".into());
        if let Some(checks) = self.checks.as_mut().filter(|_| self.group) {
            checks.signed_in(self.former.len(), self.partitions.len(), self.now);
        }
    }

    /// A page is given the newest token, unless the session is over (`js/index.ts`, `setToken`).
    pub fn take_new_token(&mut self, at: usize) {
        self.take_token(at, self.newest());
    }

    /// The same with any of them.
    pub fn take_token(&mut self, at: usize, token: usize) {
        if self.is_ended(at) {
            return;
        }
        self.let_go(at);
        self.contexts[at].token = token;
        let name = self.name_of(token);
        self.tell(at, Input::TokenChanged(name));
    }

    /// The authority's session of a token.
    pub fn session_of(&mut self, token: usize) -> &mut Session {
        match self.former.get_mut(token) {
            Some(session) => session,
            None => &mut self.session,
        }
    }
}
