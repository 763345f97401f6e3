//! Both clocks, and the one timer.

use core::cell::Cell;

use super::page;
use crate::core::output::Wakeup;
use crate::core::time::Reading;

/// Both clocks are read one after the other, in whole milliseconds and in fractions of them.
const ROUNDING_MS: f64 = 4.0;
/// The page's name for this timer.
pub(super) const WAKE: u32 = 0;

/// The wall clock alone: all that counting one more activity needs.
pub(super) fn wall() -> u64 {
    page::wall() as u64
}

/// How long ago `at` was by the monotonic clock, in milliseconds: of an event, the time for which
/// the page was stalled. A time stamp that this clock cannot have made says nothing.
pub(super) fn age(at: f64) -> u64 {
    if at > 0.0 { (page::monotonic() - at) as u64 } else { 0 }
}

pub(super) fn read() -> Reading {
    Reading { wall: wall(), mono: page::monotonic() as u64 }
}

/// The one timer of the context. It is only set anew for an earlier moment: a timer that fires
/// early costs one look at the clock, re-arming at each key costs more.
#[derive(Default)]
pub(super) struct Timer {
    /// When it fires by the monotonic clock: while a machine sleeps both stand still, and a timer
    /// that was in time before is late by the whole sleep after it.
    fires_at: Cell<Option<f64>>,
}

impl Timer {
    pub(super) fn arm(&self, wake: Option<Wakeup>, now: u64) {
        let Some(wake) = wake else {
            self.fired();
            return page::clear(WAKE);
        };
        let delay = wake.delay_ms(now);
        let mono = page::monotonic();
        let left = self.fires_at.get().map_or(0.0, |at| at - mono);
        if left <= 0.0 || left > f64::from(delay) + ROUNDING_MS {
            self.fires_at.set(Some(mono + f64::from(delay)));
            page::wait(WAKE, delay);
        }
    }

    /// It is set no more.
    pub(super) fn fired(&self) {
        self.fires_at.take();
    }
}
