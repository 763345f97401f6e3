//! Where the worlds meet: each input goes to the machine, and what it wants done is done.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::JsValue;

use super::channel::Channel;
use super::clock::{Clock, Timer};
use super::events::{self, Listener, Listening};
use super::http::{Http, KeepAlive};
use super::lock::{self, Lock};
use crate::core::agent::{Agent, Config};
use crate::core::facts::{Kind, Wish};
use crate::core::input::{Departure, Input};
use crate::core::output::{Event, Output};

/// What a context is started with.
pub(crate) struct Start {
    /// Name of channel and lock; none where the page can't have them.
    pub(crate) channel: Option<String>,
    pub(crate) id: u64,
    pub(crate) seed: u64,
    pub(crate) wish: Wish,
    pub(crate) listening: Listening,
    pub(crate) keep_alive: KeepAlive,
    /// Is called with the name of each event and its code.
    pub(crate) emit: Function,
}

/// One context in a page.
pub(crate) struct Shell {
    agent: RefCell<Agent>,
    clock: Clock,
    timer: Timer,
    name: Cell<Option<String>>,
    channel: Channel,
    lock: Lock,
    stream_lock: Lock,
    http: Http,
    emit: Function,
    listeners: Cell<Vec<Listener>>,
    alone: Cell<bool>,
    /// Effects are carried out in order, also when the page calls back in the middle of one.
    draining: Cell<bool>,
}

impl Shell {
    pub(crate) fn start(start: Start) -> Rc<Self> {
        let clock = Clock::new();
        let config = Config {
            id: start.id,
            seed: start.seed,
            wish: start.wish,
            listens: start.keep_alive.offers("listen"),
            visible: events::is_visible(),
        };
        let agent = Agent::new(config, clock.read());
        let shell = Rc::new_cyclic(|weak: &Weak<Self>| Self {
            agent: RefCell::new(agent),
            clock,
            timer: Timer::default(),
            name: Cell::new(start.channel),
            channel: Channel::new(teller(weak, |shell, bytes| shell.tell(Input::Message(bytes)))),
            lock: Lock::new(granter(weak, Input::Lock)),
            stream_lock: Lock::new(granter(weak, Input::StreamLock)),
            http: Http::new(start.keep_alive),
            emit: start.emit,
            listeners: Cell::new(Vec::new()),
            alone: Cell::new(false),
            draining: Cell::new(false),
        });
        shell.open_channel();
        shell.listeners.set(events::listen(&shell, start.listening));
        shell.drain();
        shell
    }

    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// One activity: counted at once where that is enough.
    pub(crate) fn count(self: &Rc<Self>, kind: Kind) {
        let counted = match self.agent.try_borrow_mut() {
            Ok(mut agent) => agent.count(kind, self.clock.wall()),
            Err(_) => false,
        };
        if !counted {
            self.tell(Input::Activity(kind));
        }
    }

    /// Tells the machine and does what it wants done.
    pub(crate) fn tell(self: &Rc<Self>, input: Input<'_>) {
        if matches!(input, Input::Returned) && !self.channel.is_open() {
            self.open_channel();
        }
        let gone = matches!(input, Input::Leaving(Departure::Hidden) | Input::Close);
        let closed = matches!(input, Input::Close);
        // The machine calls nobody, so it is never borrowed while somebody calls us.
        if let Ok(mut agent) = self.agent.try_borrow_mut() {
            agent.handle_input(input, self.clock.read());
        }
        self.drain();
        if gone {
            self.channel.close();
        }
        if closed {
            drop(self.listeners.take());
        }
    }

    /// Moves to the channel of another token.
    pub(crate) fn move_to(self: &Rc<Self>, name: Option<String>) {
        self.name.set(name);
        self.lock.release();
        self.stream_lock.release();
        self.open_channel();
        self.tell(Input::TokenChanged);
    }

    /// A look at the machine as it is now.
    pub(crate) fn look<T>(self: &Rc<Self>, view: impl FnOnce(&Agent) -> T) -> Option<T> {
        let seen = self.agent.try_borrow_mut().ok().map(|mut agent| {
            agent.look(self.clock.read());
            view(&agent)
        });
        self.drain();
        seen
    }

    fn open_channel(&self) {
        let name = self.name.take();
        let hears = name.as_ref().is_some_and(|name| self.channel.open(name));
        self.name.set(name);
        let alone = !hears || !lock::exists();
        if alone && !self.alone.replace(true) {
            self.say("fault", &"alone".into());
        }
    }

    fn drain(self: &Rc<Self>) {
        if !self.draining.replace(true) {
            self.drain_all();
            self.draining.set(false);
        }
    }

    fn drain_all(self: &Rc<Self>) {
        loop {
            let next = match self.agent.try_borrow_mut() {
                Ok(mut agent) => agent.poll_output(),
                Err(_) => return,
            };
            let Output::Wait(wake) = next else {
                self.carry_out(next);
                continue;
            };
            let Ok(now) = self.agent.try_borrow().map(|agent| agent.now()) else { return };
            let weak = Rc::downgrade(self);
            self.timer.arm(wake.map(|wake| wake.at), now, move || {
                if let Some(shell) = weak.upgrade() {
                    shell.timer.fired();
                    shell.tell(Input::Wake);
                }
            });
            return;
        }
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Broadcast(bytes) => self.channel.post(&bytes),
            Output::TakeLock { force } => self.lock.take(self.lock_name("").as_deref(), force),
            Output::ReleaseLock => self.lock.release(),
            Output::Request(request) => self.http.request(self, &request),
            Output::Abort(id) => self.http.abort(id),
            Output::TakeStream { force } => {
                self.stream_lock.take(self.lock_name(":stream").as_deref(), force);
            }
            Output::Listen => self.http.listen(self),
            Output::LeaveStream => {
                self.http.leave();
                self.stream_lock.release();
            }
            Output::Event(event) => self.report(event),
            Output::Wait(_) => {}
        }
    }

    fn lock_name(&self, suffix: &str) -> Option<String> {
        let name = self.name.take();
        let full = name.as_ref().map(|name| [name.as_str(), suffix].concat());
        self.name.set(name);
        full
    }

    fn report(&self, event: Event) {
        let (name, code) = match event {
            Event::Phase(phase) => ("phase", phase.name().into()),
            Event::Activity => ("activity", JsValue::UNDEFINED),
            Event::KeepAlive => ("keepalive", JsValue::UNDEFINED),
            Event::Policy => ("policy", JsValue::UNDEFINED),
            Event::Refused(refusal) => ("refused", super::view::refusal(refusal).into()),
            Event::Fault(fault) => ("fault", fault.code().into()),
            Event::Ended(because) => ("ended", because.name().into()),
        };
        self.say(name, &code);
    }

    fn say(&self, name: &str, code: &JsValue) {
        // The callback is ours (js/index.ts) and dispatches events, which never throws.
        let _ = self.emit.call2(&JsValue::UNDEFINED, &name.into(), code);
    }
}

fn teller(weak: &Weak<Shell>, tell: fn(&Rc<Shell>, &[u8])) -> impl Fn(&[u8]) + 'static {
    let weak = weak.clone();
    move |bytes| {
        if let Some(shell) = weak.upgrade() {
            tell(&shell, bytes);
        }
    }
}

fn granter<A: 'static>(weak: &Weak<Shell>, input: fn(A) -> Input<'static>) -> impl Fn(A) + 'static {
    let weak = weak.clone();
    move |grant| {
        if let Some(shell) = weak.upgrade() {
            shell.tell(input(grant));
        }
    }
}
