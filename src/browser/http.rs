//! Requests to the authority, through the `KeepAlive` that the page chose: each with an abort
//! signal and a time limit, each answer checked before the machine sees it.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::callback::{self, Callback};
use super::shell::Shell;
use super::view;
use crate::core::answer::Answer;
use crate::core::flat;
use crate::core::input::Input;
use crate::core::output::{Request, RequestId, What};
use crate::core::sender::BOUND_MS;

#[wasm_bindgen]
extern "C" {
    /// An answer as `js/page.ts` flattens it.
    type Flat;

    #[wasm_bindgen(method)]
    fn slice(this: &Flat) -> Vec<f64>;
}

/// The page's name for the timer that limits a request.
const LIMIT: u32 = 1;

/// The requests of this context: one at a time, and one event stream.
#[derive(Default)]
pub(super) struct Http {
    /// The request that is out.
    out: Cell<Option<RequestId>>,
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
            let late = callback::given(shell, id, |shell, id, _| {
                settle(shell, id, Answer::Unreachable { retry_after_ms: None });
                JsValue::UNDEFINED
            });
            shell.page.wait(LIMIT, BOUND_MS as u32, &late);
            self.out.set(Some(id));
            promise.then(&callback::given(shell, id, |shell, id, value| {
                settle(shell, id, read(&value));
                JsValue::UNDEFINED
            }));
        }
    }

    pub(super) fn abort(&self, shell: &Shell, id: RequestId) {
        if self.out.get() == Some(id) {
            self.out.take();
            shell.page.clear(LIMIT);
            shell.page.abort(id);
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
    flat::answer(&value.unchecked_ref::<Flat>().slice()).unwrap_or(Answer::Invalid)
}
