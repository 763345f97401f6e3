//! Requests to the authority, through the `KeepAlive` that the page chose: each with an abort
//! signal and a time limit, each answer checked before the machine sees it.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use super::callback::{self, Callback};
use super::shell::Shell;
use super::view;
use crate::core::answer::{Alive, Answer};
use crate::core::ended::EndedBecause;
use crate::core::input::Input;
use crate::core::output::{Request, RequestId, What};
use crate::core::policy::{Counted, Mode, Policy};
use crate::core::sender::BOUND_MS;

#[wasm_bindgen]
extern "C" {
    /// An answer as `js/page.ts` flattens it.
    type Flat;

    #[wasm_bindgen(method)]
    fn slice(this: &Flat) -> Vec<f64>;
}

/// A request that is out.
struct Out {
    id: RequestId,
    controller: AbortController,
    _limit: Timeout,
}

/// The requests of this context: one at a time, and one event stream.
#[derive(Default)]
pub(super) struct Http {
    out: Cell<Option<Out>>,
    stream: Cell<Option<(AbortController, Callback)>>,
    /// Each stream has a number; what an older one brings no longer counts.
    streams: Cell<u32>,
}

impl Http {
    pub(super) fn request(&self, shell: &Rc<Shell>, request: Request) {
        let Ok(controller) = AbortController::new() else { return };
        let mut detail = Vec::new();
        let id = request.id;
        let what = match request.what {
            What::KeepAlive { report, flush } => {
                view::report(&report, &mut detail);
                u32::from(flush)
            }
            What::Ask => 2,
            What::End(because) => 3 + because as u32,
        };
        let promise = shell.page.request(what, &detail, &controller.signal());
        // Nobody waits for an end or a flush; a page that goes must not abort them.
        if what == 0 || what == 2 {
            let limit = callback::after(shell, BOUND_MS as u32, id, |shell, id| {
                settle(shell, id, Answer::Unreachable { retry_after_ms: None });
            });
            self.out.set(Some(Out { id, controller, _limit: limit }));
            promise.then(&callback::given(shell, id, |shell, id, value| {
                settle(shell, id, read(&value));
                JsValue::UNDEFINED
            }));
        }
    }

    pub(super) fn abort(&self, id: RequestId) {
        match self.out.take() {
            Some(out) if out.id == id => out.controller.abort(),
            other => self.out.set(other),
        }
    }

    /// Reads the event stream until it breaks off or is left.
    pub(super) fn listen(&self, shell: &Rc<Shell>) {
        self.leave();
        let Ok(controller) = AbortController::new() else { return };
        let number = self.streams.get();
        let on_state = callback::kept(shell, number, |shell, _, state| {
            shell.tell(Input::News(read(&state)));
            JsValue::UNDEFINED
        });
        let promise = shell.page.listen(on_state.as_ref(), &controller.signal());
        self.stream.set(Some((controller, on_state)));
        // However it ends, there is no stream any more.
        promise.then(&callback::given(shell, number, |shell, number, _| {
            if number == shell.http.streams.get() {
                shell.tell(Input::StreamBroke);
            }
            JsValue::UNDEFINED
        }));
    }

    pub(super) fn leave(&self) {
        self.streams.set(self.streams.get().wrapping_add(1));
        if let Some((controller, _)) = self.stream.take() {
            controller.abort();
        }
    }
}

fn settle(shell: &Rc<Shell>, id: RequestId, answer: Answer) {
    shell.http.abort(id);
    shell.tell(Input::Answer { id, answer });
}

fn read(value: &JsValue) -> Answer {
    answer(&value.unchecked_ref::<Flat>().slice()).unwrap_or(Answer::Invalid)
}

/// Reads an answer of the shape that contract.md names, in the order of `js/page.ts`. What is not
/// there is NaN, what is no number -1.
fn answer(flat: &[f64]) -> Option<Answer> {
    let &[state, because, retry_after, idle, remaining, held, has_policy, ref policy @ ..] = flat
    else {
        return None;
    };
    if state == 1.0 {
        let because = EndedBecause::ALL.get(because as usize).copied();
        return Some(Answer::Gone(because.unwrap_or(EndedBecause::Revoked)));
    }
    if state == 2.0 {
        return Some(Answer::Unreachable { retry_after_ms: number(retry_after) });
    }
    if state != 0.0 {
        return None;
    }
    Some(Answer::Alive(Alive {
        idle_ms: optional(idle)?,
        remaining_ms: optional(remaining)?,
        held: held > 0.0,
        policy: if has_policy > 0.0 { Some(read_policy(policy)?) } else { None },
    }))
}

fn read_policy(flat: &[f64]) -> Option<Policy> {
    let &[
        version,
        idle,
        warn,
        keepalive,
        logout,
        max_hold,
        observe,
        keystrokes,
        clicks,
        heartbeats,
    ] = flat
    else {
        return None;
    };
    Some(Policy {
        version: number(version)?,
        idle_timeout_ms: number(idle)?,
        warn_before_ms: number(warn)?,
        keepalive_ms: number(keepalive)?,
        logout_at: optional(logout)?,
        mode: if observe > 0.0 { Mode::Observe } else { Mode::Enforce },
        counts: Counted {
            keystrokes: keystrokes > 0.0,
            clicks: clicks > 0.0,
            heartbeats: heartbeats > 0.0,
        },
        max_hold_ms: number(max_hold)?,
    })
}

/// A whole number of milliseconds or a version: finite, not negative, exact in a double.
fn number(value: f64) -> Option<u64> {
    (0.0..=9_007_199_254_740_991.0).contains(&value).then_some(value as u64)
}

/// The same, where it may be left out.
fn optional(value: f64) -> Option<Option<u64>> {
    let number = number(value);
    (number.is_some() || value.is_nan()).then_some(number)
}
