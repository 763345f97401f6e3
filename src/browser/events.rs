//! What the page's user and the browser do: trusted input in the capture phase of the window, and
//! the life of the page. Which key, where, and what was typed is never read
//! (docs/architecture.md, rule 7).

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, KeyboardEvent};

use super::callback::{self, Callback};
use super::shell::Shell;
use crate::core::facts::Kind;
use crate::core::input::{Departure, Input, Refusal};

/// How many kinds of event `js/page.ts` names. The first four are inputs; whether the page wants to
/// hear them is told by as many bits, in the same order.
const NAMED: u32 = 11;
const INPUTS: u32 = 4;

/// Hooks everything that the machine needs to know, until [`Page::unhook`].
///
/// [`Page::unhook`]: super::page::Page::unhook
pub(super) fn listen(shell: &Rc<Shell>, inputs: u32) -> Vec<Callback> {
    let mut listeners = Vec::with_capacity(NAMED as usize);
    for number in 0..NAMED {
        if number >= INPUTS || inputs >> number & 1 > 0 {
            let listener = callback::kept(shell, number, hear);
            shell.page.hook(number, listener.as_ref());
            listeners.push(listener);
        }
    }
    listeners
}

fn hear(shell: &Rc<Shell>, number: u32, event: JsValue) -> JsValue {
    match number {
        0 => input(shell, Kind::Keystroke, event.unchecked_ref()),
        1 => input(shell, Kind::Click, event.unchecked_ref()),
        2 | 3 => input(shell, Kind::Note, event.unchecked_ref()),
        4 => shell.tell(Input::Visible(shell.page.is_visible())),
        5 => shell.tell(Input::Leaving(Departure::Frozen)),
        7 => shell.tell(Input::Leaving(Departure::Hidden)),
        _ => shell.tell(Input::Returned),
    }
    JsValue::UNDEFINED
}

fn input(shell: &Rc<Shell>, kind: Kind, event: &Event) {
    if !event.is_trusted() {
        shell.tell(Input::Refused(Refusal::Untrusted));
    // A key that is held down is one activity.
    } else if kind != Kind::Keystroke || !event.unchecked_ref::<KeyboardEvent>().repeat() {
        shell.count(kind, || event.time_stamp());
    }
}
