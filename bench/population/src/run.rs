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
use crate::model::{Ends, Rates};
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
    /// For how long is counted, in milliseconds of virtual time.
    pub window_ms: u64,
    /// Where to send requests, and how much virtual time passes in a second of real time, in seconds.
    pub remote: Option<(Remote, f64)>,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What went over the lines.
    pub sum: Sum,
    /// Users at work.
    pub at_work: u64,
    /// Those of them who had a session when counting began.
    pub signed_in: u64,
    /// How long it took to register the tokens.
    pub registering: Duration,
    /// How long it took to bring all to a steady state, registering included.
    pub settling: Duration,
    /// How long was counted.
    pub counting: Duration,
    /// By how much a request left too late, at most: the machine could not keep up.
    pub late: Duration,
}

/// What the threads agree on.
struct Together<'a> {
    plan: &'a Plan,
    rules: &'a Rules,
    rates: Rates,
    barrier: Barrier,
    registered: Mutex<Option<Instant>>,
    began: OnceLock<Instant>,
    failed: AtomicBool,
    /// What is called just before counting begins, and just after.
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

/// Runs it. `mark` is called when counting begins and when it is over.
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
        began: OnceLock::new(),
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
    let mut seen = Seen::default();
    for result in results {
        let part = result?;
        seen.sum.add(&part.sum);
        seen.at_work += part.at_work;
        seen.signed_in += part.signed_in;
        seen.registering = seen.registering.max(part.registering);
        seen.settling = seen.settling.max(part.settling);
        seen.counting = seen.counting.max(part.counting);
        seen.late = seen.late.max(part.late);
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
    if let Some((_, speed)) = together.plan.remote {
        part_of.count(speed);
    }
    part_of.seen.sum = part_of.line.borrow().sum;
    Ok(part_of.seen)
}

impl Part<'_> {
    /// All tokens are known before anybody uses them.
    fn register(&mut self, users: impl Iterator<Item = u32>) -> Result<(), String> {
        let Some((remote, _)) = &self.together.plan.remote else { return Ok(()) };
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
        let start = BEGIN - (assumed.idle_timeout_s * 1000.0) as u64 - SETTLE_MS;
        let preflight_ms = assumed.preflight_s * 1000.0;
        let cached_until = [Kind::KeepAlive, Kind::Question, Kind::Stream].map(|kind| {
            let cached = rng.rand_float() < rates.cached(kind, assumed);
            let age = rng.rand_float() * preflight_ms;
            if cached { BEGIN + (preflight_ms - age) as u64 } else { 0 }
        });
        let line = Rc::clone(&self.line);
        let browser = Browser::new(line, number, preflight_ms as u64);
        let kept = self.line.borrow().sum;
        let mut user = User::new(start, rng.rand_u64(), contexts, browser, rules);
        user.advance(BEGIN, rules);
        // Two hours of the past are longer than a user lives before.
        user.remember(cached_until);
        self.line.borrow_mut().sum = kept;
        self.seen.at_work += 1;
        self.seen.signed_in += u64::from(user.is_signed_in());
        if plan.remote.is_none() {
            user.advance(BEGIN + plan.window_ms, rules);
        } else if user.next_at() <= BEGIN + plan.window_ms {
            self.users.push((user, rng.rand_float()));
        }
    }

    fn connect(&self) -> Result<(), String> {
        let Some((remote, _)) = &self.together.plan.remote else { return Ok(()) };
        let connected = self.line.borrow_mut().connect(remote.clone());
        connected.map_err(|fault| format!("The authority is needed: {fault}."))
    }

    /// Counts what is sent, in step with real time.
    fn count(&mut self, speed: f64) {
        let plan = self.together.plan;
        let began = self.begin();
        // Of a millisecond of virtual time each user has a moment of their own, or at a low speed all
        // would come at once.
        let until = BEGIN + plan.window_ms;
        let moment = |user: &(User, f64)| {
            let at = user.0.next_at();
            (at <= until).then(|| {
                #[expect(clippy::cast_precision_loss, reason = "a window is short")]
                let after_ms = (at - BEGIN) as f64 - user.1;
                Duration::from_secs_f64(after_ms.max(0.0) / 1000.0 / speed)
            })
        };
        let mut queue = BinaryHeap::new();
        for (at, user) in self.users.iter().enumerate() {
            queue.extend(moment(user).map(|after| Reverse((after, at))));
        }
        while let Some(Reverse((after, at))) = queue.pop() {
            sleep_until(began + after);
            self.seen.late = self.seen.late.max(now() - (began + after));
            if let Some(user) = self.users.get_mut(at) {
                let next_at = user.0.next_at();
                user.0.advance(next_at, self.together.rules);
                queue.extend(moment(user).map(|after| Reverse((after, at))));
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a window is short")]
        sleep_until(began + Duration::from_secs_f64(plan.window_ms as f64 / 1000.0 / speed));
        self.seen.counting = now() - began;
        if self.together.barrier.wait().is_leader() {
            (self.together.mark)();
        }
    }

    /// Waits until the authority knows no user to have been active later than they were: to be
    /// registered counts as activity. Then all begin at one moment.
    fn begin(&self) -> Instant {
        let together = self.together;
        let registered = together.registered.lock().ok().and_then(|newest| *newest);
        if together.rules.ends == Ends::Page
            && let Some(registered) = registered
        {
            let timeout = Duration::from_secs_f64(together.rules.assumed.idle_timeout_s);
            sleep_until(registered + timeout);
        }
        if together.barrier.wait().is_leader() {
            (together.mark)();
        }
        *together.began.get_or_init(now)
    }
}
