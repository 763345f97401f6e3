//! What the page's user and the browser do: trusted input in the capture phase of the window, and
//! the life of the page. Which key, where, and what was typed is never read (design.md, rule 7).

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{AddEventListenerOptions, Event, EventTarget, KeyboardEvent, VisibilityState};

use super::callback::{self, Callback};
use super::shell::Shell;
use crate::core::facts::Kind;
use crate::core::input::{Departure, Input, Refusal};

/// What the page asked to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listening {
    pub(crate) keystrokes: bool,
    pub(crate) clicks: bool,
    pub(crate) scroll: bool,
    pub(crate) pointer_move: bool,
}

/// One listener; dropping it unhooks it.
pub(super) struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Callback,
}

impl Listener {
    fn new(target: &EventTarget, name: &'static str, heard: Box<dyn Fn(&Event)>) -> Self {
        let callback = callback::kept(move |event| heard(event.unchecked_ref()));
        let options = AddEventListenerOptions::new();
        options.set_capture(true);
        options.set_passive(true);
        // It throws for no arguments of these types.
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(
            name,
            callback.as_ref().unchecked_ref(),
            &options,
        );
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let listener = self.callback.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback_and_bool(self.name, listener, true);
    }
}

/// Whether the page can be seen.
pub(super) fn is_visible() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_none_or(|document| document.visibility_state() == VisibilityState::Visible)
}

/// Hooks everything that the machine needs to know.
pub(super) fn listen(shell: &Rc<Shell>, what: Listening) -> Vec<Listener> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    let Some(document) = window.document() else { return Vec::new() };
    let mut listeners = inputs(shell, &window, what);
    let on = |target: &EventTarget, name, input: fn() -> Input<'static>| {
        let shell = Rc::downgrade(shell);
        let heard = move |_: &Event| {
            if let Some(shell) = shell.upgrade() {
                shell.tell(input());
            }
        };
        Listener::new(target, name, Box::new(heard))
    };
    listeners.push(on(&document, "visibilitychange", || Input::Visible(is_visible())));
    listeners.push(on(&document, "freeze", || Input::Leaving(Departure::Frozen)));
    listeners.push(on(&document, "resume", || Input::Returned));
    listeners.push(on(&window, "pagehide", || Input::Leaving(Departure::Hidden)));
    listeners.push(on(&window, "pageshow", || Input::Returned));
    listeners
}

fn inputs(shell: &Rc<Shell>, window: &EventTarget, what: Listening) -> Vec<Listener> {
    let on = |name, kind: Kind| {
        let shell = Rc::downgrade(shell);
        let heard = move |event: &Event| {
            let Some(shell) = shell.upgrade() else { return };
            if !event.is_trusted() {
                shell.tell(Input::Refused(Refusal::Untrusted));
            } else if kind != Kind::Keystroke || !is_repeat(event) {
                shell.count(kind);
            }
        };
        Listener::new(window, name, Box::new(heard))
    };
    let wanted = [
        (what.keystrokes, "keydown", Kind::Keystroke),
        (what.clicks, "pointerdown", Kind::Click),
        (what.scroll, "scroll", Kind::Note),
        (what.pointer_move, "pointermove", Kind::Note),
    ];
    wanted.into_iter().filter(|(on, ..)| *on).map(|(_, name, kind)| on(name, kind)).collect()
}

/// A key that is held down is one activity.
fn is_repeat(event: &Event) -> bool {
    event.unchecked_ref::<KeyboardEvent>().repeat()
}
