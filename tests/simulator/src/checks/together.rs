//! All contexts that hear each other end together and agree (rules 5, 10, 11).

use stillhere::core::facts::Facts;
use stillhere::core::input::Input;

use super::{Checks, Rule};
use crate::world::{Happening, World};

/// All contexts of a group end within this time of the first that knows (rule 5).
const TOGETHER_MS: u64 = 50;

/// The first end of a channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) channel: (usize, usize),
    at: u64,
}

impl Checks {
    pub(super) fn ends_together(&mut self, world: &mut World, at: usize) {
        let channel = (world.contexts[at].partition, world.contexts[at].token);
        if self.ends.iter().all(|end| end.channel != channel) {
            self.ends.push(End { channel, at: world.now });
            if !self.bounds.faults.loss {
                let look = Happening::Look(self.ends.len() - 1);
                world.plan(TOGETHER_MS + self.bounds.delay_ms, look);
            }
        }
    }

    /// Everybody who heard of it has ended by now.
    pub(super) fn ended_together(&mut self, world: &mut World, number: usize) {
        let Some(End { channel, at: first }) = self.ends.get(number).copied() else { return };
        for at in 0..world.contexts.len() {
            let context = &world.contexts[at];
            let was_there = self.seen[at].woke_at < first && self.seen[at].opened_at < first;
            let on_it = (context.partition, context.token) == channel;
            if on_it && was_there && context.hears() && !context.is_ended() {
                let what = format!("not ended {} ms after the first", world.now - first);
                self.broken(world.now, Some(at), Rule::Together, what);
            }
        }
    }

    /// At the end of a story, after some quiet: contexts that hear each other say the same.
    pub fn agree(&mut self, world: &mut World) {
        for at in 0..world.contexts.len() {
            let reading = world.clocks(world.contexts[at].partition);
            let context = &world.contexts[at];
            let policy = context.agent.policy();
            let facts = context.agent.facts();
            let known = facts.policy.as_ref().map_or(u64::MAX, |policy| policy.idle_timeout_ms);
            if policy.idle_timeout_ms > known.max(1_000) {
                let what = format!("{} ms of idle time for {known} ms", policy.idle_timeout_ms);
                self.broken(world.now, Some(at), Rule::StricterWins, what);
            }
            if self.bounds.faults.calm() && context.hears() {
                world.contexts[at].agent.look(reading);
            }
        }
        if !self.bounds.faults.calm() {
            return;
        }
        for at in 1..world.contexts.len() {
            let (here, there) = (&world.contexts[at - 1], &world.contexts[at]);
            let channel = world.channel(at);
            let near = world.channel(at - 1) == channel;
            // Where one is asking just now the others hear of it in a moment.
            let quiet = !self.is_busy_on(channel, world.now);
            if near && quiet && here.hears() && there.hears() {
                let (a, b) = (here.agent.facts(), there.agent.facts());
                // While messages overtake each other, a newcomer can be greeted without the newest
                // count of a third; it learns it when that says more.
                // What was not told when the session ended is of no use any more.
                let over = a.ended.is_some() || b.ended.is_some();
                let counts = over || self.bounds.delay_ms > 2 || a.counts() == b.counts();
                let active = over || a.times.activity == b.times.activity;
                let tokens = here.token != there.token;
                let seen = over || tokens || a.times.observed == b.times.observed;
                if !counts || !active || !seen || (!over && version(a) != version(b)) {
                    let what = format!(
                        "knows {:?} at {}, its neighbour {:?} at {}",
                        b.counts(),
                        b.times.activity,
                        a.counts(),
                        a.times.activity
                    );
                    self.broken(world.now, Some(at), Rule::Agreement, what);
                }
            }
        }
    }
}

fn version(facts: &Facts) -> Option<u64> {
    facts.policy.as_ref().map(|policy| policy.version)
}

impl World {
    /// Somebody posts bytes on the channel that are no message; no fact may change.
    pub fn rubbish(&mut self, at: usize, bytes: &[u8]) {
        if let Some(checks) = &mut self.checks {
            checks.disturbed(self.now);
        }
        self.tell(at, Input::Wake);
        let before = self.contexts[at].agent.facts().clone();
        let knows = stillhere::core::wire::decode(bytes, self.contexts[at].agent.now(), 0).is_ok();
        self.tell(at, Input::Message(bytes));
        if !knows && *self.contexts[at].agent.facts() != before {
            self.broken(at, Rule::Rubbish, || format!("{bytes:?} changed a fact"));
        }
    }
}
