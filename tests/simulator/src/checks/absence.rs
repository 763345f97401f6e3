//! Who is logged out, and when: nobody who is present, and everybody who is absent, on time (rules 3
//! and 4).

use stillhere::core::ended::EndedBecause;
use stillhere::core::policy::{Mode, Policy};
use stillhere::core::rules::Phase;
use stillhere_session::session::Standing;

use super::presence::UNNOTICED_MS;
use super::truth::Truth;
use super::{Checks, DEADLINES, Dry, Rule};
use crate::world::{Happening, Trouble, World};

/// Which contexts: those of one partition with one token.
type Channel = (usize, usize);

impl Checks {
    /// A context shows that the session is over.
    pub(super) fn nobody_present(
        &mut self,
        world: &mut World,
        at: usize,
        because: EndedBecause,
        observed: bool,
    ) {
        let (now, bounds) = (world.now, self.bounds);
        let alone = because == EndedBecause::AuthorityUnreachable;
        let by_time = alone || matches!(because, EndedBecause::Idle | EndedBecause::Schedule);
        let channel = (world.contexts[at].partition, world.contexts[at].token);
        let policy = world.rules();
        let settled = world.session_of(channel.1).settle(now, &policy);
        // An authority that could not be told ends what it takes for absent, and its word outranks ours:
        // it was away, the page stood still, or who was about to tell took another's word for enough.
        let rough = bounds.faults.loss || bounds.faults.outages || bounds.faults.stops;
        let strict = bounds.no_wishes && bounds.one_policy && !bounds.rotates;
        let excused = settled.is_some() && (rough || !strict);
        // With nobody to ask, the larger of both clocks counts.
        let reckoned = alone && bounds.faults.clocks;
        let known = !observed && self.ends.iter().any(|end| end.channel == channel);
        if !by_time || excused || reckoned || known {
            return;
        }
        let ended_at = settled.map_or(now, |ended| ended.at);
        let well = world.authority_up && world.trouble == Trouble::None;
        let told = ended_at.saturating_sub(self.told_within());
        // Nobody tells a token of what is only heard by those with another.
        let heard = !bounds.group || world.partitions.len() == 1;
        let untold_for = bounds.longest_hold_ms + bounds.longest_idle_ms;
        let heard = heard && self.left_together_at + untold_for < now;
        // One that only a page knew of which is gone.
        let agent = &world.contexts[at].agent;
        let knows = agent.facts().times.holds.values().any(|hold| hold.lives(agent.now()));
        let heard = heard && (!bounds.group || knows);
        let held = |truth: &Truth| heard && truth.is_held(ended_at + self.slack(), told);
        // A dry run, and a server that knows of no shift, leave its end to the clock of the machine.
        let by_clock = observed || world.own_server;
        if by_clock && because == EndedBecause::Schedule && bounds.faults.clocks {
            return;
        }
        // A page that moves to another token takes the report of its last one along.
        let moved = observed && bounds.rotates;
        let problem = if alone && well && !moved && self.well_since + 15_000 < now {
            Some("the authority could have been asked".to_owned())
        } else if !self.tells_late() && self.truths.get(&self.whose(channel.1)).is_some_and(held) {
            Some(format!("{because:?} while a hold lives"))
        } else if because == EndedBecause::Schedule && !self.is_shift_over(now + self.slack()) {
            Some(format!("the shift ends at {:?}, not at {now}", bounds.logout_at))
        } else {
            // Past the end of a shift that is only observed there is time left, and the pages' own server
            // knows of no shift.
            let shift = (observed || world.own_server) && because == EndedBecause::Schedule;
            let locked_at = self.locked_by(channel.1, ended_at);
            let elsewhere = (well && !alone && !shift)
                .then(|| self.lives_elsewhere(world, channel, locked_at))
                .flatten();
            let elsewhere = elsewhere.map(|what| format!("{because:?} though {what}"));
            let near = self.active_near(world, at, settled.map(|ended| ended.at), locked_at);
            elsewhere.or_else(|| near.map(|what| format!("{because:?} though {what}")))
        };
        if let Some(what) = problem {
            self.broken(now, Some(at), Rule::NobodyPresent, what);
        }
    }

    fn is_shift_over(&self, now: u64) -> bool {
        self.bounds.logout_at.is_some_and(|at| at <= now)
    }

    /// What is excused on top of all that takes time.
    const fn lost(&self) -> u64 {
        // Where another machine tells the authority of its own, or a clock is set ahead by about as
        // much as was not told yet, it looks like sleep, and what was not told is lost.
        if self.bounds.faults.clocks { self.bounds.longest_interval_ms } else { 0 }
    }

    /// Who of those that `at` can hear was active within the timeout, and since the screen was locked.
    fn active_near(
        &self,
        world: &World,
        at: usize,
        ended: Option<u64>,
        locked_at: Option<u64>,
    ) -> Option<String> {
        let (now, bounds) = (world.now, self.bounds);
        // From the end of a shift on nobody is present, however active.
        if self.is_shift_over(now) {
            return None;
        }
        // Pages may report an end that was due a moment later by what they know.
        let heard = if self.bounds.dry == Dry::No { 0 } else { UNNOTICED_MS };
        let slack = self.slack() + self.lost() + heard;
        let here = world.channel(at);
        // Until it came nobody here may have told the authority of its token.
        let came_at = self.seen[at].opened_at.max(self.seen[at].woke_at);
        if bounds.group && ended.is_some_and(|at| at < came_at + self.told_within()) {
            return None;
        }
        // Whom nobody has told the policy goes by the default.
        let told = world.contexts[at].agent.facts().policy.is_some();
        let default = if told { u64::MAX } else { Policy::DEFAULT.idle_timeout_ms };
        let idle_ms = bounds.shortest_idle_ms.min(default);
        // Where some pages only report the end, what is done after it counts there; the others carry it out
        // by what they were answered.
        if bounds.dry == Dry::Mixed && self.was_over(here.1, now, idle_ms) {
            return None;
        }
        if locked_at.is_some_and(|at| self.is_next_told_later(world, here, at)) {
            return None;
        }
        let mut problem = None;
        for (other, context) in world.contexts.iter().enumerate() {
            let seen = self.seen[other];
            let near = world.channel(other) == here && context.hears();
            let told = other == at || (!bounds.faults.loss && seen.woke_at + 1_000 < now);
            // What was told only now can't be known elsewhere yet.
            let fresh = seen.told_at + 2 * bounds.latency_ms + bounds.delay_ms + 50;
            let known = told && ((other == at && ended.is_none()) || fresh < now);
            // What was done in a session that the authority had ended already comes too late.
            let known = known && ended.is_none_or(|at| seen.counted_at < at);
            let present = locked_at.is_none_or(|at| seen.counted_at > at + slack);
            let present = present && seen.counted_at + idle_ms > now + slack;
            if near && known && present {
                let ago = now - seen.counted_at;
                problem = Some(format!("{other} was active {ago} ms ago"));
            }
        }
        problem
    }

    /// Who comes back while the screen of another machine is locked may just have told of what was before that:
    /// the next keep-alive is an interval away (docs/decisions/screen-lock.md).
    fn is_next_told_later(&self, world: &World, channel: Channel, locked_at: u64) -> bool {
        let Some(traffic) = self.traffic.get(&channel) else { return false };
        let (slack, interval_ms) = (self.slack(), self.bounds.longest_interval_ms);
        let before = traffic.told_at <= locked_at + slack;
        let recent = traffic.last_keepalive + interval_ms + slack > world.now;
        world.partitions.len() > 1 && before && recent && traffic.last_keepalive > locked_at
    }

    /// The authority says that it lives, and all go by the same rules.
    fn lives_elsewhere(
        &self,
        world: &mut World,
        channel: Channel,
        locked_at: Option<u64>,
    ) -> Option<String> {
        let (now, policy) = (world.now, world.rules());
        let state = world.session_of(channel.1).state(now, &policy);
        // Past an end that is only observed there is time left until the next one.
        let over = policy.mode == Mode::Observe && state.idle_ms >= policy.idle_timeout_ms;
        let left = if over { 0 } else { state.remaining_ms.unwrap_or(u64::MAX) };
        let ended = matches!(state.standing, Standing::Ended(_));
        let held = state.standing == Standing::Held;
        // Held for a call that is closed, of which it could not be told.
        let truth = self.truths.get(&self.whose(channel.1));
        let open = truth.is_some_and(|truth| truth.basis(now).1);
        let untold = held && !open && !self.bounds.faults.calm();
        let same = self.bounds.no_wishes && self.bounds.one_policy;
        // What the server heard only now was not in its answer yet; in earnest it would have said more.
        let dry = self.bounds.dry != Dry::No;
        // The same where a lock ends it: the server does not end it at that moment by itself.
        let late = self.was_over(channel.1, now, policy.idle_timeout_ms);
        let fresh = late || state.idle_ms < self.slack() + 1_000;
        let fresh = (dry || locked_at.is_some()) && fresh;
        // Of a hold, it may be told while the answer is on its way.
        let fresh = fresh || (dry && held && self.bounds.faults.outages);
        // Where a lock ends it, only of one that was taken meanwhile.
        let asked = now.saturating_sub(self.slack() + 1_000);
        let meanwhile = held && open && !truth.is_some_and(|truth| truth.is_held(now, asked));
        let fresh = fresh || (locked_at.is_some() && meanwhile);
        // A page that moves to another token takes the report of its last one along
        // (docs/decisions/dry-run.md); in earnest an end does not move.
        let same = same && !(dry && self.bounds.rotates);
        let slack = self.slack() + self.lost() + 1_000;
        // Nor does it know of a lock.
        let since = now.saturating_sub(state.idle_ms);
        let back = locked_at.is_none_or(|at| held || since > at + slack);
        let lives = same && back && !fresh && !untold && !ended && left > slack;
        lives.then(|| format!("the authority gives it {left} ms more"))
    }

    /// By what the authority knew a moment ago it is over by now.
    fn was_over(&self, token: usize, now: u64, idle_timeout_ms: u64) -> bool {
        let answered = now.saturating_sub(self.slack() + 1_000);
        self.known_at(token, answered).is_some_and(|known| known + idle_timeout_ms <= now)
    }

    /// By how much a page may be late with the report of a dry run that it took along from another token
    /// (docs/decisions/dry-run.md).
    fn moved(&self) -> u64 {
        let moves = self.bounds.dry != Dry::No && self.bounds.rotates;
        if moves { self.bounds.longest_idle_ms } else { 0 }
    }

    /// Whoever is absent for long enough is out.
    pub(super) fn dead_on_time(&mut self, world: &mut World) {
        let now = world.now;
        // One second, or every bound one after the other: a busy lock, a request, a jump noticed.
        let patience = if self.bounds.faults.calm() { 1_000 } else { 25_000 } + self.slack();
        let mut soonest = u64::MAX;
        let mut late = Vec::new();
        for (token, truth) in &self.truths {
            // A hold may be closed there that much later (authority/session/src/session.rs).
            let closed = if truth.had_holds() { self.told_within() } else { 0 };
            let patience = patience + closed + self.moved();
            let out_at = self.end_of(truth, now) + patience;
            if now < out_at {
                soonest = soonest.min(out_at);
                continue;
            }
            for (at, context) in world.contexts.iter().enumerate() {
                if self.whose(context.token) != *token || truth.blurred {
                    continue;
                }
                // Timers that stood while a machine slept are late by as long. The event stream says so
                // sooner, but the page that read it may have crashed or stand still.
                let stood = world.partitions[context.partition].stood;
                if now < out_at + stood {
                    soonest = soonest.min(out_at + stood);
                    continue;
                }
                let reported = self.reported_until(world, at) + patience + stood;
                if now < reported {
                    soonest = soonest.min(reported);
                    continue;
                }
                let awake = context.hears() && self.seen[at].woke_at + patience + stood < now;
                let phase = context.agent.phase();
                if awake && matches!(phase, Phase::Active | Phase::Warning | Phase::Held) {
                    let by = now - out_at + patience;
                    late.push((at, format!("{phase:?} {by} ms after the deadline")));
                }
            }
        }
        for (at, what) in late {
            self.broken(now, Some(at), Rule::DeadOnTime, what);
        }
        let next = if soonest == u64::MAX { now + 60_000 } else { soonest };
        world.plan(next - now, Happening::Look(DEADLINES));
    }

    /// When a session is over if nobody comes back.
    fn end_of(&self, truth: &Truth, now: u64) -> u64 {
        let faults = self.bounds.faults;
        let (basis, held) = truth.basis(now);
        // A release that could not be told is none for the authority.
        let basis = if self.releases_late() { basis.max(truth.promised) } else { basis };
        let over = truth.over_at(basis);
        let idle_at = if held { over } else { basis } + self.bounds.longest_idle_ms;
        // A machine whose clock is wrong hears of the end of its shift from the authority, if it hears.
        let rough = faults.loss || faults.stops || faults.outages || self.bounds.rotates;
        let logout_at = self.bounds.logout_at.filter(|_| !faults.clocks || !rough);
        // It waits for a hold, and for nothing else.
        // A dry run goes on after it, and has its end by the clock of the machine.
        let dry = self.bounds.dry != Dry::No;
        let logout_at = logout_at.filter(|at| !dry || (*at > basis && !faults.clocks));
        logout_at.map_or(idle_at, |at| at.max(over).min(idle_at))
    }
}
