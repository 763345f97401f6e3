//! One receiver's way through the log of ends.
//!
//! Line after line: a line whose delivery fails is tried again before the next one is looked at, so a
//! receiver hears of ends in the order in which they happened, and one number says what it has. It
//! holds up nobody but itself, and no line for longer than it takes to become a dead letter.

use oorandom::Rand64;

use super::{Outcome, Receiver, RetrySettings, backoff, dead_letters, metrics::Counted};
use crate::{
    journal::EndLine,
    state::AppState,
    store::{Line, Log, StoreError},
};

/// Milliseconds until the log is looked at again where nothing tells of a new line: other nodes
/// write lines too.
const LOOK_MS: u64 = 1000;
/// Milliseconds for which a node has a reader, if it does not renew that. More than an attempt takes.
const LEASE_MS: u64 = 30_000;
/// Milliseconds until a lease is renewed, or asked for again.
const RENEW_MS: u64 = LEASE_MS / 3;
/// Lines read at a time.
const BATCH: usize = 256;

/// What has to happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The next line.
    Line,
    /// Everything anew: another node may have gone on from here.
    Again,
    /// Nothing: the server stops, or the receiver is gone.
    Over,
}

/// The line that is tried again and again.
#[derive(Debug, Clone, Copy)]
struct Trying {
    number: u64,
    failed: u32,
    /// When to try again, in Unix milliseconds.
    at_ms: u64,
}

/// The work for one receiver.
pub(super) struct Delivery {
    state: AppState,
    receiver: Receiver,
    reader: String,
    holder: String,
    counted: Counted,
    random: Rand64,
    /// When this node began: what happened before may be tried for the whole time, too.
    since_ms: u64,
    /// Until when no other node has the reader.
    held_until_ms: u64,
    /// The number of the last line that is done with, while that is known.
    position: Option<u64>,
    trying: Option<Trying>,
    /// Until when the receiver asked not to be called.
    not_before_ms: u64,
}

impl Delivery {
    pub(super) fn new(state: AppState, receiver: Receiver) -> Self {
        let (now, counted) = (state.now_ms(), state.metrics().notices.of(&receiver));
        // Without randomness the process is told from others by its number.
        let drawn = getrandom::u64();
        let own = drawn.unwrap_or_else(|_| now ^ u64::from(std::process::id()));
        let seed = state.settings().notices.retry.seed.unwrap_or(own);
        Self {
            reader: receiver.reader(),
            holder: format!("{own:016x}"),
            counted,
            random: Rand64::new(u128::from(seed)),
            since_ms: now,
            held_until_ms: 0,
            position: None,
            trying: None,
            not_before_ms: 0,
            state,
            receiver,
        }
    }

    /// Works until the shutdown, or until the receiver is gone.
    pub(super) async fn run(mut self) {
        loop {
            match self.work().await {
                Ok(Next::Over) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, receiver = self.reader, "ends could not be told");
                    self.position = None;
                    if self.sleep_until(self.state.now_ms().saturating_add(LOOK_MS)).await.is_err()
                    {
                        break;
                    }
                }
            }
        }
        // So that another node can go on at once.
        if self.state.now_ms() < self.held_until_ms {
            let _ = self.state.store().lease(&self.reader, &self.holder, 1).await;
        }
    }

    /// Tells of what is there, and waits for more.
    async fn work(&mut self) -> Result<Next, StoreError> {
        if !self.hold().await? {
            return Ok(self.wait_until(self.state.now_ms().saturating_add(RENEW_MS)).await);
        }
        let mut news = self.state.ended();
        // Before the log is read, so that nothing is missed that comes while it is.
        news.borrow_and_update();
        let mut position = match self.position {
            Some(position) => position,
            None => self.state.store().position(&self.reader).await?,
        };
        self.position = Some(position);
        let lines = self.state.store().lines_after(Log::Ends, position, BATCH).await?;
        self.measure(&lines, position).await?;
        let full = lines.len() == BATCH;
        for (number, text) in lines {
            let end = serde_json::from_str::<EndLine>(&text);
            if let Err(error) = &end {
                tracing::error!(%error, number, "a line of the log of ends cannot be read");
            }
            if let Some(end) = end.ok().filter(|end| !end.observed) {
                match self.tell(number, &end).await? {
                    Next::Line => self.done(number).await?,
                    other => return Ok(other),
                }
            }
            position = number;
        }
        if self.position.is_some_and(|known| known < position) {
            // The last ones had to be told to nobody.
            self.done(position).await?;
        }
        if full {
            return Ok(Next::Again);
        }
        let look_at = self.state.now_ms().saturating_add(LOOK_MS);
        Ok(tokio::select! {
            _ = news.changed() => Next::Again,
            next = self.wait_until(look_at) => next,
        })
    }

    /// Tries to tell of a line until that is settled in one way or the other.
    async fn tell(&mut self, number: u64, end: &EndLine) -> Result<Next, StoreError> {
        let known = self.trying.filter(|it| it.number == number);
        let (mut failed, mut at) = known.map_or((0, 0), |it| (it.failed, it.at_ms));
        let retry = self.state.settings().notices.retry.clone();
        let give_up_at = at_ms(end).max(self.since_ms).saturating_add(retry.give_up_ms);
        at = at.max(self.not_before_ms);
        loop {
            if at > self.state.now_ms() {
                match self.keep_until(at).await? {
                    Next::Line => {}
                    other => return Ok(other),
                }
            } else if !self.hold().await? || self.position.is_none() {
                return Ok(Next::Again);
            }
            if self.state.stopping().is_cancelled() {
                return Ok(Next::Over);
            }
            let outcome = self.receiver.tell(&self.state, number, end).await;
            let now = self.state.now_ms();
            let why = match outcome {
                Outcome::Delivered => {
                    self.counted.delivered.inc();
                    return Ok(self.settled());
                }
                Outcome::NotNeeded => return Ok(self.settled()),
                Outcome::Gone => return Ok(self.gone()),
                Outcome::Refused(why) => {
                    failed += 1;
                    self.counted.failed.inc();
                    return self.bury(number, end, failed, why).await;
                }
                Outcome::Failed { why, after_ms } => {
                    // Longer than the longest pause nobody has to be waited for.
                    let asked = after_ms.unwrap_or_default().min(retry.longest_ms);
                    self.not_before_ms = now.saturating_add(asked);
                    why
                }
            };
            failed += 1;
            if failed >= retry.max_attempts || now >= give_up_at {
                self.counted.failed.inc();
                return self.bury(number, end, failed, why).await;
            }
            at = self.next_attempt(&retry, failed, now, give_up_at);
            self.trying = Some(Trying { number, failed, at_ms: at });
            tracing::warn!(
                receiver = self.reader,
                number,
                failed,
                why,
                pause_ms = at - now,
                "not told yet"
            );
            self.counted.failed.inc();
        }
    }

    /// When to try again: once more when it is given up, but never before the receiver allows it.
    fn next_attempt(
        &mut self,
        retry: &RetrySettings,
        failed: u32,
        now: u64,
        give_up_at: u64,
    ) -> u64 {
        let pause = backoff::pause(retry, failed, &mut self.random);
        now.saturating_add(pause).min(give_up_at).max(self.not_before_ms)
    }

    const fn settled(&mut self) -> Next {
        self.trying = None;
        Next::Line
    }

    fn gone(&self) -> Next {
        self.counted.disabled.set(1);
        tracing::error!(
            receiver = self.reader,
            "410 was answered: it is told nothing more until the authority starts again"
        );
        Next::Over
    }

    /// Makes a dead letter of a line, so that it does not hold up those after it.
    async fn bury(
        &mut self,
        number: u64,
        end: &EndLine,
        attempts: u32,
        why: String,
    ) -> Result<Next, StoreError> {
        tracing::error!(receiver = self.reader, number, attempts, why, "given up: a dead letter");
        let line = dead_letters::line(&self.state, &self.reader, number, attempts, why, end);
        self.state.store().append(Log::DeadLetters, line).await?;
        self.counted.dead.inc();
        Ok(self.settled())
    }

    /// A line is done with, and all before it.
    async fn done(&mut self, number: u64) -> Result<(), StoreError> {
        self.state.store().set_position(&self.reader, number).await?;
        let ahead = self.position.map_or(0, |before| number.saturating_sub(before));
        self.position = Some(number);
        self.counted.lag.dec_by(signed(ahead));
        Ok(())
    }

    /// Notes how far behind the receiver is, and what it will never be told.
    async fn measure(&mut self, lines: &[Line], position: u64) -> Result<(), StoreError> {
        let newest = self.state.store().lines(Log::Ends, None, 1).await?;
        let newest = newest.first().map_or(position, |(number, _)| *number);
        self.counted.lag.set(signed(newest.saturating_sub(position)));
        let lost = lines.first().map_or(0, |(first, _)| first.saturating_sub(position + 1));
        if lost > 0 {
            self.counted.lost.inc_by(lost);
            tracing::error!(
                receiver = self.reader,
                lost,
                "ends left the log before they were told"
            );
        }
        Ok(())
    }

    /// Takes or renews the lease. After a time without it, where this reader is has to be read again.
    async fn hold(&mut self) -> Result<bool, StoreError> {
        let now = self.state.now_ms();
        let held = self.state.store().lease(&self.reader, &self.holder, LEASE_MS).await?;
        if !held || now >= self.held_until_ms {
            self.position = None;
        }
        self.held_until_ms = if held { now.saturating_add(LEASE_MS) } else { 0 };
        Ok(held)
    }

    /// Waits, and keeps the lease meanwhile.
    async fn keep_until(&mut self, at_ms: u64) -> Result<Next, StoreError> {
        while self.state.now_ms() < at_ms {
            let part = self.state.now_ms().saturating_add(RENEW_MS).min(at_ms);
            if self.sleep_until(part).await.is_err() {
                return Ok(Next::Over);
            }
            if !self.hold().await? {
                return Ok(Next::Again);
            }
            let Some(position) = self.position else { return Ok(Next::Again) };
            self.measure(&[], position).await?;
        }
        Ok(Next::Line)
    }

    async fn wait_until(&self, at_ms: u64) -> Next {
        if self.sleep_until(at_ms).await.is_ok() { Next::Again } else { Next::Over }
    }

    /// Err once the server is told to stop.
    async fn sleep_until(&self, at_ms: u64) -> Result<(), ()> {
        tokio::select! {
            () = self.state.sleep_until(at_ms) => Ok(()),
            () = self.state.stopped() => Err(()),
        }
    }
}

/// The moment of an end, in Unix milliseconds.
fn at_ms(end: &EndLine) -> u64 {
    let at = humantime::parse_rfc3339(&end.at).ok();
    let since = at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
