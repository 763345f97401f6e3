//! What the page's user does. Which key, where, and what was typed is never read
//! (docs/architecture.md, rule 7).

use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::shell::Shell;
use crate::core::facts::Kind;
use crate::core::input::{Input, Refusal};

/// An input event that the page heard.
pub(crate) fn input(shell: &Shell, kind: Kind, event: &Event) {
    if !event.is_trusted() {
        shell.tell(Input::Refused(Refusal::Untrusted));
    // A key that is held down is one activity.
    } else if kind != Kind::Keystroke || !event.unchecked_ref::<KeyboardEvent>().repeat() {
        shell.count(kind, || event.time_stamp());
    }
}
