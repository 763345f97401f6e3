//! What contexts live in: a network, a machine with its clocks, an authority that may be ailing.

/// What the channel does to messages.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// Part of the messages that are lost, in percent.
    pub loss: u32,
    /// Part of the messages that arrive twice, in percent.
    pub doubling: u32,
    /// Longest delay of a message, in milliseconds; unequal delays reorder them.
    pub delay: u32,
    /// How long a request takes to the authority, and as long back.
    pub latency: u64,
    /// How long a lock that was let go stays busy for others, in milliseconds: the browser hears of
    /// that from another process than of who asks next.
    pub freeing: u64,
}

impl Network {
    /// Nothing goes wrong.
    pub const GOOD: Self = Self { loss: 0, doubling: 0, delay: 1, latency: 5, freeing: 0 };
}

/// What ails the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It takes a connection and never answers.
    Hangs,
    /// It answers 503, with or without a time to come back.
    Later(Option<u64>),
    /// It answers what is none.
    Nonsense,
}

/// One machine with its clocks: contexts that hear each other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Partition {
    /// By how much its wall clock is ahead of true time, in milliseconds.
    pub offset: i64,
    /// For how long its monotonic clock stood still, in milliseconds.
    pub stood: u64,
}
