//! A context that knows a group of a given size, some minutes into a working day.

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::facts::{ContextId, Counts, Facts, Kind, Row, Wish};
use stillhere::core::input::{Grant, Input};
use stillhere::core::output::{Output, RequestId};
use stillhere::core::policy::Policy;
use stillhere::core::time::Reading;
use stillhere::core::wire::{self, Envelope};

/// When it all begins, in milliseconds since the Unix epoch. Moments of today are six bytes on the wire.
const START: u64 = 1_800_000_000_000;
/// For how long nobody was active by then, in milliseconds.
const QUIET_MS: u64 = 60_000;

/// What came out of the machine, sorted.
#[derive(Default)]
pub struct Effects {
    /// The newest message for the others.
    pub message: Option<Vec<u8>>,
    /// The newest request.
    pub request: Option<RequestId>,
    /// Whether the lock was asked for.
    pub lock: bool,
    /// When the machine wants to be woken.
    pub wake_at: Option<u64>,
}

/// One context, and the time.
pub struct Context {
    /// The machine.
    pub agent: Agent,
    /// How long ago it all began, in milliseconds.
    pub elapsed: u64,
}

/// Names that are spread as random ones are; the first is the lowest.
pub fn name(at: u64) -> ContextId {
    if at == 0 { 1 << 60 } else { at.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 61 }
}

/// What both clocks show.
pub const fn reading(elapsed: u64) -> Reading {
    Reading { wall: START + elapsed, mono: elapsed }
}

/// What a group of that many contexts knows: all are pages of one browser, the second can be seen too,
/// and reads the event stream.
pub fn facts(contexts: u64) -> Facts {
    let mut facts = Facts { policy: Some(policy()), ..Facts::default() };
    let quiet_since = START - QUIET_MS;
    for at in 0..contexts {
        let row = Row {
            seq: 200 + at as u32,
            visible: at == 1,
            streaming: at == 1,
            counts: Counts { keystrokes: 300, clicks: 40, ..Counts::default() },
            sent: 12,
            sent_at: quiet_since - 1000 * at,
            active_at: quiet_since - 1000 * at,
            ..Row::default()
        };
        let first = Row { seq: 1, visible: true, ..Row::default() };
        facts.rows.insert(name(at), if at == 0 { first } else { row });
    }
    let times = &mut facts.times;
    times.activity = quiet_since;
    times.acknowledged = quiet_since;
    times.sent = quiet_since;
    times.began = quiet_since;
    times.answered = quiet_since;
    times.granted = quiet_since + 900_000;
    facts
}

fn policy() -> Policy {
    Policy { version: 7, ..Policy::DEFAULT }
}

impl Context {
    /// A page that has just been opened, and what it says first.
    pub fn new(id: ContextId) -> (Self, Effects) {
        let config =
            Config { id, seed: id, wish: Wish::default(), token: 0, listens: true, visible: true };
        let mut context = Self { agent: Agent::new(config, reading(0)), elapsed: 0 };
        let hello = drain(&mut context.agent);
        (context, hello)
    }

    /// The context of that number in a group of that size, greeted by another.
    pub fn in_a_group(at: u64, contexts: u64) -> Result<Self, &'static str> {
        let (mut context, _) = Self::new(name(at));
        let from = name(1 - at);
        let message = wire::encode(&Envelope { from, hello: false, facts: facts(contexts) });
        context.hear(&message.ok_or("A greeting is too long to be read.")?);
        Ok(context)
    }

    /// Takes in one input, ten milliseconds later.
    pub fn take(&mut self, input: Input<'_>) -> Effects {
        self.elapsed += 10;
        handle(&mut self.agent, input, reading(self.elapsed))
    }

    /// Hears a message of another context.
    pub fn hear(&mut self, message: &[u8]) -> Effects {
        self.take(Input::Message(message))
    }

    /// Lets time pass, in which nothing happens.
    pub fn wait(&mut self, ms: u64) {
        self.elapsed += ms;
    }

    /// A key that is not counted the fast way.
    pub fn key(&mut self) -> Effects {
        self.take(Input::Activity { kind: Kind::Keystroke, age_ms: 0 })
    }

    /// Sends what is due under the lock that it asked for, and gives what it tells the others.
    pub fn send(&mut self) -> Result<Vec<u8>, &'static str> {
        let sent = self.take(Input::Lock(Grant::Granted));
        let id = sent.request.ok_or("No keep-alive was sent.")?;
        self.take(Input::Answer { id, answer: alive(0) });
        sent.message.ok_or("Nobody was told of a keep-alive.")
    }
}

/// The authority's answer, where nobody has been active for so long.
pub fn alive(idle_ms: u64) -> Answer {
    let remaining_ms = Some(policy().idle_timeout_ms.saturating_sub(idle_ms));
    let policy = Some(policy());
    Answer::Alive(Alive { idle_ms: Some(idle_ms), remaining_ms, held: false, policy })
}

/// Tells the machine one thing and drains it, as a shell does.
pub fn handle(agent: &mut Agent, input: Input<'_>, reading: Reading) -> Effects {
    agent.handle_input(input, reading);
    drain(agent)
}

fn drain(agent: &mut Agent) -> Effects {
    let mut effects = Effects::default();
    loop {
        match agent.poll_output() {
            Output::Broadcast(message) => effects.message = Some(message),
            Output::Request(request) => effects.request = Some(request.id),
            Output::TakeLock { .. } => effects.lock = true,
            Output::Wait(wakeup) => {
                effects.wake_at = wakeup.map(|wakeup| wakeup.at);
                return effects;
            }
            _ => {}
        }
    }
}
