//! What contexts believe: activity is what somebody did, and nothing counts that came too late
//! (rules 2 and 3).

use stillhere::core::input::Input;
use stillhere::core::sender::BOUND_MS;

use super::{Before, Checks, DEADLINES, Dry, Rule};
use crate::world::{Happening, Trouble, World};

/// How far the clocks of a machine may disagree before a context notices.
pub(super) const UNNOTICED_MS: u64 = 3_100;

impl Checks {
    /// How much later than it was an activity may seem: answers take their time, and clocks differ.
    pub(super) fn slack(&self) -> u64 {
        // A context whose clock is ahead says later than it was, and hears it back as long ago as one
        // that is behind makes of it.
        let clocks = if self.bounds.faults.clocks { 2 * UNNOTICED_MS } else { 0 };
        // An answer that waited for a page that was stopped counts for as long as a request may take.
        let stops = if self.bounds.faults.stops { BOUND_MS + 1_000 } else { 0 };
        // To the authority, back, and to another partition.
        4 * self.bounds.latency_ms.min(5_000) + self.bounds.delay_ms + clocks + stops + 100
    }

    /// A renewal or a release is told with the next keep-alive; a hold may lapse there meanwhile.
    pub(super) const fn told_within(&self) -> u64 {
        2 * self.bounds.longest_interval_ms + 12_000
    }

    /// A release may not reach the authority: the machine sleeps, the authority is away, or the page is
    /// behind with its token.
    pub(super) const fn tells_late(&self) -> bool {
        !self.bounds.faults.calm() || self.bounds.rotates
    }

    /// The same of a release: a page may take another token before it has told the old one.
    pub(super) const fn releases_late(&self) -> bool {
        self.tells_late() || self.bounds.group
    }

    /// A context took an input in.
    pub(super) fn presence(
        &mut self,
        world: &mut World,
        at: usize,
        input: &Input<'_>,
        before: Before,
    ) {
        let now = world.now;
        let token = self.whose(world.contexts[at].token);
        let well = world.authority_up && world.trouble == Trouble::None;
        let unasked = !well || self.well_since + 10_000 > now;
        let longest_hold_ms = self.bounds.longest_hold_ms;
        let (mut done, mut promised) = (0, 0);
        let moves = matches!(input, Input::TokenChanged(_));
        let mut locks: Vec<u64> = Vec::new();
        for (_, truth) in self.truths.range(..token) {
            if moves {
                locks.extend(&truth.locks);
            }
            done = truth.basis(now).0.max(truth.pressed_at).max(done);
            promised = truth.promised.max(promised);
        }
        let truth = self.truths.entry(token).or_default();
        if truth.active_at == 0 {
            // Whoever signs in is there.
            (truth.pressed_at, truth.active_at) = (now, now);
            world.plan(0, Happening::Look(DEADLINES));
        }
        truth.locks.extend(locks);
        let bounds = self.bounds;
        let acts = truth.acts(input, now, (done, promised), |kind| bounds.counts(kind));
        let had_holds = truth.had_holds();
        // The lapse of a hold counts as activity, also once the hold is taken up again.
        truth.active_at = truth.basis(now).0;
        let agent = &world.contexts[at].agent;
        truth.blurred |= unasked && agent.facts().times.activity > 0;
        truth.learn_holds(agent, now, longest_hold_ms);
        if agent.facts().times.activity > 0 && !before.ended {
            self.believes(world, at, input, (acts, had_holds));
        }
    }

    /// What a context believes must have been done, and in time.
    fn believes(
        &mut self,
        world: &World,
        at: usize,
        input: &Input<'_>,
        (acts, had_holds): (bool, bool),
    ) {
        let now = world.now;
        let told_within = if had_holds { self.told_within() } else { 0 };
        let slack = self.slack() + told_within + self.unseen(world, at);
        let releases_late = self.releases_late();
        let (longest_idle_ms, clocks) = (self.bounds.longest_idle_ms, self.bounds.faults.clocks);
        let token = self.whose(world.contexts[at].token);
        let Some(truth) = self.truths.get_mut(&token) else { return };
        let agent = &world.contexts[at].agent;
        let hot = world.contexts[at].hot_key && matches!(input, Input::Activity { .. });
        let times = &agent.facts().times;
        let truly = |at: u64| now - agent.now().saturating_sub(at).min(now);
        // What was counted the fast way the facts learn later.
        let believed = if hot { now } else { truly(times.activity) };
        // The deadline counts from what the authority has, where that is later.
        let heard = believed.max(truly(times.acknowledged));
        let (basis, held) = truth.basis(now);
        let basis = if releases_late { basis.max(truth.promised.min(now)) } else { basis };
        // While a hold lives, somebody is there all the time.
        let newest = if held { now } else { truth.pressed_at.max(basis) };
        let counted = believed.min(truth.pressed_at);
        truth.active_at = truth.active_at.max(counted);
        let blurred = truth.blurred;
        if acts {
            let seen = &mut self.seen[at];
            seen.counted_at = seen.counted_at.max(counted);
            seen.told_at = now;
        }
        // What was on its way when the clock was set, to a newcomer or to one that has not noticed yet, is
        // corrected at once.
        let set = self.clock_set_at.max(self.seen[at].opened_at);
        if blurred || (clocks && set + 1_000 > now) {
            return;
        }
        let deadline = basis + longest_idle_ms;
        if !held && believed > deadline + slack && self.bounds.dry == Dry::No {
            let what = format!("counts an activity {} ms after the deadline", believed - deadline);
            self.broken(now, Some(at), Rule::NothingRevives, what);
        } else if heard > newest + slack {
            let what = format!("believes in an activity {} ms after the newest", heard - newest);
            self.broken(now, Some(at), Rule::TrueActivity, what);
        }
    }

    /// How much later than it was an activity may seem because something could not be seen or told.
    fn unseen(&self, world: &World, at: usize) -> u64 {
        let faults = self.bounds.faults;
        // A release that is told late counts from when it is told (authority/session/src/session.rs).
        // A page that is behind with its token tells the newer one of it when it moves.
        let late = if faults.outages || self.bounds.rotates {
            60_000 + self.bounds.longest_interval_ms
        } else {
            0
        };
        // A machine that slept with its clocks standing and whose wall clock was set sees less of both.
        let machine = world.partitions[world.contexts[at].partition];
        let both = faults.clocks && faults.stops;
        late + if both { machine.stood + machine.offset.unsigned_abs() } else { 0 }
    }
}
