//! Who is present: activity is what somebody did, it ends on time, and never sooner (rules 2, 3, 4).

use std::collections::{BTreeMap, BTreeSet};

use stillhere::core::ended::EndedBecause;
use stillhere::core::facts::HoldId;
use stillhere::core::input::Input;
use stillhere::core::rules::Phase;
use stillhere::core::sender::BOUND_MS;
use stillhere_session::session::Standing;

use super::{Before, Checks, DEADLINES, Rule};
use crate::world::{Happening, Trouble, World};

/// How far the clocks of a machine may disagree before a context notices.
const UNNOTICED_MS: u64 = 3_100;

/// What was really done with a token, on true time.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    /// The newest press, counted or not.
    pressed_at: u64,
    /// The newest that some context counted.
    pub(super) active_at: u64,
    /// When each hold lapses, and when it was taken.
    holds: BTreeMap<HoldId, u64>,
    taken: BTreeMap<HoldId, u64>,
    released: BTreeSet<HoldId>,
    /// Until when the released ones would have lived: the authority believes in them for as long,
    /// unless it is told.
    promised: u64,
    /// A page was opened while nobody could be asked: it must take its own word for it.
    blurred: bool,
    looked_at: u64,
}

impl Truth {
    /// From when the idle time counts at `now`, and whether a hold lives.
    fn basis(&self, now: u64) -> (u64, bool) {
        let lapsed = self.holds.values().filter(|expires| **expires <= now);
        let basis = lapsed.fold(self.active_at, |from, expires| from.max(*expires));
        (basis, self.holds.values().any(|expires| *expires > now))
    }
}

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

    pub(super) fn presence(
        &mut self,
        world: &mut World,
        at: usize,
        input: &Input<'_>,
        before: Before,
    ) {
        let now = world.now;
        let token = world.contexts[at].token;
        let well = world.authority_up && world.trouble == Trouble::None;
        let unasked = !well || self.well_since + 10_000 > now;
        // A release that is told late counts from when it is told (authority/session/src/session.rs).
        // A page that is behind with its token tells the newer one of it when it moves.
        let late = if self.bounds.faults.outages || self.bounds.rotates {
            60_000 + self.bounds.longest_interval_ms
        } else {
            0
        };
        // A machine that slept with its clocks standing and whose wall clock was set sees less of both.
        let machine = world.partitions[world.contexts[at].partition];
        let unseen = if self.bounds.faults.clocks && self.bounds.faults.stops {
            machine.stood + machine.offset.unsigned_abs()
        } else {
            0
        };
        let slack = self.slack() + late + unseen;
        let interval = 2 * self.bounds.longest_interval_ms + 12_000;
        // The facts move along with the page.
        let former = self
            .truths
            .range(..token)
            .map(|(_, truth)| truth.basis(now).0.max(truth.pressed_at))
            .max();
        let former = former.unwrap_or(0);
        let truth = self.truths.entry(token).or_default();
        if truth.active_at == 0 {
            // Whoever signs in is there.
            (truth.pressed_at, truth.active_at, truth.looked_at) = (now, now, now);
            world.plan(0, Happening::Look(DEADLINES));
        }
        let mut acts = matches!(input, Input::Activity { .. } | Input::Stay);
        match input {
            Input::Activity { age_ms, .. } => {
                truth.pressed_at = truth.pressed_at.max(now - age_ms.min(&now));
            }
            Input::Stay => truth.pressed_at = now,
            Input::Release(id) => {
                acts = truth.holds.get(id).is_some_and(|expires| *expires > now);
                if acts {
                    (truth.pressed_at, truth.active_at) = (now, now);
                }
            }
            Input::TokenChanged => {
                truth.pressed_at = truth.pressed_at.max(former);
                truth.active_at = truth.active_at.max(former);
            }
            _ => {}
        }
        // A renewal or a release is told with the next keep-alive; a hold may lapse there meanwhile.
        let had_holds = !truth.holds.is_empty() || !truth.released.is_empty();
        let slack = if had_holds { slack + interval } else { slack };
        // The lapse of a hold counts as activity, also once the hold is taken up again.
        truth.active_at = truth.basis(now).0;
        let agent = &world.contexts[at].agent;
        let facts = agent.facts();
        if unasked && facts.times.activity > 0 {
            truth.blurred = true;
        }
        let mut problem = None;
        for (id, hold) in facts.times.holds.iter() {
            if hold.released {
                let promised = truth.holds.remove(id).unwrap_or(0);
                truth.promised = truth.promised.max(promised);
                truth.released.insert(*id);
            } else if hold.lives(agent.now()) && !truth.released.contains(id) {
                // A page that does not know the policy yet takes it for longer than that allows.
                let taken = now - agent.now().saturating_sub(hold.taken).min(now);
                truth.taken.insert(*id, taken);
                let longest = taken + self.bounds.longest_hold_ms;
                let expires = (now + (hold.expires - agent.now())).min(longest);
                let known = truth.holds.entry(*id).or_insert(expires);
                *known = expires.max(*known);
            }
        }
        if facts.times.activity > 0 && !before.ended {
            let believed = now - agent.now().saturating_sub(facts.times.activity).min(now);
            let believed = if agent_is_hot(world, at, input) { now } else { believed };
            // While a hold lives, somebody is there all the time.
            let (basis, held) = truth.basis(now);
            // A machine that sleeps, or an authority that is away, hears of no release.
            let untold = !self.bounds.faults.calm() || self.bounds.rotates;
            let basis = if untold { basis.max(truth.promised.min(now)) } else { basis };
            let newest = if held { now } else { truth.pressed_at.max(basis) };
            // What was on its way to a newcomer when the clock was set back is corrected at once.
            let new = self.bounds.faults.clocks && self.seen[at].opened_at + 1_000 > now;
            if believed > newest + slack && !truth.blurred && !new {
                problem = Some((
                    Rule::TrueActivity,
                    format!("believes in an activity {} ms after the newest", believed - newest),
                ));
            }
            let deadline = basis + self.bounds.longest_idle_ms;
            if !held && believed > deadline + slack && !truth.blurred {
                problem = Some((
                    Rule::NothingRevives,
                    format!("counts an activity {} ms after the deadline", believed - deadline),
                ));
            }
            let counted = believed.min(truth.pressed_at);
            truth.active_at = truth.active_at.max(counted);
            if acts {
                let seen = &mut self.seen[at];
                seen.counted_at = seen.counted_at.max(counted);
            }
        }
        if let Some((rule, what)) = problem {
            self.broken(now, Some(at), rule, what);
        }
    }

    /// A context shows that the session is over by the time.
    pub(super) fn nobody_present(&mut self, world: &mut World, at: usize, because: EndedBecause) {
        let (now, bounds) = (world.now, self.bounds);
        let by_time = matches!(
            because,
            EndedBecause::Idle | EndedBecause::Schedule | EndedBecause::AuthorityUnreachable
        );
        let channel = (world.contexts[at].partition, world.contexts[at].token);
        // An authority that could not be told ends what it takes for absent, and its word outranks ours:
        // it was away, the page stood still, or who was about to tell took another's word for enough.
        let policy = world.policy.clone();
        let settled = world.session_of(channel.1).settle(now, &policy);
        let ended = settled.is_some();
        let ended_at = settled.map_or(now, |ended| ended.at);
        if !by_time
            || (ended
                && (bounds.faults.loss
                    || bounds.faults.outages
                    || bounds.faults.stops
                    || bounds.rotates
                    || !bounds.no_wishes
                    || !bounds.one_policy))
            || self.ends.iter().any(|end| end.channel == channel)
        {
            return;
        }
        // With nobody to ask, the larger of both clocks counts.
        let alone = because == EndedBecause::AuthorityUnreachable && bounds.faults.clocks;
        if alone {
            return;
        }
        // Where another machine tells the authority of its own, a clock that was set looks like sleep,
        // and what was not told yet is lost.
        let untold = if bounds.faults.clocks && world.partitions.len() > 1 {
            bounds.longest_interval_ms
        } else {
            0
        };
        let slack = self.slack() + untold;
        let mut problem = None;
        let due = |at| bounds.logout_at.is_some_and(|logout_at| logout_at <= at);
        if because == EndedBecause::Schedule && !due(now + slack) {
            problem = Some(format!("the shift ends at {:?}, not at {now}", bounds.logout_at));
        }
        // From then on nobody is present, however active.
        let scheduled = due(now);
        for (other, context) in world.contexts.iter().enumerate() {
            let near = (context.partition, context.token) == channel && context.hears();
            let told =
                other == at || (!bounds.faults.loss && self.seen[other].woke_at + 1_000 < now);
            // What was done only now can't be known elsewhere yet.
            let fresh = self.seen[other].counted_at + 2 * bounds.latency_ms + bounds.delay_ms + 50;
            let known = told && ((other == at && !ended) || fresh < now);
            if !scheduled
                && near
                && known
                && self.seen[other].counted_at + bounds.shortest_idle_ms > now + slack
            {
                let ago = now - self.seen[other].counted_at;
                problem = Some(format!("{because:?} though {other} was active {ago} ms ago"));
            }
        }
        let well = world.authority_up && world.trouble == Trouble::None;
        let state = world.session_of(channel.1).state(now, &policy);
        if well
            && because != EndedBecause::AuthorityUnreachable
            && bounds.no_wishes
            && bounds.one_policy
        {
            let left = state.remaining_ms.unwrap_or(u64::MAX);
            // Held for a call that is closed, of which it could not be told.
            let closed = state.standing == Standing::Held
                && self.truths.get(&channel.1).is_some_and(|truth| !truth.basis(now).1);
            let untold = closed && !bounds.faults.calm();
            if !untold && !matches!(state.standing, Standing::Ended(_)) && left > slack + 1_000 {
                problem = Some(format!("{because:?} though the authority gives it {left} ms more"));
            }
        }
        if bounds.faults.calm() && !bounds.rotates && self.is_held(channel.1, ended_at) {
            problem = Some(format!("{because:?} while a hold lives"));
        }
        let long_well = well && self.well_since + 15_000 < now;
        if long_well && because == EndedBecause::AuthorityUnreachable {
            problem = Some("the authority could have been asked".into());
        }
        if let Some(what) = problem {
            self.broken(now, Some(at), Rule::NobodyPresent, what);
        }
    }

    /// Whether a hold lives of which everybody knows: the authority is told of it with the next
    /// keep-alive.
    fn is_held(&self, token: usize, now: u64) -> bool {
        let told = 2 * self.bounds.longest_interval_ms + 12_000;
        let Some(truth) = self.truths.get(&token) else { return false };
        let mut holds = truth.holds.iter();
        holds.any(|(id, expires)| {
            let taken = truth.taken.get(id);
            *expires > now + self.slack() && taken.is_some_and(|at| at + told < now)
        })
    }

    /// Whoever is absent for long enough is out.
    pub(super) fn dead_on_time(&mut self, world: &mut World) {
        let now = world.now;
        let faults = self.bounds.faults;
        // One second, or every bound one after the other: a busy lock, a request, a jump noticed.
        let patience = if faults.calm() { 1_000 } else { 25_000 };
        let patience = patience + self.slack();
        let mut soonest = u64::MAX;
        let mut late = Vec::new();
        for (token, truth) in &self.truths {
            let (basis, held) = truth.basis(now);
            // A release that could not be told is none for the authority.
            let untold = !faults.calm() || self.bounds.rotates;
            let basis = if untold { basis.max(truth.promised) } else { basis };
            let over = truth.holds.values().copied().fold(basis, u64::max);
            // A hold may be closed there that much later (authority/session/src/session.rs).
            let had_holds = !truth.holds.is_empty() || !truth.released.is_empty();
            let closed = if had_holds { 2 * self.bounds.longest_interval_ms + 12_000 } else { 0 };
            let patience = patience + closed;
            let idle_at = if held { over } else { basis } + self.bounds.longest_idle_ms;
            // The end of a shift waits for a hold, and for nothing else.
            // A machine whose clock is wrong hears of it from the authority, if it hears of it.
            let rough = faults.loss || faults.stops || faults.outages || self.bounds.rotates;
            let told_at = self.bounds.logout_at.filter(|_| !faults.clocks || !rough);
            let end_at = told_at.map_or(idle_at, |at| at.max(over).min(idle_at));
            let out_at = end_at + patience;
            if now < out_at {
                soonest = soonest.min(out_at);
                continue;
            }
            for (at, context) in world.contexts.iter().enumerate() {
                // Timers that stood while a machine slept are late by as long. The event stream says so
                // sooner, but the page that read it may have crashed or stand still.
                let stood = world.partitions[context.partition].stood;
                if context.token == *token && now < out_at + stood {
                    soonest = soonest.min(out_at + stood);
                    continue;
                }
                let awake = context.hears() && self.seen[at].woke_at + patience + stood < now;
                let phase = context.agent.phase();
                let alive = matches!(phase, Phase::Active | Phase::Warning | Phase::Held);
                if context.token == *token && awake && alive && !truth.blurred {
                    late.push((
                        at,
                        format!("{phase:?} {} ms after the deadline", now - out_at + patience),
                    ));
                }
            }
        }
        for (at, what) in late {
            self.broken(now, Some(at), Rule::DeadOnTime, what);
        }
        let next = if soonest == u64::MAX { now + 60_000 } else { soonest };
        world.plan(next - now, Happening::Look(DEADLINES));
    }
}

/// Whether the input was a key that the fast way counted: the facts learn of it later.
fn agent_is_hot(world: &World, at: usize, input: &Input<'_>) -> bool {
    world.contexts[at].hot_key && matches!(input, Input::Activity { .. })
}
