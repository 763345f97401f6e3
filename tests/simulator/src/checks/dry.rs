//! Dry runs: nothing ends but what really does, and what would have ended is reported by every page that
//! lives through it, once and not too soon.

use std::collections::BTreeMap;

use stillhere::core::ended::EndedBecause;
use stillhere::core::policy::Mode;

use super::truth::Truth;
use super::{Checks, Rule, WAVES};
use crate::world::{Context, Happening, World};

/// All contexts of a channel report an end within this time of the first.
const TOGETHER_MS: u64 = 50;
/// Rules that an administrator changed are known by then to whoever asks.
const KNOWN_MS: u64 = 7_000;

/// Whether a story is a dry run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dry {
    /// Ends are carried out.
    #[default]
    No,
    /// The authority only observes.
    Policy,
    /// All pages ask for it, of a server of their own that ends nothing.
    Pages,
    /// Most of them do.
    Mixed,
    /// An administrator switches it off and on.
    Flips,
}

/// What was reported so far.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// Each first report of an end: the partition and token, and when.
    waves: Vec<((usize, usize), u64)>,
    /// The newest report of anybody, of each partition and token.
    newest: BTreeMap<(usize, usize), u64>,
    /// What the policy says, and since when.
    mode: Option<(Mode, u64)>,
}

/// How long ago the newest end would have been that a context knows of, whoever observed it.
fn observed_ago(context: &Context) -> u64 {
    let agent = &context.agent;
    agent.now().saturating_sub(agent.facts().times.observed.at)
}

impl Checks {
    /// The policy says so from now on.
    pub fn mode_is(&mut self, mode: Mode, now: u64) {
        if self.runs.mode.is_none_or(|(known, _)| known != mode) {
            self.runs.mode = Some((mode, now));
        }
    }

    /// Until when a context need not report again.
    pub(super) fn reported_until(&self, world: &World, at: usize) -> u64 {
        let seen = self.seen[at];
        // What the others reported while it was away is no news to it.
        let since = seen.reported_at.max(seen.woke_at);
        // Nor is what one reported too soon, for whom a message was lost that this one knows of: its next end
        // is as far from that all the same (docs/decisions/dry-run.md).
        let ago = observed_ago(&world.contexts[at]);
        let told = if self.bounds.faults.loss { world.now.saturating_sub(ago) } else { 0 };
        let since = since.max(told);
        // A page that is late with the next token takes its last report along, and the next is as far away.
        // One that learns of it together with a clock that was set follows that.
        let windows =
            if seen.moved || self.bounds.rotates || self.bounds.faults.clocks { 2 } else { 1 };
        let until = since + windows * self.bounds.longest_idle_ms;
        if self.bounds.dry == Dry::No { 0 } else { until }
    }

    /// What is in force for a context, where that is beyond doubt.
    fn in_force(&self, world: &World, at: usize) -> Option<Mode> {
        let now = world.now;
        match self.bounds.dry {
            Dry::No => Some(Mode::Enforce),
            Dry::Policy => world.contexts[at].agent.facts().policy.as_ref().map(|_| Mode::Observe),
            Dry::Pages => Some(Mode::Observe),
            Dry::Mixed => {
                let channel = world.channel(at);
                let all = 0..world.contexts.len();
                let mut strict =
                    all.filter(|at| self.seen[*at].strict && world.channel(*at).0 == channel.0);
                let heard = |other: usize| {
                    let since = self.seen[at].opened_at.max(self.seen[other].opened_at);
                    other == at
                        || (since + 1_500 < now
                            && !self.bounds.faults.loss
                            && !self.bounds.faults.stops
                            && world.channel(other) == channel
                            && world.contexts[other].hears())
                };
                match strict.clone().next() {
                    None => Some(Mode::Observe),
                    Some(_) => strict.any(heard).then_some(Mode::Enforce),
                }
            }
            Dry::Flips => {
                // What waited for a page that was stopped was said before.
                let (mode, since) = self.runs.mode.unwrap_or((Mode::Observe, 0));
                let since = since.max(self.seen[at].woke_at);
                (since + KNOWN_MS + 2 * self.bounds.latency_ms < now).then_some(mode)
            }
        }
    }

    /// A context shows that the session is over: in a dry run only what really is.
    pub(super) fn ends_in_earnest(&mut self, world: &mut World, at: usize, because: EndedBecause) {
        let unasked = because == EndedBecause::AuthorityUnreachable;
        let by_time = unasked || matches!(because, EndedBecause::Idle | EndedBecause::Schedule);
        let policy = world.rules();
        let (now, token) = (world.now, world.contexts[at].token);
        let over = world.session_of(token).settle(now, &policy).is_some();
        // With nobody to ask it goes by the rules that it knows. Where the message is lost that tells them,
        // one knows none, and those that hear of its end believe it.
        let untold = self.bounds.faults.loss && self.bounds.faults.outages;
        let unknown = unasked && (self.bounds.dry == Dry::Flips || untold);
        let dry = self.in_force(world, at) == Some(Mode::Observe);
        if by_time && !over && !unknown && dry {
            self.broken(now, Some(at), Rule::DryRun, format!("ends: {because:?}"));
        }
    }

    /// A context reports an end that was only observed.
    pub(super) fn reports(&mut self, world: &mut World, at: usize, because: EndedBecause) {
        let (now, bounds, seen) = (world.now, self.bounds, self.seen[at]);
        let channel = (world.contexts[at].partition, world.contexts[at].token);
        let scheduled = because == EndedBecause::Schedule;
        let known = because != EndedBecause::AuthorityUnreachable || bounds.dry != Dry::Flips;
        let faults = bounds.faults;
        let waves = &self.runs.waves;
        let last = waves.iter().rev().find(|(other, _)| *other == channel).map_or(0, |wave| wave.1);
        // Whoever slept, or had to wait for an answer, is late, and not so for the next one.
        let even = !faults.stops && !faults.clocks && !faults.outages && !bounds.rotates;
        // So is who is judged by a timeout that became shorter.
        let even = even && bounds.one_policy && bounds.no_wishes;
        // Or who locks the screen again.
        let even = even && !self.locked_since(channel.1, seen.reported_at.min(last));
        // Where messages are lost a report may be late, and the next one not.
        let end = now.saturating_sub(observed_ago(&world.contexts[at]));
        let apart =
            if faults.loss { end - seen.observed_at.min(end) } else { now - seen.reported_at };
        let again = apart + self.slack() + 1_000 < bounds.shortest_idle_ms;
        // What waited for a page that was stopped the others have reported before.
        let awake = seen.woke_at + 8_000 < now;
        let wave = awake && (now - last > bounds.shortest_idle_ms / 2 || scheduled);
        // Whoever hears of it may hear with it of what was done since.
        let heard = self.runs.newest.insert(channel, now);
        // What was reported before a clock was set may come again with it.
        let set = faults.clocks && self.clock_set_at + 10_000 > now;
        if heard.is_none_or(|at| at + bounds.delay_ms + 200 < now) && awake && !set {
            self.nobody_present(world, at, because, true);
        }
        let soon = last > 0 && last + bounds.shortest_idle_ms > now + self.slack() + 1_000;
        let soon_after = last < seen.opened_at && soon;
        let early = end + self.slack() < seen.opened_at;
        // Whoever takes a sleep for a clock that was set begins an era without what others reported meanwhile.
        let slept = world.partitions[world.contexts[at].partition].stood > 0;
        let problem = if known && self.in_force(world, at) == Some(Mode::Enforce) {
            Some("reports an end where ends are carried out".to_owned())
        } else if scheduled && seen.shift_reported && !faults.clocks && !slept {
            Some("reports the end of its shift again".to_owned())
        } else if even && again && !scheduled && seen.reported_at > 0 && !seen.shift_reported {
            Some(format!("reports {because:?} {apart} ms after another"))
        } else if even && !scheduled && (early || (!faults.loss && !awake && soon_after)) {
            Some("reports what was before it came".to_owned())
        } else {
            None
        };
        if wave && !scheduled {
            self.runs.waves.push((channel, now));
            if !faults.loss {
                let look = Happening::Look(WAVES + self.runs.waves.len() - 1);
                world.plan(TOGETHER_MS + bounds.delay_ms, look);
            }
        }
        let seen = &mut self.seen[at];
        (seen.reported_at, seen.observed_at) = (now, end);
        seen.shift_reported |= scheduled;
        if let Some(what) = problem {
            self.broken(now, Some(at), Rule::DryRun, what);
        }
    }

    /// Everybody who lived through it has reported it by now.
    pub(super) fn reported_together(&mut self, world: &mut World, number: usize) {
        let Some((channel, first)) = self.runs.waves.get(number).copied() else { return };
        for at in 0..world.contexts.len() {
            let (context, seen) = (&world.contexts[at], self.seen[at]);
            let here = (context.partition, context.token) == channel;
            // An answer may take as long as a request can.
            let was_there = seen.woke_at.max(seen.opened_at) + 7_000 < first;
            // Whoever found out for itself was sooner, and nobody reports what was before they came: under
            // rules that became shorter it may be long ago.
            let end = first.min(world.now.saturating_sub(observed_ago(context)));
            let was_there = was_there && seen.opened_at < end;
            let silent = seen.reported_at + TOGETHER_MS + self.bounds.delay_ms + 1_000 < end;
            // Who knows of a hold, or has just heard of activity, knows better, and whose clock was set follows
            // that first. In a group the answer for another token may tell of activity that is older, and by rules that
            // came meanwhile nobody may be absent yet.
            let ago = context.agent.now().saturating_sub(context.agent.facts().times.activity);
            let alike = self.bounds.one_policy && !self.bounds.group;
            let idle_ms = context.agent.policy().idle_timeout_ms;
            let busy = ago < if alike { self.bounds.shortest_idle_ms / 2 } else { idle_ms };
            let times = &context.agent.facts().times;
            // The authority's word is enough: it may come before that of the page whose end it was.
            let holds = !times.holds.is_empty() || times.held_elsewhere > context.agent.now();
            let set = self.bounds.faults.clocks;
            let there = here && was_there && context.hears() && !context.is_ended();
            if there && silent && !busy && !holds && !set && !seen.moved {
                let what = format!("no report {} ms after the first", world.now - first);
                self.broken(world.now, Some(at), Rule::DryRun, what);
            }
        }
    }

    /// At the end of a story: the next end is where the authority says.
    pub fn in_step(&mut self, world: &mut World) {
        let bounds = self.bounds;
        let faults = bounds.faults;
        let even = !faults.stops && !faults.clocks && !faults.outages && !faults.loss;
        let same = bounds.one_policy && bounds.no_wishes && !bounds.rotates && !bounds.group;
        // A hold may be closed there later.
        let holds = self.truths.values().any(Truth::had_holds);
        let locks = bounds.lock_ms.is_some() && self.truths.values().any(Truth::had_locks);
        let other = bounds.logout_at.is_some() || holds || locks;
        if bounds.dry != Dry::Policy || !even || !same || other {
            return;
        }
        for at in 0..world.contexts.len() {
            let (now, policy) = (world.now, world.rules());
            let state = world.session.state(now, &policy);
            let context = &world.contexts[at];
            let due = context.agent.due().filter(|_| context.hears() && !context.is_ended());
            if let (Some(left), Some(due)) = (state.remaining_ms, due) {
                // No clock is wrong here.
                let mine = due.end_at.saturating_sub(now);
                let apart = mine.abs_diff(left);
                let slack = self.slack() + 1_000;
                // Just before the one, or just after it.
                if apart > slack && bounds.longest_idle_ms.saturating_sub(apart) > slack {
                    let what = format!("{mine} ms until the next end, {left} ms at the authority");
                    self.broken(now, Some(at), Rule::DryRun, what);
                }
            }
        }
    }
}
