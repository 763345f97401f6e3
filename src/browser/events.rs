//! What the page's user and the browser do: trusted input in the capture phase of the window, and
//! the life of the page. Which key, where, and what was typed is never read
//! (docs/architecture.md, rule 7).

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Event, EventTarget, KeyboardEvent, VisibilityState};

use super::callback::{self, Callback};
use super::shell::Shell;
use crate::core::facts::Kind;
use crate::core::input::{Departure, Input, Refusal};

/// Everything that is listened to. Whether the page wants to hear the inputs is told by as many
/// bits, in the same order.
const INPUTS: [&str; 4] = ["keydown", "pointerdown", "scroll", "pointermove"];
const OF_THE_DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];
/// The last two are when somebody may be back at a machine that slept: a look at the clocks.
const OF_THE_WINDOW: [&str; 4] = ["pagehide", "pageshow", "focus", "online"];

/// One listener; dropping it unhooks it.
pub(super) struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Callback,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let listener = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(self.name, listener, true);
    }
}

/// Whether the page can be seen.
pub(super) fn is_visible(document: &Document) -> bool {
    document.visibility_state() == VisibilityState::Visible
}

/// Hooks everything that the machine needs to know.
pub(super) fn listen(shell: &Rc<Shell>, inputs: u32) -> Vec<Listener> {
    let names = INPUTS.iter().chain(&OF_THE_DOCUMENT).chain(&OF_THE_WINDOW);
    let mut listeners = Vec::with_capacity(11);
    for (number, name) in (0..).zip(names) {
        let target: &EventTarget =
            if (4..7).contains(&number) { &shell.document } else { &shell.window };
        if number >= 4 || inputs >> number & 1 > 0 {
            let callback = callback::kept(shell, number, hear);
            let listener = callback.as_ref().unchecked_ref();
            // It throws for no arguments of these types.
            let _ = target.add_event_listener_with_callback_and_bool(name, listener, true);
            listeners.push(Listener { target: target.clone(), name, callback });
        }
    }
    listeners
}

fn hear(shell: &Rc<Shell>, number: u32, event: JsValue) -> JsValue {
    match number {
        0 => input(shell, Kind::Keystroke, event.unchecked_ref()),
        1 => input(shell, Kind::Click, event.unchecked_ref()),
        2 | 3 => input(shell, Kind::Note, event.unchecked_ref()),
        4 => shell.tell(Input::Visible(is_visible(&shell.document))),
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
