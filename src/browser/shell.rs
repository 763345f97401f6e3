//! Where the worlds meet: each input goes to the machine, and what it wants done is done.

use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::clock::{self, Timer, WAKE};
use super::page;
use super::view;
use crate::core::agent::{Agent, Config};
use crate::core::answer::Answer;
use crate::core::facts::Kind;
use crate::core::flat;
use crate::core::input::{Departure, Grant, Input};
use crate::core::output::{Event, Output, Request, RequestId, What};
use crate::core::sender::BOUND_MS;

/// The page's names for the two locks.
const TOKEN: u32 = 0;
const STREAM: u32 = 1;

/// The page's name for the timer that limits a request.
const LIMIT: u32 = 1;

/// One context in a page.
pub(crate) struct Shell {
    /// The machine calls nobody, so it is never borrowed while somebody calls us.
    agent: RefCell<Agent>,
    timer: Timer,
    /// The request that is out: one at a time.
    out: Cell<Option<RequestId>>,
    alone: Cell<bool>,
    /// Effects are carried out in order, also when the page calls back in the middle of one.
    draining: Cell<bool>,
}

impl Shell {
    /// A context that has not said anything yet.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            agent: RefCell::new(Agent::new(config, clock::read())),
            timer: Timer::default(),
            out: Cell::default(),
            alone: Cell::new(false),
            draining: Cell::new(false),
        }
    }

    /// Greets the others.
    pub(crate) fn start(&self) {
        self.open_channel();
        self.drain();
    }

    /// Activities that the page counted, where counting is enough: the newest of them at `wall`. The span is
    /// still the one that it was given, since whatever could change that comes after this.
    pub(crate) fn counted(&self, kind: Kind, times: u32, wall: u64) {
        let mut agent = self.agent.borrow_mut();
        for _ in 0..times {
            agent.counted(kind, wall);
        }
    }

    /// One activity. `at` is when it happened by the page's monotonic clock, 0 if that is not known.
    pub(crate) fn activity(&self, kind: Kind, at: f64) {
        let counted = self.agent.borrow_mut().count(kind, clock::wall());
        if !counted {
            self.tell(Input::Activity { kind, age_ms: clock::age(at) });
        }
    }

    /// Tells the machine and does what it wants done.
    pub(crate) fn tell(&self, input: Input<'_>) {
        if matches!(input, Input::Returned) {
            self.open_channel();
        }
        let closed = matches!(input, Input::Close);
        let gone = closed || matches!(input, Input::Leaving(Departure::Hidden));
        self.agent.borrow_mut().handle_input(input, clock::read());
        self.drain();
        if gone {
            page::shut();
        }
        if closed {
            self.let_go();
        }
    }

    /// That timer fired.
    pub(crate) fn fired(&self, timer: u32) {
        if timer == WAKE {
            self.timer.fired();
            self.tell(Input::Wake);
        } else if let Some(id) = self.out.get() {
            self.answered(id, Answer::Unreachable { retry_after_ms: None });
        }
    }

    /// A lock was answered.
    pub(crate) fn granted(&self, lock: u32, grant: Grant) {
        self.tell(if lock == TOKEN { Input::Lock(grant) } else { Input::StreamLock(grant) });
    }

    /// What came back for that request, or over the event stream for 0: each answer is checked before
    /// the machine sees it.
    pub(crate) fn answer(&self, id: RequestId, numbers: &[f64]) {
        let answer = flat::answer(numbers).unwrap_or(Answer::Invalid);
        if id == 0 {
            self.tell(Input::News { answer, at_ms: flat::at_ms(numbers) });
        } else {
            self.answered(id, answer);
        }
    }

    fn answered(&self, id: RequestId, answer: Answer) {
        self.abort(id);
        self.tell(Input::Answer { id, answer });
    }

    /// Another token, and another channel unless the group has one.
    pub(crate) fn move_to(&self, token: u32) {
        self.let_go();
        page::shut();
        self.open_channel();
        self.tell(Input::TokenChanged(token));
    }

    /// A look at the machine as it is now.
    pub(crate) fn look(&self, view: fn(&Agent, &mut Vec<f64>)) {
        let mut seen = Vec::new();
        let mut agent = self.agent.borrow_mut();
        agent.look(clock::read());
        view(&agent, &mut seen);
        drop(agent);
        self.drain();
        page::show(&seen);
    }

    fn open_channel(&self) {
        if page::open() == 0 && !self.alone.replace(true) {
            page::emit(FAULT, ALONE);
        }
    }

    fn let_go(&self) {
        page::drop(TOKEN);
        page::drop(STREAM);
    }

    fn drain(&self) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.agent.borrow_mut().poll_output();
            if let Output::Wait(wake) = next {
                let agent = self.agent.borrow();
                self.timer.arm(wake, agent.now());
                let (from, until) = agent.counts_within();
                page::count(from as f64, until as f64);
                break;
            }
            self.carry_out(next);
        }
        self.draining.set(false);
    }

    fn carry_out(&self, output: Output) {
        match output {
            Output::Broadcast(bytes) => page::post(&bytes),
            Output::TakeLock { force } => page::take(TOKEN, force.into()),
            Output::ReleaseLock => page::drop(TOKEN),
            Output::Request(request) => self.request(request),
            Output::Abort(id) => self.abort(id),
            Output::TakeStream { force } => page::take(STREAM, force.into()),
            Output::Listen => page::listen(),
            Output::LeaveStream => {
                page::leave();
                page::drop(STREAM);
            }
            Output::Event(event) => self.report(event),
            Output::Wait(_) => {}
        }
    }

    fn request(&self, request: Request) {
        let mut detail = Vec::new();
        let id = request.id;
        let what = match request.what {
            What::KeepAlive { report, flush } => {
                view::report(&report, &mut detail);
                u32::from(flush)
            }
            What::Ask => 2,
            What::End(because) => 3 + because as u32,
        };
        // Nobody waits for an end or a flush; a page that goes must not abort them.
        if what == 0 || what == 2 {
            self.out.set(Some(id));
            page::wait(LIMIT, BOUND_MS as u32);
        }
        page::request(what, id, &detail);
    }

    fn abort(&self, id: RequestId) {
        if self.out.get() == Some(id) {
            self.out.take();
            page::clear(LIMIT);
            page::abort(id);
        }
    }

    fn report(&self, event: Event) {
        let (event, code) = match event {
            Event::Phase(_) => (0, 0),
            Event::Activity => (1, 0),
            Event::KeepAlive => (2, 0),
            Event::Policy => (3, 0),
            Event::Refused(refusal) => (4, refusal as u32),
            Event::Fault(fault) => (FAULT, fault as u32),
            Event::Ended(because) => (6, because as u32),
            Event::Observed(_) => (7, 0),
        };
        page::emit(event, code);
    }
}

/// The number of that event.
const FAULT: u32 = 5;
/// The one fault that the machine does not know of.
const ALONE: u32 = 4;
