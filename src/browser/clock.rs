//! Both clocks, and the one timer.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::callback;
use super::shell::Shell;
use crate::core::input::Input;
use crate::core::time::Reading;

/// Longest delay that `setTimeout` takes: 2^31 - 1 ms (HTML, timers).
const MAX_DELAY_MS: u64 = 0x7fff_ffff;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = "now")]
    fn monotonic() -> f64;
}

/// The wall clock alone: all that counting one more activity needs.
pub(super) fn wall() -> u64 {
    js_sys::Date::now() as u64
}

/// How long ago `at` was by the monotonic clock, in milliseconds: of an event, the time for which
/// the page was stalled. A time stamp that this clock cannot have made says nothing.
pub(super) fn age(at: f64) -> u64 {
    if at > 0.0 { (monotonic() - at) as u64 } else { 0 }
}

pub(super) fn read() -> Reading {
    Reading { wall: wall(), mono: monotonic() as u64 }
}

/// The one timer of the context. It is only set anew for an earlier moment: a timer that fires
/// early costs one look at the clock, re-arming at each key costs more.
#[derive(Default)]
pub(super) struct Timer {
    armed: Cell<Option<(u64, Timeout)>>,
}

impl Timer {
    pub(super) fn arm(&self, shell: &Rc<Shell>, at: Option<u64>, now: u64) {
        let mut armed = self.armed.take();
        if let Some(at) = at {
            let in_time = armed.as_ref().is_some_and(|(set, _)| *set <= at && *set > now);
            if !in_time {
                let delay = at.saturating_sub(now).min(MAX_DELAY_MS);
                armed = Some((at, callback::after(shell, delay as u32, 0, fired)));
            }
            self.armed.set(armed);
        }
    }
}

fn fired(shell: &Rc<Shell>, _: u32) {
    if let Some((_, timeout)) = shell.timer.armed.take() {
        // Dropping it would clear a timer that is gone already.
        timeout.forget();
    }
    shell.tell(Input::Wake);
}
