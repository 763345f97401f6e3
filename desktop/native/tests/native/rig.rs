//! One machine: its clocks, the authority's rule of a session, and contexts on it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use stillhere::core::{
    answer::{Alive, Answer},
    ended::EndedBecause,
    output::{Event, Report},
    policy::{Counted, OnLock, Policy},
    rules::Phase,
    time::Reading,
};
use stillhere_native::{
    clock::Clock,
    context::{self, Context, Options, Said, Told},
    keepalive::{KeepAlive, News},
    system::IdleTime,
};
use stillhere_session::{
    report,
    session::{Session, Standing},
};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, error::TryRecvError},
        watch,
    },
    task::JoinHandle,
    time::Instant,
};

pub const START_MS: u64 = 1_800_000_000_000;

/// The policy of a first installation.
pub fn policy() -> Policy {
    Policy { version: 1, ..Policy::DEFAULT }
}

pub fn with_system() -> Policy {
    Policy { counts: Counted { system: true, ..Counted::ALL }, ..policy() }
}

pub fn on_lock(on_lock: OnLock) -> Policy {
    Policy { on_lock, ..policy() }
}

/// Tokio's clock, which stands still while the test waits for nothing, and how long the machine slept.
pub struct Machine {
    started: Instant,
    slept: AtomicU64,
    session: Mutex<Session>,
    policy: Policy,
    pub questions: AtomicU64,
    pub reports: Mutex<Vec<(u64, Report)>>,
    pub ends: Mutex<Vec<EndedBecause>>,
    pub reachable: std::sync::atomic::AtomicBool,
    /// When somebody touched any program, by the monotonic clock.
    touched: AtomicU64,
    /// Somebody works in other programs all the time.
    pub busy: std::sync::atomic::AtomicBool,
    pub looks: AtomicU64,
    pushes: watch::Sender<()>,
    /// How long what the event stream brings takes.
    pub on_the_way: AtomicU64,
}

impl Machine {
    pub fn new(policy: Policy) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            slept: AtomicU64::new(0),
            session: Mutex::new(Session::new(START_MS, &policy)),
            policy,
            questions: AtomicU64::new(0),
            reports: Mutex::default(),
            ends: Mutex::default(),
            reachable: true.into(),
            touched: AtomicU64::new(0),
            busy: false.into(),
            looks: AtomicU64::new(0),
            pushes: watch::Sender::new(()),
            on_the_way: AtomicU64::new(0),
        })
    }

    fn mono(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    pub fn now(&self) -> u64 {
        START_MS + self.mono() + self.slept.load(Ordering::Relaxed)
    }

    /// The machine sleeps for that long: the monotonic clock stands still.
    pub fn sleeps(&self, ms: u64) {
        self.slept.fetch_add(ms, Ordering::Relaxed);
    }

    /// Somebody touches another program.
    pub fn touch(&self) {
        self.touched.store(self.mono(), Ordering::Relaxed);
    }

    pub fn questions(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }

    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    pub fn is_over(&self) -> bool {
        self.session.lock().unwrap().settle(self.now(), &self.policy).is_some()
    }

    /// Somebody is active elsewhere, as another partition tells it.
    pub fn active_elsewhere(&self) {
        let told = self.session.lock().unwrap().touch(self.now(), &self.policy, &told(0));
        told.expect("it lives");
    }

    /// Whoever reads the event stream is told where the session stands.
    pub fn push(&self) {
        self.pushes.send_replace(());
    }

    fn answer(&self) -> Answer {
        if !self.reachable.load(Ordering::Relaxed) {
            return Answer::Unreachable { retry_after_ms: None };
        }
        let state = self.session.lock().unwrap().state(self.now(), &self.policy);
        match state.standing {
            Standing::Ended(because) => Answer::Gone(because),
            standing => Answer::Alive(Alive {
                idle_ms: Some(state.idle_ms),
                remaining_ms: state.remaining_ms,
                held: standing == Standing::Held,
                policy: Some(self.policy.clone()),
            }),
        }
    }

    pub fn start(self: &Arc<Self>) -> Member {
        let options = Options {
            token: "a-token-of-some-length".to_owned(),
            group: None,
            keepalive: Arc::new(Way(self.clone())),
            clock: Arc::new(Way(self.clone())),
            idle: Some(Arc::new(Way(self.clone()))),
        };
        let (context, said, run) = context::start(options).unwrap();
        Member { context, said, run: tokio::spawn(run) }
    }
}

/// What a context has of its machine.
struct Way(Arc<Machine>);

#[async_trait]
impl Clock for Way {
    fn read(&self) -> Reading {
        Reading { wall: self.0.now(), mono: self.0.mono() }
    }

    async fn sleep(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

#[async_trait]
impl IdleTime for Way {
    async fn idle(&self) -> Option<Duration> {
        self.0.looks.fetch_add(1, Ordering::Relaxed);
        if self.0.busy.load(Ordering::Relaxed) {
            self.0.touch();
        }
        let touched = self.0.touched.load(Ordering::Relaxed);
        Some(Duration::from_millis(self.0.mono() - touched))
    }
}

#[async_trait]
impl KeepAlive for Way {
    async fn send(&self, report: Report) -> Answer {
        let (now, machine) = (self.0.now(), &self.0);
        if machine.reachable.load(Ordering::Relaxed) {
            // An end is told by the state.
            let _ =
                machine.session.lock().unwrap().touch(now, &machine.policy, &told(report.age_ms));
            machine.reports.lock().unwrap().push((now, report));
        }
        machine.answer()
    }

    async fn ask(&self) -> Answer {
        self.0.questions.fetch_add(1, Ordering::Relaxed);
        self.0.answer()
    }

    async fn end(&self, because: EndedBecause) {
        let now = self.0.now();
        self.0.session.lock().unwrap().end(now, &self.0.policy, because);
        self.0.ends.lock().unwrap().push(because);
    }

    async fn listen(&self, heard: &(dyn Fn(News) + Sync)) {
        let since = self.0.now();
        let mut pushes = self.0.pushes.subscribe();
        loop {
            let news = News { answer: self.0.answer(), at_ms: Some(self.0.now() - since) };
            pass(self.0.on_the_way.load(Ordering::Relaxed)).await;
            heard(news);
            // The sender lives as long as the machine.
            let _ = pushes.changed().await;
        }
    }
}

/// A context and what it said.
pub struct Member {
    pub context: Context,
    pub said: UnboundedReceiver<Said>,
    pub run: JoinHandle<()>,
}

impl Member {
    pub fn tell(&self, told: Told) {
        self.context.tell.send(told).expect("it runs");
    }

    pub fn phase(&self) -> Phase {
        self.context.snapshot.borrow().phase
    }

    /// What it said since it was asked last.
    pub fn heard(&mut self) -> Vec<Said> {
        let mut heard = Vec::new();
        loop {
            match self.said.try_recv() {
                Ok(said) => heard.push(said),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return heard,
            }
        }
    }

    pub fn phases(&mut self) -> Vec<Phase> {
        let phase = |said| match said {
            Said::Event(Event::Phase(phase)) => Some(phase),
            _ => None,
        };
        self.heard().into_iter().filter_map(phase).collect()
    }

    /// Closes it, and returns once it has said its last word.
    pub async fn close(self) {
        let Self { context, said: _said, run } = self;
        drop(context);
        run.await.unwrap();
    }
}

/// Somebody was active so long ago.
fn told(age_ms: u64) -> report::Report {
    let (counts, holds, agent) = (report::Counts::default(), Vec::new(), String::new());
    report::Report { age_ms, counts, contexts: 1, holds, agent }
}

/// Lets that much time pass, in which whatever is due happens.
pub async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Passes messages between both for that long.
pub async fn relay(one: &mut Member, two: &mut Member, ms: u64) {
    for _ in 0..ms {
        let (a, b) = (one.heard(), two.heard());
        let messages = |said: Vec<Said>| {
            said.into_iter().filter_map(|said| match said {
                Said::Message(bytes) => Some(bytes),
                Said::Event(_) => None,
            })
        };
        for bytes in messages(a) {
            two.tell(Told::Message(bytes));
        }
        for bytes in messages(b) {
            one.tell(Told::Message(bytes));
        }
        pass(1).await;
    }
}
