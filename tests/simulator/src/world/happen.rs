//! What is planned, and what becomes of it.

use std::cmp::Ordering;

use stillhere::core::answer::Answer;
use stillhere::core::input::{Departure, Grant, Input};
use stillhere::core::output::{Request, RequestId, Wakeup};

use super::effects::Name;
use super::seam::{cross, cross_from_stream};
use super::{Bytes, World};

/// Something that happens at a moment.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A context's timer fires.
    Wake(usize),
    /// A message arrives on that channel of its partition.
    Message(usize, usize, Bytes),
    /// A request for a lock was answered, or the lock that it brought is lost.
    Lock {
        /// Whose.
        at: usize,
        /// The lock of the event stream, not that of the token.
        stream: bool,
        /// Which request of this context for this lock.
        number: u32,
        /// How.
        grant: Grant,
    },
    /// A lock that a context let go is free for others.
    Free(Name, usize),
    /// A request arrives at the authority; the token that it carries.
    AtAuthority(usize, usize, Request),
    /// Its answer arrives.
    Answer(usize, RequestId, Answer),
    /// That event stream of a context begins at the server.
    StreamBegins(usize, u32),
    /// It brings something that the server said so long after it began.
    News(usize, u32, u64, Answer),
    /// It breaks off.
    StreamBroke(usize, u32),
    /// The streams of that token are told where it stands.
    Push(usize),
    /// The authority looks at the deadline of a token.
    Deadline(usize),
    /// A stopped context goes on.
    Continue(usize),
    /// The checks look at something again: a channel whose first context ended.
    Look(usize),
}

/// A happening, and when.
pub(super) struct Planned {
    pub(super) at: u64,
    number: u64,
    pub(super) happening: Happening,
}

/// The soonest is the largest, as `BinaryHeap` wants it; of two at one moment the one planned first.
impl Ord for Planned {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Planned {}

impl World {
    /// Lets something happen after `after` milliseconds.
    pub(crate) fn plan(&mut self, after: u64, happening: Happening) {
        self.queue.push(Planned { at: self.now + after, number: self.next, happening });
        self.next += 1;
    }

    pub(super) fn arm(&mut self, at: usize, wake: Option<Wakeup>) {
        let context = &mut self.contexts[at];
        let Some(wake) = wake else { return };
        let delay = u64::from(wake.delay_ms(context.agent.now()));
        let due = self.now + delay;
        if context.wake.is_none_or(|armed| armed > due || armed <= self.now) {
            context.wake = Some(due);
            self.plan(delay, Happening::Wake(at));
        }
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        let whom = match &happening {
            Happening::Wake(at)
            | Happening::Message(at, ..)
            | Happening::Lock { at, .. }
            | Happening::Answer(at, ..)
            | Happening::News(at, ..)
            | Happening::StreamBroke(at, _) => Some(*at),
            _ => None,
        };
        // What reaches a page that was stopped waits for it.
        if let Some(at) = whom.filter(|at| self.contexts[*at].stopped) {
            self.contexts[at].backlog.push(happening);
            return;
        }
        match happening {
            Happening::Wake(at) => {
                let due = self.contexts[at].wake.is_some_and(|wake| wake <= self.now);
                if due {
                    self.contexts[at].wake = None;
                    self.tell(at, Input::Wake);
                }
            }
            Happening::Message(at, channel, bytes) => {
                if !self.contexts[at].away && self.channel(at).1 == channel {
                    self.tell(at, Input::Message(&bytes));
                }
            }
            Happening::Lock { at, stream, number, grant } => {
                if self.contexts[at].lock_numbers[usize::from(stream)] == number {
                    let input = if stream { Input::StreamLock(grant) } else { Input::Lock(grant) };
                    self.tell(at, input);
                }
            }
            Happening::Free(name, at) => self.free(name, at),
            Happening::AtAuthority(at, token, request) => self.at_authority(at, token, &request),
            Happening::Answer(at, id, answer) => {
                if self.landed(at, id) {
                    self.tell(at, Input::Answer { id, answer: cross(&answer) });
                }
            }
            Happening::StreamBegins(at, stream) => self.stream_begins(at, stream),
            Happening::News(at, stream, at_ms, answer) => {
                if self.contexts[at].stream == Some(stream) {
                    let (answer, at_ms) = cross_from_stream(&answer, at_ms);
                    self.tell(at, Input::News { answer, at_ms });
                }
            }
            Happening::StreamBroke(at, stream) => {
                if self.contexts[at].stream == Some(stream) {
                    self.contexts[at].stops_listening();
                    self.tell(at, Input::StreamBroke);
                }
            }
            Happening::Push(token) => self.push(token),
            Happening::Deadline(token) => self.enforce(token),
            Happening::Continue(at) => self.wake_up(at),
            Happening::Look(index) => {
                if let Some(mut checks) = self.checks.take() {
                    checks.look(self, index);
                    self.checks = Some(checks);
                }
            }
        }
    }

    /// The process of a page dies: its locks pass on, its request may have arrived.
    pub fn crash(&mut self, at: usize) {
        self.note(|| format!("{at} dies"));
        self.contexts[at].alive = false;
        self.contexts[at].stops_listening();
        self.no_longer_in_flight(at);
        self.locks.forget(at);
    }

    /// A page stops, with its timers: it keeps its locks, and what reaches it waits.
    pub fn freeze(&mut self, at: usize) {
        self.note(|| format!("{at} stops"));
        self.contexts[at].stopped = true;
    }

    /// It goes on: first the timers, then what waited.
    pub fn thaw(&mut self, at: usize) {
        self.wake_up(at);
        self.tell(at, Input::Wake);
    }

    /// It goes on; what waited comes after whatever is done at this moment.
    pub fn wake_up(&mut self, at: usize) {
        if !self.contexts[at].stopped || !self.contexts[at].alive {
            return;
        }
        self.note(|| format!("{at} goes on"));
        self.contexts[at].stopped = false;
        if let Some(checks) = &mut self.checks {
            checks.woke(at, self.now);
        }
        for happening in std::mem::take(&mut self.contexts[at].backlog) {
            self.plan(0, happening);
        }
    }

    /// A page is closed.
    pub fn close(&mut self, at: usize) {
        self.tell(at, Input::Leaving(Departure::Hidden));
        self.contexts[at].away = true;
        self.crash(at);
    }
}
