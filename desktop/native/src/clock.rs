//! Time as a context reads it: both clocks, and one timer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use stillhere::core::time::Reading;
use tokio::time::Instant;

/// The clocks of one machine.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// What both show now.
    fn read(&self) -> Reading;

    /// Returns after `ms` milliseconds, those included in which the machine slept. Not by itself on
    /// macOS and Windows, see `alarm`.
    async fn sleep(&self, ms: u64);
}

/// The system's wall clock, and its monotonic clock. On Linux and macOS the latter stands still while
/// the machine sleeps: by their difference the context knows that it slept. On Windows it goes on
/// (`QueryPerformanceCounter`), and only [`Told::Sleeping`](crate::context::Told::Sleeping) and
/// [`Told::Awake`](crate::context::Told::Awake) say so.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts the monotonic clock at 0.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn read(&self) -> Reading {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Reading { wall: millis(wall), mono: millis(self.started.elapsed()) }
    }

    async fn sleep(&self, ms: u64) {
        if let Err(fault) = alarm::sleep(Duration::from_millis(ms)).await {
            tracing::warn!(%fault, "no timer counts the time in which the machine sleeps");
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(target_os = "linux")]
mod alarm {
    use std::{io, time::Duration};

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// A timer of `CLOCK_BOOTTIME`, which goes on while the machine sleeps: tokio's own stand still with
    /// the monotonic clock (`timerfd_create(2)`).
    pub(super) async fn sleep(duration: Duration) -> io::Result<()> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Boottime, flags)?;
        // 0 would disarm it.
        let duration = duration.max(Duration::from_nanos(1));
        let it_value = Timespec {
            tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: duration.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
        #[expect(deprecated, reason = "unsound for borrowed descriptors only; this one is owned")]
        AsyncFd::new(timer)?.readable().await?.retain_ready();
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod alarm {
    use std::{convert::Infallible, time::Duration};

    /// Does not count the time in which the machine sleeps. macOS and Windows tell the shell when it
    /// wakes, and [`Told::Awake`](crate::context::Told::Awake) makes the context look at the clocks and
    /// set this anew (docs/desktop.md, "Sleep").
    pub(super) async fn sleep(duration: Duration) -> Result<(), Infallible> {
        tokio::time::sleep(duration).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_timer_of_the_system_goes_off_and_not_before_its_time() {
        let clock = SystemClock::start();
        let before = clock.read();
        clock.sleep(30).await;
        let after = clock.read();
        assert!(after.mono - before.mono >= 29, "{before:?} {after:?}");
        clock.sleep(0).await;
    }
}
