//! Both clocks, and the one timer.

use std::cell::Cell;

use gloo_timers::callback::Timeout;
use web_sys::Performance;

use crate::core::time::Reading;

/// Longest delay that `setTimeout` takes: 2^31 - 1 ms (HTML, timers).
const MAX_DELAY_MS: u64 = 0x7fff_ffff;

pub(super) struct Clock {
    performance: Option<Performance>,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { performance: web_sys::window().and_then(|window| window.performance()) }
    }

    /// The wall clock alone: all that counting one more activity needs.
    pub(super) fn wall(&self) -> u64 {
        whole(js_sys::Date::now())
    }

    pub(super) fn read(&self) -> Reading {
        let mono = self.performance.as_ref().map_or(0.0, Performance::now);
        Reading { wall: self.wall(), mono: whole(mono) }
    }
}

/// Whole milliseconds; what is no number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
fn whole(ms: f64) -> u64 {
    ms as u64
}

/// The one timer of the context. It is only set anew for an earlier moment: a timer that fires
/// early costs one look at the clock, re-arming at each key costs more.
#[derive(Default)]
pub(super) struct Timer {
    armed: Cell<Option<(u64, Timeout)>>,
}

impl Timer {
    pub(super) fn arm(&self, at: Option<u64>, now: u64, fire: impl FnOnce() + 'static) {
        let armed = self.armed.take();
        let Some(at) = at else { return };
        if armed.as_ref().is_some_and(|(earlier, _)| *earlier <= at && *earlier > now) {
            self.armed.set(armed);
            return;
        }
        let delay = at.saturating_sub(now).min(MAX_DELAY_MS);
        let delay = u32::try_from(delay).unwrap_or(u32::MAX);
        self.armed.set(Some((at, Timeout::new(delay, fire))));
    }

    /// The timer has fired: there is none any more.
    pub(super) fn fired(&self) {
        if let Some((_, timeout)) = self.armed.take() {
            // Dropping it would clear a timer that is gone already.
            timeout.forget();
        }
    }
}
