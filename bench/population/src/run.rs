//! Many users: brought to a steady state in virtual time, then counted, in virtual time or against a
//! real authority at a speed of real time.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::kind::Kind;
use crate::line::{Browser, Line, Remote, Sum};
use crate::model::Rates;
use crate::user::{BEGIN, Rules, User};

/// Longer than the idle timeout by so much users live before they are counted, in milliseconds: what is
/// so long ago has no influence any more.
const SETTLE_MS: u64 = 120_000;

/// How many, and for how long.
#[derive(Debug, Clone)]
pub struct Plan {
    /// All users; some of them are at work.
    pub users: u32,
    /// How many contexts each has; by the assumed mix if it is left out.
    pub contexts: Option<usize>,
    /// What is drawn follows from it.
    pub seed: u64,
    /// Threads, each with a connection of its own.
    pub threads: u32,
    /// When is counted, one after the other.
    pub windows: Vec<Window>,
    /// Where to send requests; they are only counted if it is left out.
    pub remote: Option<Remote>,
}

impl Plan {
    /// How much virtual time is counted in all, in milliseconds.
    #[must_use]
    pub fn all_ms(&self) -> u64 {
        self.windows.iter().map(|window| window.virtual_ms).sum()
    }
}

/// A time in which is counted.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// How long it is, in milliseconds of virtual time.
    pub virtual_ms: u64,
    /// Seconds of virtual time in a second of real time; of no account without a remote authority.
    pub speed: f64,
}

/// What was seen in a window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    /// What went over the lines.
    pub sum: Sum,
    /// How long it took.
    pub real: Duration,
    /// By how much a request left too late, at most: the machine could not keep up.
    pub late: Duration,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Window by window.
    pub counted: Vec<Counted>,
    /// Users at work.
    pub at_work: u64,
    /// Those of them who had a session when counting began.
    pub signed_in: u64,
    /// How long it took to register the tokens.
    pub registering: Duration,
    /// How long it took to bring all to a steady state, registering included.
    pub settling: Duration,
}

/// What the threads agree on.
struct Together<'a> {
    plan: &'a Plan,
    rules: &'a Rules,
    rates: Rates,
    barrier: Barrier,
    registered: Mutex<Option<Instant>>,
    began: Vec<OnceLock<Instant>>,
    failed: AtomicBool,
    /// What is called just before each window, and just after.
    mark: &'a (dyn Fn() + Sync),
}

#[expect(clippy::disallowed_methods, reason = "real time is what the authority lives in")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "nothing is to be done until then")]
fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(now()));
}

impl Window {
    /// How long so many milliseconds of virtual time take.
    fn real(&self, virtual_ms: f64) -> Duration {
        Duration::from_secs_f64(virtual_ms.max(0.0) / 1000.0 / self.speed)
    }
}

impl Together<'_> {
    /// Waits for all threads; one of them marks the moment, and none goes on before.
    fn mark(&self) {
        if self.barrier.wait().is_leader() {
            (self.mark)();
        }
        self.barrier.wait();
    }
}

/// Runs it. `mark` is called when a window begins and when it is over.
///
/// # Errors
/// One sentence, when the authority cannot be reached or refuses the tokens.
pub fn run(plan: &Plan, rules: &Rules, mark: &(dyn Fn() + Sync)) -> Result<Seen, String> {
    let threads = plan.threads.clamp(1, plan.users.max(1));
    let together = Together {
        plan,
        rules,
        rates: Rates::of_mix(&rules.assumed, rules.ends),
        barrier: Barrier::new(threads as usize),
        registered: Mutex::new(None),
        began: plan.windows.iter().map(|_| OnceLock::new()).collect(),
        failed: AtomicBool::new(false),
        mark,
    };
    let began = now();
    let results: Vec<Result<Seen, String>> = thread::scope(|scope| {
        let start = |part| {
            let together = &together;
            scope.spawn(move || one_thread(together, part, threads, began))
        };
        let handles: Vec<_> = (0..threads).map(start).collect();
        let stopped = || Err("A thread of the simulation stopped.".into());
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|_| stopped())).collect()
    });
    let counted = vec![Counted::default(); plan.windows.len()];
    let mut seen = Seen { counted, ..Seen::default() };
    for result in results {
        let part = result?;
        for (all, one) in seen.counted.iter_mut().zip(&part.counted) {
            all.sum.add(&one.sum);
            all.real = all.real.max(one.real);
            all.late = all.late.max(one.late);
        }
        seen.at_work += part.at_work;
        seen.signed_in += part.signed_in;
        seen.registering = seen.registering.max(part.registering);
        seen.settling = seen.settling.max(part.settling);
    }
    Ok(seen)
}

/// The users of one thread, with a line of their own.
struct Part<'a> {
    together: &'a Together<'a>,
    line: Rc<RefCell<Line>>,
    users: Vec<(User, f64)>,
    seen: Seen,
}

fn one_thread(
    together: &Together<'_>,
    part: u32,
    threads: u32,
    began: Instant,
) -> Result<Seen, String> {
    let line = Rc::new(RefCell::new(Line::default()));
    let mut part_of = Part { together, line, users: Vec::new(), seen: Seen::default() };
    let mine = (0..together.plan.users).filter(|user| user % threads == part);
    let registered = part_of.register(mine.clone());
    part_of.seen.registering = now() - began;
    if let Ok(mut newest) = together.registered.lock() {
        *newest = (*newest).max(Some(now()));
    }
    for user in mine.filter(|_| registered.is_ok()) {
        part_of.settle(user);
    }
    part_of.seen.settling = now() - began;
    let ready = registered.and_then(|()| part_of.connect());
    together.failed.fetch_or(ready.is_err(), Ordering::Relaxed);
    // The others wait for this one whatever became of it.
    together.barrier.wait();
    ready?;
    if together.failed.load(Ordering::Relaxed) {
        return Err("Another thread of the simulation failed.".into());
    }
    if together.plan.remote.is_some() {
        part_of.count();
    } else {
        let sum = part_of.line.borrow().sum;
        part_of.seen.counted.push(Counted { sum, ..Counted::default() });
    }
    Ok(part_of.seen)
}

impl Part<'_> {
    /// All tokens are known before anybody uses them.
    fn register(&mut self, users: impl Iterator<Item = u32>) -> Result<(), String> {
        let Some(remote) = &self.together.plan.remote else { return Ok(()) };
        let mut line = self.line.borrow_mut();
        let all = || {
            line.connect(remote.clone())?;
            users.into_iter().try_for_each(|user| line.register(&Browser::token(user, 1)))?;
            line.disconnect();
            line.sum = Sum::default();
            Ok(())
        };
        all().map_err(|fault: std::io::Error| format!("The authority is needed: {fault}."))
    }

    /// Brings a user to where they are in the peak hour, and keeps them if anything happens to them
    /// while it is counted.
    fn settle(&mut self, number: u32) {
        let Together { plan, rules, rates, .. } = self.together;
        let assumed = &rules.assumed;
        let mut rng = oorandom::Rand64::new(u128::from(plan.seed) << 32 | u128::from(number));
        if rng.rand_float() >= assumed.at_work {
            return;
        }
        let drawn = rng.rand_float();
        let mut sum = 0.0;
        let mix = assumed.contexts();
        let mixed = mix.iter().take_while(|part| {
            sum += **part;
            sum < drawn
        });
        let contexts = plan.contexts.unwrap_or(mixed.count() + 1);
        // Not all at one moment: whoever works on and on would send in step with all others for long.
        let apart = rng.rand_float() * 2.0 * assumed.keepalive_s;
        let start = BEGIN - ((assumed.idle_timeout_s + apart) * 1000.0) as u64 - SETTLE_MS;
        let preflight_ms = assumed.preflight_s * 1000.0;
        let cached_until = [Kind::KeepAlive, Kind::Question, Kind::Stream].map(|kind| {
            let cached = rng.rand_float() < rates.cached(kind, assumed);
            let age = rng.rand_float() * preflight_ms;
            if cached { start + SETTLE_MS + (preflight_ms - age) as u64 } else { 0 }
        });
        let line = Rc::clone(&self.line);
        let browser = Browser::new(line, number, preflight_ms as u64);
        let kept = self.line.borrow().sum;
        let mut user = User::new(start, rng.rand_u64(), contexts, browser, rules);
        user.advance(start + SETTLE_MS, rules);
        // Two hours of the past are longer than a user lives before.
        user.remember(cached_until);
        user.advance(BEGIN, rules);
        self.line.borrow_mut().sum = kept;
        self.seen.at_work += 1;
        self.seen.signed_in += u64::from(user.is_signed_in());
        if plan.remote.is_none() {
            user.advance(BEGIN + plan.all_ms(), rules);
        } else if user.next_at() <= BEGIN + plan.all_ms() {
            self.users.push((user, rng.rand_float()));
        }
    }

    fn connect(&self) -> Result<(), String> {
        let Some(remote) = &self.together.plan.remote else { return Ok(()) };
        let connected = self.line.borrow_mut().connect(remote.clone());
        connected.map_err(|fault| format!("The authority is needed: {fault}."))
    }

    /// Counts what is sent, in step with real time.
    fn count(&mut self) {
        self.wait_for_the_authority();
        let mut from = BEGIN;
        for (number, window) in self.together.plan.windows.iter().enumerate() {
            self.together.mark();
            let began = *self.together.began[number].get_or_init(now);
            self.line.borrow_mut().sum = Sum::default();
            let late = self.live(began, from, window);
            sleep_until(began + window.real(window.virtual_ms as f64));
            let (sum, real) = (self.line.borrow().sum, now() - began);
            self.seen.counted.push(Counted { sum, real, late });
            self.together.mark();
            from += window.virtual_ms;
        }
    }

    /// Lets the users live through a window; how late they were at most.
    fn live(&mut self, began: Instant, from: u64, window: &Window) -> Duration {
        let until = from + window.virtual_ms;
        // Of a millisecond of virtual time each user has a moment of their own, or at a low speed all
        // would come at once.
        let moment = |(user, ahead_ms): &(User, f64)| {
            let at = user.next_at();
            (at <= until).then(|| window.real(at.saturating_sub(from) as f64 - ahead_ms))
        };
        let mut late = Duration::ZERO;
        let mut queue = BinaryHeap::new();
        for (at, user) in self.users.iter().enumerate() {
            queue.extend(moment(user).map(|after| Reverse((after, at))));
        }
        while let Some(Reverse((after, at))) = queue.pop() {
            sleep_until(began + after);
            late = late.max(now() - (began + after));
            if let Some(user) = self.users.get_mut(at) {
                let next_at = user.0.next_at();
                user.0.advance(next_at, self.together.rules);
                queue.extend(moment(user).map(|after| Reverse((after, at))));
            }
        }
        late
    }

    /// Waits until the authority knows no user to have been active later than they were: to be
    /// registered counts as activity.
    fn wait_for_the_authority(&self) {
        let together = self.together;
        let registered = together.registered.lock().ok().and_then(|newest| *newest);
        if let Some(registered) = registered {
            let timeout = Duration::from_secs_f64(together.rules.assumed.idle_timeout_s);
            sleep_until(registered + timeout);
        }
    }
}
