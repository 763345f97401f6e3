//! Where the worlds meet: each input goes to the machine, and what it wants done is done.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::callback::Callback;
use super::channel::Channel;
use super::clock::{self, Timer};
use super::events;
use super::http::Http;
use super::lock::{self, Lock, LockManager};
use super::page::Page;
use crate::core::agent::{Agent, Config};
use crate::core::facts::Kind;
use crate::core::input::{Departure, Input};
use crate::core::output::{Event, Output};

/// The page that a context lives in.
pub(crate) struct Place {
    pub(crate) page: Page,
    /// Undefined where the page has none.
    pub(crate) locks: LockManager,
    /// Name of channel and lock; undefined where the page can't have them.
    pub(crate) channel: JsValue,
}

/// One context in a page.
pub(crate) struct Shell {
    /// The machine calls nobody, so it is never borrowed while somebody calls us.
    agent: RefCell<Agent>,
    pub(super) page: Page,
    pub(super) locks: LockManager,
    pub(super) timer: Timer,
    name: RefCell<JsValue>,
    channel: Channel,
    pub(super) lock: Lock,
    pub(super) stream_lock: Lock,
    pub(super) http: Http,
    listeners: RefCell<Vec<Callback>>,
    alone: Cell<bool>,
    /// Effects are carried out in order, also when the page calls back in the middle of one.
    draining: Cell<bool>,
}

impl Shell {
    /// Starts a context that hears the inputs of those bits (`browser/events.rs`).
    pub(crate) fn start(place: Place, mut config: Config, inputs: u32) -> Rc<Self> {
        config.visible = place.page.is_visible();
        let shell = Rc::new(Self {
            agent: RefCell::new(Agent::new(config, clock::read())),
            page: place.page,
            locks: place.locks,
            timer: Timer::default(),
            name: RefCell::new(place.channel),
            channel: Channel::default(),
            lock: Lock::new(0),
            stream_lock: Lock::new(1),
            http: Http::default(),
            listeners: RefCell::default(),
            alone: Cell::new(false),
            draining: Cell::new(false),
        });
        shell.open_channel();
        shell.listeners.replace(events::listen(&shell, inputs));
        shell.drain();
        shell
    }

    /// One activity: counted at once where that is enough. `at` is when it happened by the page's
    /// monotonic clock, if that is known.
    pub(crate) fn count(self: &Rc<Self>, kind: Kind, at: impl FnOnce() -> f64) {
        let counted = self.agent.borrow_mut().count(kind, clock::wall());
        if !counted {
            self.tell(Input::Activity { kind, age_ms: clock::age(at()) });
        }
    }

    /// Tells the machine and does what it wants done.
    pub(crate) fn tell(self: &Rc<Self>, input: Input<'_>) {
        if matches!(input, Input::Returned) && !self.channel.is_open() {
            self.open_channel();
        }
        let closed = matches!(input, Input::Close);
        let gone = closed || matches!(input, Input::Leaving(Departure::Hidden));
        self.agent.borrow_mut().handle_input(input, clock::read());
        self.drain();
        if gone {
            self.channel.close(&self.page);
        }
        if closed {
            self.lock.release(self);
            self.stream_lock.release(self);
            self.page.unhook();
            self.listeners.take();
        }
    }

    /// Moves to the channel of another token.
    pub(crate) fn move_to(self: &Rc<Self>, name: JsValue) {
        self.name.replace(name);
        self.lock.release(self);
        self.stream_lock.release(self);
        self.open_channel();
        self.tell(Input::TokenChanged);
    }

    /// A look at the machine as it is now.
    pub(crate) fn look(self: &Rc<Self>, view: fn(&Agent, &mut Vec<f64>)) {
        let mut seen = Vec::new();
        let mut agent = self.agent.borrow_mut();
        agent.look(clock::read());
        view(&agent, &mut seen);
        drop(agent);
        self.drain();
        self.page.show(&seen);
    }

    fn open_channel(self: &Rc<Self>) {
        let hears = self.channel.open(self, &self.name());
        let alone = !hears || !lock::exists(self);
        if alone && !self.alone.replace(true) {
            self.page.emit(FAULT, ALONE);
        }
    }

    fn name(&self) -> JsValue {
        self.name.borrow().clone()
    }

    fn drain(self: &Rc<Self>) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.agent.borrow_mut().poll_output();
            if let Output::Wait(wake) = next {
                let now = self.agent.borrow().now();
                self.timer.arm(self, wake, now);
                break;
            }
            self.carry_out(next);
        }
        self.draining.set(false);
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Broadcast(bytes) => self.channel.post(&self.page, &bytes),
            Output::TakeLock { force } => self.lock.take(self, &self.name(), force),
            Output::ReleaseLock => self.lock.release(self),
            Output::Request(request) => self.http.request(self, request),
            Output::Abort(id) => self.http.abort(self, id),
            Output::TakeStream { force } => {
                self.stream_lock.take(self, &self.page.stream_of(&self.name()), force);
            }
            Output::Listen => self.http.listen(self),
            Output::LeaveStream => {
                self.http.leave(self);
                self.stream_lock.release(self);
            }
            Output::Event(event) => self.report(event),
            Output::Wait(_) => {}
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
        };
        self.page.emit(event, code);
    }
}

/// The number of that event.
const FAULT: u32 = 5;
/// The one fault that the machine does not know of.
const ALONE: u32 = 4;
