//! Requests to the authority, through the `KeepAlive` that the page chose: each with an abort
//! signal and a time limit, each answer checked before the machine sees it.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

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

/// The requests of this context: one at a time, and one event stream.
#[derive(Default)]
pub(super) struct Http {
    /// The request that is out, and its time limit.
    out: Cell<Option<(RequestId, Timeout)>>,
    stream: Cell<Option<Callback>>,
    /// Each stream has a number; what an older one brings no longer counts.
    streams: Cell<u32>,
}

impl Http {
    pub(super) fn request(&self, shell: &Rc<Shell>, request: Request) {
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
        let promise = shell.page.request(what, &detail, id);
        // Nobody waits for an end or a flush; a page that goes must not abort them.
        if what == 0 || what == 2 {
            let limit = callback::after(shell, BOUND_MS as u32, id, |shell, id| {
                settle(shell, id, Answer::Unreachable { retry_after_ms: None });
            });
            self.out.set(Some((id, limit)));
            promise.then(&callback::given(shell, id, |shell, id, value| {
                settle(shell, id, read(&value));
                JsValue::UNDEFINED
            }));
        }
    }

    pub(super) fn abort(&self, shell: &Shell, id: RequestId) {
        match self.out.take() {
            Some((out, _)) if out == id => shell.page.abort(id),
            other => self.out.set(other),
        }
    }

    /// Reads the event stream until it breaks off or is left.
    pub(super) fn listen(&self, shell: &Rc<Shell>) {
        self.leave(shell);
        let number = self.streams.get();
        let on_state = callback::kept(shell, number, |shell, _, state| {
            shell.tell(Input::News(read(&state)));
            JsValue::UNDEFINED
        });
        let promise = shell.page.listen(on_state.as_ref());
        self.stream.set(Some(on_state));
        // However it ends, there is no stream any more.
        promise.then(&callback::given(shell, number, |shell, number, _| {
            if number == shell.http.streams.get() {
                shell.tell(Input::StreamBroke);
            }
            JsValue::UNDEFINED
        }));
    }

    pub(super) fn leave(&self, shell: &Shell) {
        self.streams.set(self.streams.get().wrapping_add(1));
        shell.page.leave();
        self.stream.take();
    }
}

fn settle(shell: &Rc<Shell>, id: RequestId, answer: Answer) {
    shell.http.abort(shell, id);
    shell.tell(Input::Answer { id, answer });
}

fn read(value: &JsValue) -> Answer {
    answer(&value.unchecked_ref::<Flat>().slice()).unwrap_or(Answer::Invalid)
}

/// Reads an answer of the shape that docs/contract.md names, in the order of `js/page.ts`. Each
/// value is a whole number, exact in a double; -1 for what is not there, NaN for what is no
/// number.
fn answer(flat: &[f64]) -> Option<Answer> {
    Some(match number(flat, 0)? {
        0 if flat.iter().all(is_sound) => Answer::Alive(Alive {
            idle_ms: number(flat, 3),
            remaining_ms: number(flat, 4),
            held: flag(flat, 5),
            policy: if flag(flat, 6) { Some(policy(flat)?) } else { None },
        }),
        1 => {
            let because = number(flat, 1).and_then(|at| EndedBecause::ALL.get(at as usize));
            Answer::Gone(because.copied().unwrap_or(EndedBecause::Revoked))
        }
        2 => Answer::Unreachable { retry_after_ms: number(flat, 2) },
        _ => return None,
    })
}

fn policy(flat: &[f64]) -> Option<Policy> {
    Some(Policy {
        version: number(flat, 7)?,
        idle_timeout_ms: number(flat, 8)?,
        warn_before_ms: number(flat, 9)?,
        keepalive_ms: number(flat, 10)?,
        logout_at: number(flat, 11),
        mode: if flag(flat, 13) { Mode::Observe } else { Mode::Enforce },
        counts: Counted {
            keystrokes: flag(flat, 14),
            clicks: flag(flat, 15),
            heartbeats: flag(flat, 16),
        },
        max_hold_ms: number(flat, 12)?,
    })
}

fn is_sound(value: &f64) -> bool {
    (-1.0..=9_007_199_254_740_991.0).contains(value)
}

#[inline(never)]
fn number(flat: &[f64], at: usize) -> Option<u64> {
    // `as` makes 0 of NaN and of what is negative.
    ((flat.get(at)? + 1.0) as u64).checked_sub(1)
}

fn flag(flat: &[f64], at: usize) -> bool {
    flat.get(at) == Some(&1.0)
}
