//! What goes out, and when nothing may (rules 1, 8, 9).

use std::collections::{BTreeMap, VecDeque};

use stillhere::core::input::Input;
use stillhere::core::output::{Request, What};
use stillhere::core::sender::BOUND_MS;

use super::{Checks, Dry, Rule};
use crate::world::{Context, START, World};

/// The bound of a broadcast rate is looked at over this time.
const WINDOW_MS: u64 = 10_000;
/// After the last keep-alive of a burst everything that it brought is done by then.
const SETTLED_MS: u64 = 7_000;

/// What the pages of one partition sent for one token.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    pub(super) last_keepalive: u64,
    last_sender: usize,
    /// The newest activity that a keep-alive told of.
    pub(super) told_at: u64,
    requests: u64,
}

impl Traffic {
    /// The authority knows that whoever signs in is there.
    pub(super) fn signed_in(&mut self, now: u64) {
        self.told_at = now;
    }
}

/// What was said on one channel, and why.
#[derive(Debug, Clone, Default)]
pub(super) struct Chatter {
    /// What makes a broadcast urgent: a request, an end, a page that comes or goes.
    causes: VecDeque<u64>,
    posted: VecDeque<(usize, u64)>,
}

impl Chatter {
    fn is_busy(&self, now: u64) -> bool {
        self.causes.back().is_some_and(|at| at + 1_500 > now)
    }
}

impl Checks {
    pub(super) fn requests(&mut self, world: &mut World, at: usize, request: &Request) {
        let (now, bounds) = (world.now, self.bounds);
        let context = &world.contexts[at];
        let channel = (context.partition, context.token);
        self.has_reason(world, at);
        let traffic = self.traffic.entry(channel).or_default();
        traffic.requests += 1;
        let mut problem = None;
        if self.seen[at].over && !matches!(request.what, What::End(_)) {
            problem = Some((Rule::NothingRevives, "sends something after the end".to_owned()));
        }
        if let What::KeepAlive { report, flush } = &request.what {
            let agent = &context.agent;
            if agent.due().is_some_and(|due| agent.now() >= due.end_at) {
                let what = format!("tells of activity {} ms ago", report.age_ms);
                problem = Some((Rule::NothingRevives, what));
            }
            let pause = now - traffic.last_keepalive;
            // Whoever has not heard of the other yet may send too.
            let others = world.contexts.iter().enumerate();
            let mut others = others.filter(|(other, context)| {
                *other != at && (context.partition, context.token) == channel && context.hears()
            });
            // It came by opening its page, or by moving to this token; what was said before it hears
            // again with the next routine message.
            let here_since = self.seen[at].opened_at.max(self.seen[at].woke_at) + 1_200;
            let was_here = here_since < traffic.last_keepalive;
            let heard = pause > bounds.delay_ms
                && (was_here || (here_since < now && others.next().is_some()));
            // One whose answer moved on to another token with its sender is sent again.
            let rest = if bounds.rotates || bounds.group { 2_500 } else { u64::MAX };
            // A newcomer may be greeted by one that has not heard of the answer yet.
            let rest = if was_here { rest } else { rest.min(BOUND_MS) };
            let times = &context.agent.facts().times;
            let policy = context.agent.policy();
            // After the end of a shift only a hold that was told keeps the session.
            let shift_over =
                policy.logout_at.is_some_and(|at| at <= world.now + policy.keepalive_ms);
            let hurry = shift_over && !report.holds.is_empty();
            let due = times.acknowledged + policy.idle_timeout_ms - policy.warn_before_ms;
            // What a page took along when it left is sent again by another.
            let there = world.contexts[traffic.last_sender].hears();
            let heard = heard && there && !hurry && due > context.agent.now();
            let soon = heard && pause + 10 < bounds.shortest_interval_ms.min(rest);
            if bounds.faults.calm() && !flush && soon {
                let what = format!("a keep-alive {pause} ms after another");
                problem = Some((Rule::OneKeepAlive, what));
            }
            traffic.told_at = traffic.told_at.max(now - report.age_ms.min(now));
            traffic.last_keepalive = now;
            traffic.last_sender = at;
        }
        let waited_for =
            !matches!(request.what, What::End(_) | What::KeepAlive { flush: true, .. });
        // A lost message can make a live sender look dead; to one that stood still comes first what waited
        // for it, and then that its lock was taken.
        let awake = self.seen[at].woke_at < now;
        if waited_for && awake && !bounds.faults.loss {
            let mut others = world.contexts.iter().enumerate();
            let other = others.find(|(other, context)| {
                *other != at
                    && (context.partition, context.token) == channel
                    && context.hears()
                    && context.is_sending()
            });
            if let Some((other, _)) = other {
                problem = Some((Rule::OneKeepAlive, format!("sends while {other} is sending")));
            }
        }
        if let Some((rule, what)) = problem {
            self.broken(now, Some(at), rule, what);
        }
    }

    /// A page goes. If it was the last that could tell, the authority must know what was done.
    pub(super) fn leaves(&mut self, world: &mut World, at: usize) {
        let channel = (world.contexts[at].partition, world.contexts[at].token);
        let (mut newest, mut alone) = (0, true);
        for (other, context) in world.contexts.iter().enumerate() {
            let seen = self.seen[other];
            // The same goes for one that has just moved to another token.
            let moves = seen.moved && seen.woke_at + self.bounds.delay_ms >= world.now;
            if moves && context.partition == channel.0 && context.token != channel.1 {
                (alone, self.left_together_at) = (false, world.now);
            }
            if (context.partition, context.token) == channel {
                newest = newest.max(seen.counted_at);
                // Of two that go at one moment each takes the other for the last.
                let just_left = seen.left_at + self.bounds.delay_ms >= world.now;
                let there = context.hears() || just_left;
                alone &= other == at || !there;
                if other != at && just_left {
                    self.left_together_at = world.now;
                }
            }
        }
        self.seen[at].left_at = world.now;
        // What another partition told since is newer anyway.
        let same = self.traffic.iter().filter(|((_, token), _)| *token == channel.1);
        let told_at = same.map(|(_, traffic)| traffic.told_at).max().unwrap_or(0);
        // So is a hold that lapsed there since.
        let told_at = told_at.max(world.session_of(channel.1).active_at());
        let over = self.bounds.logout_at.is_some_and(|at| at <= world.now);
        // Nothing that is told changes an end of which the page had not heard yet.
        let (now, policy) = (world.now, world.rules());
        let over = over || world.session_of(channel.1).settle(now, &policy).is_some();
        let locked =
            self.locked_by(channel.1, world.now).is_some_and(|at| newest <= at + self.slack());
        let lives = newest + self.bounds.shortest_idle_ms > world.now && !over && !locked;
        // What went with them no later page can have heard of.
        let gone_at = self.left_together_at;
        let knows = newest > gone_at || self.seen[at].opened_at <= gone_at;
        if alone && lives && knows && newest > told_at + self.slack() {
            let what = format!("goes, and an activity {} ms ago is untold", world.now - newest);
            self.broken(world.now, Some(at), Rule::OneKeepAlive, what);
        }
    }

    /// A context has a reason to tell the others something.
    pub(super) fn has_reason(&mut self, world: &World, at: usize) {
        self.chatter.entry(world.channel(at)).or_default().causes.push_back(world.now);
    }

    pub(super) fn broadcasts(&mut self, world: &mut World, at: usize) {
        let now = world.now;
        let disturbed = self.last_event == now;
        let chatter = self.chatter.entry(world.channel(at)).or_default();
        if disturbed {
            chatter.causes.push_back(now);
        }
        chatter.posted.push_back((at, now));
        while chatter.posted.front().is_some_and(|(_, then)| then + WINDOW_MS < now) {
            chatter.posted.pop_front();
        }
        while chatter.causes.front().is_some_and(|then| then + WINDOW_MS < now) {
            chatter.causes.pop_front();
        }
        let posted = chatter.posted.iter().filter(|(who, _)| *who == at).count() as u64;
        // Pages that move to another token greet each other anew.
        let moves = if self.bounds.rotates { 2 * world.contexts.len() as u64 } else { 0 };
        let allowed = WINDOW_MS / 1_000 + 2 * chatter.causes.len() as u64 + 4 + moves;
        if posted > allowed && self.bounds.faults.calm() {
            let what =
                format!("{posted} messages in {} s, {allowed} have a reason", WINDOW_MS / 1_000);
            self.broken(now, Some(at), Rule::OncePerSecond, what);
        }
    }

    /// Nobody does anything: no wake-up, no message, no lock, no answer before the warning is due.
    pub(super) fn is_free(&mut self, world: &World, at: usize, input: &Input<'_>) {
        let context = &world.contexts[at];
        let now = world.now;
        let calm = self.bounds.faults.calm() && self.bounds.one_policy;
        let settled = self.last_event + self.bounds.longest_interval_ms + SETTLED_MS;
        // The authority tells what happens in other partitions.
        let told = matches!(input, Input::News { .. });
        if !calm || told || now < settled || context.is_ended() || !context.hears() {
            return;
        }
        // The state after the input: a question that was answered moves the warning on.
        let idle = context
            .agent
            .due()
            .is_some_and(|due| context.agent.now() + 500 < due.warn_at && now > START + SETTLED_MS);
        let quiet = context.agent.facts().times.holds.is_empty() && !self.asked_lately(world, at);
        let lapsed = context.phases.last().is_some_and(|(at, _)| *at == now);
        if !idle || !quiet || lapsed || self.seen[at].over {
            return;
        }
        // A timer is only set anew for an earlier moment, so each fires once for nothing at most: for
        // the next message, the keep-alive, the warning.
        let seen = &mut self.seen[at];
        if seen.quiet_since != self.last_event {
            (seen.quiet_since, seen.idle_wakes) = (self.last_event, 0);
        }
        seen.idle_wakes += 1;
        if !matches!(input, Input::Wake) || seen.idle_wakes > 3 {
            let what = format!("idle, and yet: {input:?}");
            self.broken(now, Some(at), Rule::IdleIsFree, what);
        }
    }

    /// A question at the warning or the deadline brings answers and messages with it.
    fn asked_lately(&self, world: &World, at: usize) -> bool {
        let causes = self.chatter.get(&world.channel(at)).map(|chatter| &chatter.causes);
        // A timer that was set for the next keep-alive is not set anew, and fires once for nothing.
        let settled = SETTLED_MS + self.bounds.longest_interval_ms;
        causes.and_then(VecDeque::back).is_some_and(|then| then + settled > world.now)
    }

    /// Whether something is under way that the others don't know of yet.
    #[must_use]
    pub fn is_busy(&self, now: u64) -> bool {
        self.chatter.values().any(|chatter| chatter.is_busy(now))
    }

    /// The same of one channel.
    pub(super) fn is_busy_on(&self, channel: (usize, usize), now: u64) -> bool {
        self.chatter.get(&channel).is_some_and(|chatter| chatter.is_busy(now))
    }

    /// How many requests there were on each channel.
    #[must_use]
    pub fn requests_so_far(&self) -> BTreeMap<(usize, usize), u64> {
        self.traffic.iter().map(|(channel, traffic)| (*channel, traffic.requests)).collect()
    }

    /// At the end of a dry run, when nobody was there for three windows: one question before each
    /// warning and one at each end.
    pub fn count_questions(&mut self, world: &World, before: &BTreeMap<(usize, usize), u64>) {
        let windows = 3 * self.bounds.longest_idle_ms / self.bounds.shortest_idle_ms + 1;
        // Hidden pages leave it to others for a moment. Where the answer takes longer some ask as well, and
        // where clocks or what was heard differ each may.
        let patience = self.bounds.shortest_interval_ms.min(2_000) / 16;
        let takes = 2 * self.bounds.latency_ms + self.bounds.delay_ms + 5;
        let faults = self.bounds.faults;
        let quick = takes < patience && !faults.clocks && !faults.loss;
        for (channel, requests) in self.requests_so_far() {
            let asked = requests - before.get(&channel).copied().unwrap_or_default();
            let here = world.contexts.iter().filter(|page| (page.partition, page.token) == channel);
            let seen = |page: &Context| {
                let row = page.agent.facts().rows.get(page.agent.id());
                page.hears() && row.is_some_and(|row| row.visible)
            };
            // Where none can be seen, nobody is the first to ask.
            let one = quick && here.clone().any(seen);
            let most = if one { 2 * windows } else { (2 + here.count() as u64) * windows };
            if asked > most {
                let what = format!("{asked} requests on {channel:?} in {windows} windows");
                self.broken(world.now, None, Rule::DryRun, what);
            }
        }
    }

    /// At the end of a story: no more requests than the time and the faults account for.
    pub fn count_requests(&mut self, now: u64, faults: u64) {
        let intervals = (now - START) / self.bounds.shortest_interval_ms;
        // A dry run goes on, with questions in each window.
        let windows = (now - START) / self.bounds.shortest_idle_ms;
        let dry = if self.bounds.dry == Dry::No { 0 } else { 8 * windows };
        let allowed = 2 * intervals + 4 * faults + dry + 10;
        for (channel, traffic) in self.traffic.clone() {
            if traffic.requests > allowed {
                let what = format!("{} requests on {channel:?}", traffic.requests);
                self.broken(now, None, Rule::OneKeepAlive, what);
            }
        }
    }
}
