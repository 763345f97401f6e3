//! Time as the authority reads it: one trait, the system's clock and its twin for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::sync::watch;

/// A clock that never runs back.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Returns once `now_ms` has reached `at_ms`, at once if it has already.
    async fn sleep_until(&self, at_ms: u64);
}

/// The wall clock as it was at the start, carried on by the clock that counts suspended time too.
///
/// A wall clock that is set forward later ends nobody, and a machine that slept wakes with the
/// sessions over that ran out in between.
#[derive(Debug)]
pub struct SystemClock {
    started_at_ms: u64,
    started: boot_time::Instant,
}

impl SystemClock {
    /// Longest single wait. Timers stop while the machine sleeps, so after waking it takes at most
    /// this long until passed deadlines are noticed.
    const LOOK_AGAIN: Duration = Duration::from_secs(1);

    /// Reads the wall clock, once.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started_at_ms: millis(since_epoch), started: boot_time::Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        self.started_at_ms.saturating_add(millis(self.started.elapsed()))
    }

    async fn sleep_until(&self, at_ms: u64) {
        loop {
            let left = at_ms.saturating_sub(self.now_ms());
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left).min(Self::LOOK_AGAIN)).await;
        }
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<u64>);

impl ManualClock {
    /// A clock that shows `now_ms`.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        Self(watch::Sender::new(now_ms))
    }

    /// Moves the clock forward and wakes whoever waited for a moment up to there.
    pub fn advance(&self, by_ms: u64) {
        self.0.send_modify(|now| *now = now.saturating_add(by_ms));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        *self.0.borrow()
    }

    async fn sleep_until(&self, at_ms: u64) {
        // The sender lives as long as this clock, so the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|now| *now >= at_ms).await;
    }
}

/// Whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_manual_clock_wakes_at_the_moment_asked_for_and_not_before() {
        let clock = ManualClock::new(1000);
        let mut sleep = std::pin::pin!(clock.sleep_until(1500));
        clock.advance(499);
        assert!(futures_util::FutureExt::now_or_never(sleep.as_mut()).is_none());
        clock.advance(1);
        assert!(futures_util::FutureExt::now_or_never(sleep.as_mut()).is_some());
    }

    #[tokio::test]
    async fn the_system_clock_starts_at_the_wall_clock_and_does_not_wait_for_the_past() {
        let clock = SystemClock::start();
        #[expect(clippy::disallowed_methods, reason = "compared with the real clock")]
        let wall = millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
        assert!(clock.now_ms().abs_diff(wall) < 1000);
        clock.sleep_until(clock.now_ms()).await;
    }
}
