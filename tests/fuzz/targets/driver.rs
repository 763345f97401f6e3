//! One context, told one thing after the other, whose every effect is checked.

use stillhere::core::agent::{Agent, Config};
use stillhere::core::answer::{Alive, Answer};
use stillhere::core::facts::{Facts, Kind, Wish};
use stillhere::core::input::{Departure, Grant, Input};
use stillhere::core::output::{Event, Output, Reason, RequestId, Wakeup, What};
use stillhere::core::policy::Policy;
use stillhere::core::rules::{self, Phase};
use stillhere::core::time::{JUMP_MS, Jump, Reading, Timeline};
use stillhere::core::wire;

/// When the driver's world begins, in milliseconds since the Unix epoch.
pub const START: u64 = 1_800_000_000_000;
/// The largest moment of a JavaScript `Date`, which no clock of a browser exceeds.
pub const LAST_WALL: u64 = 8_640_000_000_000_000;
/// The name of the context.
pub const ME: u64 = 77;
/// More effects than any one input can have; who goes on after that does not end.
const MOST_OUTPUTS: usize = 40;
/// The year 2000: a clock whose battery is dead shows no earlier one that matters.
const FIRST_WALL: u64 = 946_684_800_000;
const HOUR: u64 = 3_600_000;

/// Times of the demo: 10 s idle, warning 4 s before, a keep-alive each 2 s.
pub fn short() -> Policy {
    Policy {
        version: 1,
        idle_timeout_ms: 10_000,
        warn_before_ms: 4_000,
        keepalive_ms: 2_000,
        ..Policy::DEFAULT
    }
}

/// Where a context can stand when something reaches it.
#[derive(Debug, Clone, Copy)]
pub enum State {
    Fresh,
    Active,
    Warned,
    Held,
    Checking,
    Frozen,
    Gone,
    Ended,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Fresh,
        Self::Active,
        Self::Warned,
        Self::Held,
        Self::Checking,
        Self::Frozen,
        Self::Gone,
        Self::Ended,
    ];
}

pub struct Driver {
    pub agent: Agent,
    pub reading: Reading,
    /// The newest request that was not answered.
    pub request: Option<RequestId>,
    /// The newest broadcast.
    pub broadcast: Vec<u8>,
    line: Timeline,
    is_over: bool,
    said_over: bool,
    is_closed: bool,
    /// The clock was set back while no activity was known, or to before all of it: then nothing
    /// moves back with it. Or it went ahead: what is learnt before that is explained moves along
    /// with the rest, into the future.
    is_torn: bool,
    /// The lock was just found busy.
    is_busy: bool,
}

impl Driver {
    pub fn new(wish: Wish) -> Self {
        let reading = Reading { wall: START, mono: 5_000 };
        let config = Config { id: ME, seed: 1, wish, token: 0, listens: true, visible: true };
        let mut driver = Self {
            agent: Agent::new(config, reading),
            reading,
            request: None,
            broadcast: Vec::new(),
            line: Timeline::new(reading),
            is_over: false,
            said_over: false,
            is_closed: false,
            is_busy: false,
            is_torn: false,
        };
        driver.drain();
        driver
    }

    /// A context in that state.
    pub fn at(state: State) -> Self {
        let mut driver = Self::new(Wish::default());
        if matches!(state, State::Fresh) {
            return driver;
        }
        driver.pass(300, 300);
        driver.serve(0);
        assert_eq!(driver.agent.phase(), Phase::Active);
        match state {
            State::Fresh | State::Active => {}
            State::Warned => {
                driver.pass(7_000, 7_000);
                driver.serve(7_000);
                assert_eq!(driver.agent.phase(), Phase::Warning);
            }
            State::Held => {
                driver.tell(Input::Hold { id: 9, reason: b"call", ttl_ms: 60_000 });
                assert_eq!(driver.agent.phase(), Phase::Held);
            }
            State::Checking => {
                driver.pass(8_000, 10);
                assert_eq!(driver.agent.phase(), Phase::Checking);
            }
            State::Frozen => driver.tell(Input::Leaving(Departure::Frozen)),
            State::Gone => driver.tell(Input::Leaving(Departure::Hidden)),
            State::Ended => {
                driver.tell(Input::End(stillhere::core::ended::EndedBecause::SignedOut));
            }
        }
        driver
    }

    /// Both clocks go on, the wall clock by any step, and the timer fires.
    pub fn pass(&mut self, wall: i64, mono: u64) {
        self.stall(wall, mono);
        self.tell(Input::Wake);
    }

    /// The same, and no timer fires.
    pub fn stall(&mut self, wall: i64, mono: u64) {
        self.reading.wall = self.reading.wall.saturating_add_signed(wall);
        self.reading.wall = self.reading.wall.clamp(FIRST_WALL, LAST_WALL);
        self.reading.mono = self.reading.mono.saturating_add(mono).min(LAST_WALL);
    }

    /// The lock is free and the authority answers at once.
    pub fn serve(&mut self, idle_ms: u64) {
        self.tell(Input::Lock(Grant::Granted));
        if let Some(id) = self.request {
            let policy = Some(short());
            let alive = Alive { idle_ms: Some(idle_ms), policy, ..Alive::default() };
            self.tell(Input::Answer { id, answer: Answer::Alive(alive) });
        }
    }

    /// Tells the context something and checks all that it does.
    pub fn tell(&mut self, input: Input<'_>) {
        let jump = self.line.advance(self.reading);
        self.is_torn |= match jump {
            Some(Jump::Back { by }) => self.agent.facts().times.activity <= by,
            Some(Jump::Ahead { .. }) => true,
            None => false,
        };
        let was_closed = self.is_closed;
        self.is_closed |= matches!(input, Input::Close);
        self.is_busy = input == Input::Lock(Grant::Busy);
        self.agent.handle_input(input, self.reading);
        if was_closed {
            assert_eq!(self.agent.poll_output(), Output::Wait(None), "closed is closed");
        } else {
            self.drain();
        }
    }

    /// Facts that are up to the moment.
    pub fn facts(&mut self) -> Facts {
        self.tell(Input::Wake);
        self.agent.look(self.reading);
        self.agent.facts().clone()
    }

    /// Tells of something that an absent user cannot have done, and checks that it counts for
    /// nothing once the deadline has passed.
    pub fn act(&mut self, input: Input<'_>) {
        let before = self.facts();
        // What was queued while the page was stalled is judged by its own time.
        let age_ms = if let Input::Activity { age_ms, .. } = &input { *age_ms } else { 0 };
        let at = self.agent.now().saturating_sub(age_ms);
        // In a dry run it counts once the end is noted.
        let over = self.agent.due().is_some_and(|due| at >= due.end_at && !due.observed);
        self.tell(input);
        if over || before.ended.is_some() {
            let after = self.facts();
            assert_eq!(after.counts(), before.counts(), "counted after the deadline");
            assert_eq!(after.times.activity, before.times.activity, "revived after the deadline");
            // What lapsed long ago may be forgotten.
            let mut holds = after.times.holds.iter();
            let known = holds.all(|(id, hold)| before.times.holds.get(*id) == Some(hold));
            assert!(known, "held after the deadline");
        }
    }

    /// An input, the way the shell counts it.
    pub fn count(&mut self, kind: Kind) {
        let mut line = self.line.clone();
        let jump = line.advance(self.reading);
        let facts = self.agent.facts();
        let due = rules::due(facts, &self.agent.policy(), line.now());
        if !self.agent.count(kind, self.reading.wall) {
            self.act(Input::Activity { kind, age_ms: 0 });
        } else if jump.is_none() {
            // It compares one clock only, and both may differ by less than a jump.
            let late = due.is_some_and(|due| line.now() >= due.end_at + JUMP_MS);
            assert!(!late, "counted after the deadline");
        }
    }

    fn drain(&mut self) {
        let was_over = self.is_over;
        for _ in 0..MOST_OUTPUTS {
            match self.agent.poll_output() {
                Output::Wait(wake) => return self.rest(wake),
                output => self.take(output, was_over),
            }
        }
        panic!("more than {MOST_OUTPUTS} effects of one input");
    }

    fn take(&mut self, output: Output, was_over: bool) {
        match output {
            Output::Request(request) => {
                let ends = matches!(request.what, What::End(_));
                assert!(ends || !was_over, "asks on after the end: {request:?}");
                if !ends {
                    self.request = Some(request.id);
                }
            }
            Output::TakeLock { .. } | Output::TakeStream { .. } | Output::Listen => {
                assert!(!was_over, "{output:?} after the end");
                let again = self.is_busy && matches!(output, Output::TakeLock { .. });
                assert!(!again, "a busy lock is asked for again without a pause");
            }
            Output::Event(event) => {
                assert!(!self.said_over, "{event:?} after the event that nothing follows");
                self.said_over = matches!(event, Event::Ended(_));
            }
            Output::Broadcast(bytes) => {
                let times = &self.agent.facts().times;
                let heard = wire::decode(&bytes, self.agent.now(), times.era);
                let said = heard.is_ok() || self.is_torn;
                assert!(said, "its peers refuse what it says: {:?}", self.agent.facts());
                self.broadcast = bytes;
            }
            _ => {}
        }
    }

    fn rest(&mut self, wake: Option<Wakeup>) {
        let now = self.agent.now();
        assert_eq!(now, self.line.now(), "the timeline is the larger of both clocks");
        if let Some(wake) = wake {
            assert!(
                wake.at > now || self.is_torn,
                "a wake-up that is due already would spin: {wake:?} at {now}"
            );
            let latest = now + longest(wake.reason);
            assert!(wake.at <= latest || self.is_torn, "{wake:?} is {} ms late", wake.at - latest);
        }
        let over = self.agent.facts().ended.is_some();
        assert!(over || !self.is_over, "once ended stays ended");
        assert_eq!(over, self.agent.phase() == Phase::Ended);
        self.is_over = over;
    }
}

/// How far ahead a context can have a reason to look.
const fn longest(reason: Reason) -> u64 {
    match reason {
        Reason::Join | Reason::Greet => 250,
        // Who is alone tells nobody for half a minute.
        Reason::Share => 31_000,
        Reason::Bound => 6_000,
        Reason::Stream => 60_000,
        // Idle timeout and hold at their longest, by a clock that another context reads.
        Reason::KeepAlive | Reason::Check | Reason::Warn | Reason::End => 9 * HOUR,
        Reason::Hold => 25 * HOUR,
    }
}
