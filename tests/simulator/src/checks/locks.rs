//! What the operating system tells: a locked screen ends or warns everywhere and on time, and input in other
//! programs counts where the policy says so, and only there.

use stillhere::core::facts::Kind;
use stillhere::core::input::Input;
use stillhere::core::rules::Phase;

use super::{Before, Bounds, Checks, Dry, LOCKS, Rule};
use crate::world::{Happening, World};

/// Ends that are only observed count as one within this time (src/core/observed.rs).
const ALIKE_MS: u64 = 500;

impl Bounds {
    /// Whether such input is activity.
    pub(super) fn counts(&self, kind: Kind) -> bool {
        kind != Kind::System || self.system
    }
}

impl Checks {
    /// A context was told what the operating system knows.
    pub(super) fn desktop(
        &mut self,
        world: &mut World,
        at: usize,
        input: &Input<'_>,
        before: Before,
    ) {
        match input {
            Input::Locked if !before.ended => self.locks(world, at),
            Input::Activity { kind: Kind::System, age_ms } if !before.ended => {
                self.counts_system(world, at, *age_ms);
            }
            _ => {}
        }
    }

    fn locks(&mut self, world: &mut World, at: usize) {
        let stood = world.partitions[world.contexts[at].partition].stood;
        let seen = &mut self.seen[at];
        (seen.locked_at, seen.stood) = (world.now, stood);
        if let Some((shortest, longest)) = self.bounds.lock_ms {
            let patience = self.lock_patience(at, world);
            if shortest > patience {
                world.plan(patience, Happening::Look(LOCKS));
            }
            world.plan(longest + patience, Happening::Look(LOCKS));
            world.plan(longest + 2 * patience, Happening::Look(LOCKS));
        }
    }

    /// What was done in another program is known here at once, by its own time, where it counts.
    fn counts_system(&mut self, world: &World, at: usize, age_ms: u64) {
        let agent = &world.contexts[at].agent;
        let lives = matches!(agent.phase(), Phase::Active | Phase::Warning | Phase::Held);
        let known = agent.facts().times.activity + age_ms >= agent.now();
        if self.bounds.system && lives && agent.facts().policy.is_some() && !known {
            let what = format!("what was done {age_ms} ms ago in another program does not count");
            self.broken(world.now, Some(at), Rule::NobodyPresent, what);
        }
    }

    /// The newest lock that may have ended the sessions of that token by then.
    pub(super) fn locked_by(&self, token: usize, ended_at: u64) -> Option<u64> {
        let (shortest, _) = self.bounds.lock_ms?;
        let truth = self.truths.get(&self.whose(token))?;
        let locks = truth.locks.iter().copied();
        locks.filter(|at| at + shortest <= ended_at + self.slack()).max()
    }

    /// Whether a screen was locked since.
    pub(super) fn locked_since(&self, token: usize, since: u64) -> bool {
        let truth = self.truths.get(&self.whose(token));
        let newest = truth.and_then(|truth| truth.locks.iter().copied().max());
        self.bounds.lock_ms.is_some() && newest.is_some_and(|at| at + self.slack() >= since)
    }

    /// How long it may take until what a lock brings is there.
    fn lock_patience(&self, at: usize, world: &World) -> u64 {
        let token = self.whose(world.contexts[at].token);
        let had_holds = self.truths.get(&token).is_some_and(super::Truth::had_holds);
        // The authority may call it held for that much longer.
        let closed = if had_holds { self.told_within() } else { 0 };
        let bounds_of_requests = if self.bounds.faults.calm() { 1_500 } else { 25_000 };
        bounds_of_requests + self.slack() + closed
    }

    /// When the screen was locked for that context, if that still stands beyond doubt; and whether it is its
    /// own machine's.
    fn lock_stands(&self, world: &World, at: usize) -> Option<(u64, bool)> {
        let (bounds, seen, now) = (self.bounds, self.seen[at], world.now);
        let context = &world.contexts[at];
        let truth = self.truths.get(&self.whose(context.token)).filter(|truth| !truth.blurred)?;
        let came_at = seen.woke_at.max(seen.opened_at) + 1_500;
        let calm = bounds.faults.calm() && !bounds.rotates && bounds.dry == Dry::No;
        let mut newest = None;
        // A later lock that it may have heard of, or not.
        let mut perhaps = 0;
        for (other, locker) in world.contexts.iter().enumerate() {
            let Some(at_lock) = self.seen.get(other).filter(|seen| seen.locked_at > 0) else {
                continue;
            };
            let near = world.channel(other) == world.channel(at);
            let was_there = came_at < at_lock.locked_at;
            let told = near && !bounds.faults.loss && was_there;
            if near && bounds.faults.loss && other != at {
                perhaps = perhaps.max(at_lock.locked_at);
            }
            // The authority tells whoever holds the same token elsewhere, once it is told.
            let far = !near && calm && locker.token == context.token && locker.hears();
            let stood = world.partitions[locker.partition].stood == at_lock.stood;
            if stood && (other == at || told || (far && was_there)) {
                newest = newest.max(Some((at_lock.locked_at, near)));
            }
        }
        let (basis, held) = truth.basis(now);
        // A hold that is released may lapse there before the next keep-alive tells of it.
        let told_by = newest.map_or(0, |(locked_at, _)| locked_at + self.told_within());
        let lapses = self.releases_late() || truth.promised < told_by;
        let promised = if lapses { truth.promised } else { 0 };
        // What somebody did elsewhere just before it the authority may take for later.
        let alone = world.partitions.len() == 1 && !bounds.faults.clocks && !bounds.group;
        let doubt = if alone { 0 } else { self.slack() };
        let busy_until = basis.max(truth.pressed_at).max(promised) + doubt;
        newest.filter(|(locked_at, _)| !held && busy_until.max(perhaps) < *locked_at)
    }

    /// Whoever is locked out is out, and whoever is to be warned is.
    pub(super) fn locked_on_time(&mut self, world: &mut World) {
        let now = world.now;
        let Some((shortest, longest)) = self.bounds.lock_ms else { return };
        for at in 0..world.contexts.len() {
            let (context, seen) = (&world.contexts[at], self.seen[at]);
            let patience = self.lock_patience(at, world);
            let awake = context.hears() && seen.woke_at.max(seen.opened_at) + patience < now;
            let Some((locked_at, near)) = self.lock_stands(world, at).filter(|_| awake) else {
                continue;
            };
            let ago = now - locked_at;
            let phase = context.agent.phase();
            // In a dry run its end is reported, and the time begins anew. One that was reported just before
            // the lock is the same end, and one of the very moment at which the page came it does not tell of.
            let reported = seen.reported_at + ALIKE_MS >= locked_at || locked_at <= seen.opened_at;
            // Nor is it told by all whose clock was set just before.
            let set = self.bounds.faults.clocks && self.clock_set_at + 1_000 > locked_at;
            let reported = self.bounds.dry != Dry::No && (reported || set);
            let patience = if near { patience } else { 2 * patience };
            let lives = matches!(phase, Phase::Active | Phase::Warning | Phase::Held);
            let late = ago >= longest + patience && lives;
            let warned = ago < patience || ago >= shortest || !near || phase != Phase::Active;
            if !reported && (late || !warned) {
                let what = format!("{phase:?} {ago} ms after the screen was locked");
                self.broken(now, Some(at), Rule::Locked, what);
            }
        }
    }
}
