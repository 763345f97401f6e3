//! One page, and what is counted of all.

use std::collections::BTreeMap;

use stillhere::core::agent::Agent;
use stillhere::core::output::{Event, RequestId};
use stillhere::core::rules::Phase;

use super::Happening;

/// One page.
pub struct Context {
    /// Its machine.
    pub agent: Agent,
    /// Whom it can hear: contexts of the same partition, with the same token or of the same group.
    pub partition: usize,
    /// The token that it holds, by the order in which they were issued.
    pub token: usize,
    /// Its process runs.
    pub alive: bool,
    /// Its process was stopped, or its page is frozen.
    pub stopped: bool,
    /// The page was left: closed, or in the back/forward cache.
    pub away: bool,
    pub(super) wake: Option<u64>,
    pub(super) backlog: Vec<Happening>,
    /// The event stream that it reads, by the number of those that it asked for.
    pub(super) stream: Option<u32>,
    pub(super) streams: u32,
    /// When that stream began at the server, once it has.
    pub(super) stream_began: Option<u64>,
    pub(super) in_flight: Option<RequestId>,
    /// How often it asked for, or let go of, the lock of the token and that of the stream.
    pub(super) lock_numbers: [u32; 2],
    /// Its newest key was counted the fast way.
    pub hot_key: bool,
    /// Every phase it showed, with the moment.
    pub phases: Vec<(u64, Phase)>,
    /// Every event it told the app.
    pub events: Vec<Event>,
}

impl Context {
    /// Runs, is there, and can hear.
    #[must_use]
    pub const fn hears(&self) -> bool {
        self.alive && !self.stopped && !self.away
    }

    /// Leaves the event stream, if it reads one: what is on its way is not taken in.
    pub(super) const fn stops_listening(&mut self) -> bool {
        self.stream_began = None;
        self.stream.take().is_some()
    }

    /// Whether the server has that token's stream open to it.
    pub(super) const fn is_told(&self, token: usize) -> bool {
        self.alive && self.token == token && self.stream_began.is_some()
    }

    /// Whether a request of it is under way.
    #[must_use]
    pub const fn is_sending(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether it shows that the session is over.
    #[must_use]
    pub const fn is_ended(&self) -> bool {
        self.agent.facts().ended.is_some()
    }
}

/// What was counted.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Keep-alives that reached the authority.
    pub keepalives: usize,
    /// The same by token.
    pub keepalives_of: BTreeMap<usize, usize>,
    /// How often the lock of a token was asked for.
    pub lock_requests: usize,
    /// Questions that reached it.
    pub questions: usize,
    /// Ends that reached it.
    pub ends: usize,
    /// Messages posted.
    pub broadcasts: usize,
    /// Moments of each context's broadcasts.
    pub sent_by: BTreeMap<usize, Vec<u64>>,
    /// Requests under way.
    pub in_flight: usize,
    /// Most requests that were under way at once.
    pub most_in_flight: usize,
}
