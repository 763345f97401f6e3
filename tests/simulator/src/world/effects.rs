//! What a machine wants done: messages, locks, requests, the stream.

use std::collections::BTreeMap;

use stillhere::core::input::Grant;
use stillhere::core::output::{Event, Output, Request, RequestId, What};

use super::{Bytes, Happening, World};

/// Which lock: the partition, the token, and whether it is that of the event stream.
pub type Name = (usize, usize, bool);

/// Who holds which lock.
#[derive(Default)]
pub(super) struct Locks(BTreeMap<Name, usize>);

impl Locks {
    /// Gives the lock, or says that it is busy. By force it is taken from whoever comes back here.
    fn take(&mut self, name: Name, at: usize, force: bool) -> (Grant, Option<usize>) {
        match self.0.get(&name) {
            Some(_) if !force => (Grant::Busy, None),
            _ => (Grant::Granted, self.0.insert(name, at)),
        }
    }

    fn release(&mut self, name: Name, at: usize) {
        if self.0.get(&name) == Some(&at) {
            self.0.remove(&name);
        }
    }

    /// The browser takes all locks of a page that is gone.
    pub(super) fn forget(&mut self, at: usize) {
        self.0.retain(|_, holder| *holder != at);
    }
}

impl World {
    pub(super) fn carry_out(&mut self, at: usize, output: Output) {
        self.note(|| format!("{at} -> {}", brief(&output)));
        if let Some(mut checks) = self.checks.take() {
            checks.wants(self, at, &output);
            self.checks = Some(checks);
        }
        match output {
            Output::Broadcast(bytes) => self.broadcast(at, bytes.into()),
            Output::TakeLock { force } => {
                self.tally.lock_requests += 1;
                self.take_lock(at, false, force);
            }
            Output::ReleaseLock => self.release_lock(at, false),
            Output::TakeStream { force } => self.take_lock(at, true, force),
            Output::Listen => self.listen(at),
            Output::LeaveStream => {
                self.contexts[at].stops_listening();
                if let Some(wire) = &mut self.wire {
                    wire.leave(at);
                }
                self.release_lock(at, true);
            }
            Output::Request(request) => self.send(at, request),
            Output::Abort(id) => _ = self.landed(at, id),
            Output::Event(event) => {
                if let Event::Phase(phase) = event {
                    self.contexts[at].phases.push((self.now, phase));
                }
                self.contexts[at].events.push(event);
            }
            Output::Wait(_) => {}
        }
    }

    fn lock_name(&self, at: usize, stream: bool) -> Name {
        (self.contexts[at].partition, self.contexts[at].token, stream)
    }

    /// As the browser does it (js/page.ts): asking lets go of what was held, and of
    /// an older request nothing counts any more.
    fn take_lock(&mut self, at: usize, stream: bool, force: bool) {
        self.release_lock(at, stream);
        let name = self.lock_name(at, stream);
        let (grant, loser) = self.locks.take(name, at, force);
        for (whom, grant) in
            loser.map(|loser| (loser, Grant::Lost)).into_iter().chain([(at, grant)])
        {
            let number = self.contexts[whom].lock_numbers[usize::from(stream)];
            self.plan(1, Happening::Lock { at: whom, stream, number, grant });
        }
    }

    fn release_lock(&mut self, at: usize, stream: bool) {
        let name = self.lock_name(at, stream);
        if self.network.freeing == 0 {
            self.locks.release(name, at);
        } else if self.locks.0.get(&name) == Some(&at) {
            self.plan(self.network.freeing, Happening::Free(name, at));
        }
        self.contexts[at].lock_numbers[usize::from(stream)] += 1;
    }

    /// A lock that was let go is free for others.
    pub(super) fn free(&mut self, name: Name, at: usize) {
        self.locks.release(name, at);
    }

    /// Both names of a context's locks are others now: the shell lets go of the old ones.
    pub(super) fn let_go(&mut self, at: usize) {
        for stream in [false, true] {
            self.release_lock(at, stream);
        }
    }

    fn send(&mut self, at: usize, request: Request) {
        // Nobody waits for an end, nor for the flush of a page that goes.
        if matches!(request.what, What::KeepAlive { flush: false, .. } | What::Ask) {
            self.no_longer_in_flight(at);
            self.contexts[at].in_flight = Some(request.id);
            self.tally.in_flight += 1;
            self.tally.most_in_flight = self.tally.most_in_flight.max(self.tally.in_flight);
        }
        let token = self.contexts[at].token;
        self.plan(self.network.latency, Happening::AtAuthority(at, token, request));
    }

    /// A request is over for the context that sent it. Whether it was waiting for it.
    pub(super) fn landed(&mut self, at: usize, id: RequestId) -> bool {
        let waits = self.contexts[at].in_flight == Some(id);
        if waits {
            self.no_longer_in_flight(at);
        }
        waits
    }

    pub(super) fn no_longer_in_flight(&mut self, at: usize) {
        if self.contexts[at].in_flight.take().is_some() {
            self.tally.in_flight -= 1;
        }
    }

    fn broadcast(&mut self, from: usize, bytes: Bytes) {
        self.tally.broadcasts += 1;
        self.tally.sent_by.entry(from).or_default().push(self.now);
        let channel = self.channel(from);
        for at in 0..self.contexts.len() {
            let context = &self.contexts[at];
            if at == from || self.channel(at) != channel || !context.alive || context.away {
                continue;
            }
            if self.below(100) < self.network.loss {
                continue;
            }
            let copies = if self.below(100) < self.network.doubling { 2 } else { 1 };
            for _ in 0..copies {
                let delay = u64::from(self.below(self.network.delay)) + 1;
                self.plan(delay, Happening::Message(at, channel.1, Bytes::clone(&bytes)));
            }
        }
    }
}

fn brief(output: &Output) -> String {
    match output {
        Output::Broadcast(bytes) => format!("broadcast of {} bytes", bytes.len()),
        other => format!("{other:?}"),
    }
}
