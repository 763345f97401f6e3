//! The machine of a program without a page. The calling contract is the machine's
//! ([`stillhere::core::agent`]): one thing at a time goes in, then what it wants done is carried out
//! until it says when to look at the clock again.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use stillhere::core::{
    agent::{Agent, Config},
    ended::EndedBecause,
    facts::{Facts, Kind, Row, Wish},
    input::{Departure, Grant, Input},
    output::{Event, Output},
    wire::{self, Envelope},
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    carry::{Came, Carrier},
    clock::Clock,
    keepalive::{KeepAlive, News},
    name,
    snapshot::Snapshot,
    system::{IdleTime, Looks},
};

/// What a context starts with.
pub struct Options {
    /// The token.
    pub token: String,
    /// The group's name, where tokens count together; the same that the pages give.
    pub group: Option<String>,
    /// The way to the authority.
    pub keepalive: Arc<dyn KeepAlive>,
    /// The clocks.
    pub clock: Arc<dyn Clock>,
    /// The operating system's idle time, which counts where the policy says so. None where it can't be
    /// had.
    pub idle: Option<Arc<dyn IdleTime>>,
}

/// What a context is told.
#[derive(Debug)]
pub enum Told {
    /// A message of the group.
    Message(Vec<u8>),
    /// No other context of this partition lives: their pages were closed, or crashed.
    Alone,
    /// The screen was locked.
    Locked,
    /// The machine is about to sleep.
    Sleeping,
    /// It is awake again, or somebody is back: a look at the clocks.
    Awake,
    /// The answer to the warning: "I am here".
    Stay,
    /// Sign out everywhere.
    End(EndedBecause),
    /// Say when everything that was told before is taken in: [`Context::snapshot`] shows it by then.
    Look(oneshot::Sender<()>),
}

/// What a context says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// To all other contexts of the partition.
    Message(Vec<u8>),
    /// To whoever shows it: the phase changed, or what comes of it.
    Event(Event),
}

/// A context that runs.
#[derive(Debug)]
pub struct Context {
    /// Tells it something. Fails once it is closed.
    pub tell: mpsc::UnboundedSender<Told>,
    /// Where the session stands.
    pub snapshot: watch::Receiver<Snapshot>,
    /// The name of its `BroadcastChannel`.
    pub channel: String,
}

/// Starts a context. What it says comes out of the receiver, which must be drained; the future runs it
/// and returns once every [`Context::tell`] is dropped and the authority has heard the last word.
///
/// # Errors
/// When the system has no randomness.
pub fn start(
    options: Options,
) -> Result<
    (Context, mpsc::UnboundedReceiver<Said>, impl Future<Output = ()> + Send),
    getrandom::Error,
> {
    let Options { token, group, keepalive, clock, idle } = options;
    let config = Config {
        id: getrandom::u64()?,
        seed: getrandom::u64()?,
        wish: Wish::default(),
        token: name::token(&token, group.as_deref()),
        listens: true,
        visible: false,
    };
    let (tell, told) = mpsc::unbounded_channel();
    let (say, said) = mpsc::unbounded_channel();
    let (came, coming) = mpsc::unbounded_channel();
    let reading = clock.read();
    let agent = Agent::new(config, reading);
    let (shown, snapshot) = watch::channel(Snapshot::of(&agent, reading));
    let carrier = Carrier::new(keepalive, came);
    let looks = Looks::new(reading);
    let driver = Driver { agent, carrier, clock, idle, looks, wake: None, say, shown };
    let channel = name::channel(group.as_deref().unwrap_or(&token));
    Ok((Context { tell, snapshot, channel }, said, driver.run(told, coming)))
}

/// A newcomer's question, by which contexts that could not hear each other tell what they know.
///
/// # Errors
/// When the system has no randomness.
pub fn hello() -> Result<Vec<u8>, getrandom::Error> {
    let hello = Envelope { from: getrandom::u64()?, hello: true, facts: Facts::default() };
    // Only what is too long has no bytes.
    Ok(wire::encode(&hello).unwrap_or_default())
}

struct Driver {
    agent: Agent,
    carrier: Carrier,
    clock: Arc<dyn Clock>,
    idle: Option<Arc<dyn IdleTime>>,
    looks: Looks,
    /// When the machine wants to look at the clock again.
    wake: Option<u64>,
    say: mpsc::UnboundedSender<Said>,
    shown: watch::Sender<Snapshot>,
}

impl Driver {
    async fn run(
        mut self,
        mut told: mpsc::UnboundedReceiver<Told>,
        mut coming: mpsc::UnboundedReceiver<Came>,
    ) {
        let mut alarm = Alarm::default();
        self.drain();
        loop {
            alarm.arm(self.wakes_at(), self.agent.now(), &self.clock);
            tokio::select! {
                () = alarm.rings() => self.tell(Input::Wake).await,
                Some(came) = coming.recv() => self.take_in(came).await,
                word = told.recv() => match word {
                    Some(word) => self.hear(word).await,
                    None => break,
                },
            }
        }
        self.look_at_the_system().await;
        self.tell(Input::Close).await;
        self.carrier.finish().await;
    }

    /// The machine's next moment, or the next look at the system.
    fn wakes_at(&self) -> Option<u64> {
        let look = self.idle.as_ref().and_then(|_| self.looks.next(&self.agent));
        [self.wake, look].into_iter().flatten().min()
    }

    async fn hear(&mut self, word: Told) {
        match word {
            Told::Message(bytes) => self.tell(Input::Message(&bytes)).await,
            Told::Alone => {
                if let Some(bytes) = self.everybody_left() {
                    self.tell(Input::Message(&bytes)).await;
                }
            }
            Told::Locked => self.tell(Input::Locked).await,
            Told::Sleeping => {
                self.look_at_the_system().await;
                self.tell(Input::Leaving(Departure::Frozen)).await;
            }
            Told::Awake => self.tell(Input::Returned).await,
            Told::Stay => self.tell(Input::Stay).await,
            Told::End(because) => self.tell(Input::End(because)).await,
            Told::Look(looked) => {
                self.tell(Input::Wake).await;
                // Whoever asked may not wait any more.
                let _ = looked.send(());
            }
        }
    }

    async fn take_in(&mut self, came: Came) {
        match came {
            Came::Answer(id, answer) => self.tell(Input::Answer { id, answer }).await,
            Came::News(stream, news) if self.carrier.reads(stream) => {
                let News { answer, at_ms } = news;
                self.tell(Input::News { answer, at_ms }).await;
            }
            Came::Broke(stream) if self.carrier.reads(stream) => {
                self.tell(Input::StreamBroke).await;
            }
            // Of a stream that was left.
            Came::News(..) | Came::Broke(_) => {}
        }
    }

    /// Tells the machine, after what the system knows of input that would come too late otherwise, and
    /// does what it wants done.
    async fn tell(&mut self, input: Input<'_>) {
        let now = self.looks.now(&self.agent, self.clock.read());
        if self.looks.next(&self.agent).is_some_and(|at| at <= now) {
            self.look_at_the_system().await;
        }
        self.input(input);
        self.drain();
    }

    async fn look_at_the_system(&mut self) {
        let Some(idle) = self.idle.clone().filter(|_| self.agent.policy().counts.system) else {
            return;
        };
        if let Some(age_ms) = self.looks.look(&self.agent, &*idle, &*self.clock).await {
            self.input(Input::Activity { kind: Kind::System, age_ms });
            self.drain();
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let reading = self.clock.read();
        self.looks.note(reading);
        self.agent.handle_input(input, reading);
    }

    /// What whoever knows it says: the rows of all others, gone.
    fn everybody_left(&self) -> Option<Vec<u8>> {
        let mut facts = Facts::default();
        for (id, row) in self.agent.facts().live().filter(|(id, _)| *id != self.agent.id()) {
            let gone = Row { seq: row.seq + 1, left: true, streaming: false, ..*row };
            facts.rows.insert(id, gone);
        }
        let from = facts.rows.iter().next()?.0;
        wire::encode(&Envelope { from, hello: false, facts })
    }

    fn drain(&mut self) {
        // A lock is answered once the machine has said all it wants.
        let mut grants = VecDeque::new();
        loop {
            match self.agent.poll_output() {
                Output::Wait(wake) => {
                    let Some(grant) = grants.pop_front() else {
                        self.wake = wake.map(|wake| wake.at);
                        break;
                    };
                    self.input(grant);
                }
                // Nobody else of this partition takes the locks: pages have theirs in the browser. Who
                // sends is decided by the facts, and two senders for a moment do no harm.
                Output::TakeLock { .. } => grants.push_back(Input::Lock(Grant::Granted)),
                Output::TakeStream { .. } => grants.push_back(Input::StreamLock(Grant::Granted)),
                output => self.carry_out(output),
            }
        }
        self.show();
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Broadcast(bytes) => self.say(Said::Message(bytes)),
            Output::Event(event) => self.say(Said::Event(event)),
            Output::Request(request) => self.carrier.request(request),
            Output::Abort(id) => self.carrier.abort(id),
            Output::Listen => self.carrier.listen(),
            Output::LeaveStream => self.carrier.leave(),
            // Locks are answered by `drain`, which also waits; letting go of what nobody else takes is
            // nothing.
            Output::ReleaseLock
            | Output::TakeLock { .. }
            | Output::TakeStream { .. }
            | Output::Wait(_) => {}
        }
    }

    fn say(&self, said: Said) {
        // Whoever started the context may not listen any more while it closes.
        let _ = self.say.send(said);
    }

    fn show(&self) {
        let next = Snapshot::of(&self.agent, self.clock.read());
        self.shown.send_if_modified(|shown| {
            let differs = shown.differs(&next);
            if differs {
                *shown = next;
            }
            differs
        });
    }
}

/// The one timer. It is only set anew for an earlier moment: one that rings early costs one look at the
/// clock, to set it at each message costs more.
#[derive(Default)]
struct Alarm {
    /// By the monotonic clock: the timeline may jump.
    rings_at: u64,
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Alarm {
    /// Sets it for `at` on the timeline, which shows `now`.
    fn arm(&mut self, at: Option<u64>, now: u64, clock: &Arc<dyn Clock>) {
        let Some(at) = at else { return };
        let ms = at.saturating_sub(now);
        let rings_at = clock.read().mono.saturating_add(ms);
        if self.sleep.is_none() || rings_at < self.rings_at {
            let clock = clock.clone();
            self.rings_at = rings_at;
            self.sleep = Some(Box::pin(async move { clock.sleep(ms).await }));
        }
    }

    /// Returns when it rings, once for each time that it was set.
    async fn rings(&mut self) {
        match &mut self.sleep {
            Some(sleep) => sleep.await,
            None => std::future::pending().await,
        }
        self.sleep = None;
    }
}
