//! A Web Lock that is never waited for: it is free, or it is busy, or it is taken by force.
//!
//! web-sys has the Lock Manager only behind its unstable switch, so what is needed of it is
//! declared here (Web Locks API, section 3).

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::callback;
use super::page::Pending;
use super::shell::Shell;
use crate::core::input::{Grant, Input};

#[wasm_bindgen]
extern "C" {
    /// The platform's lock manager; insecure pages have none.
    #[derive(Clone)]
    pub type LockManager;

    #[wasm_bindgen(method)]
    fn request(
        this: &LockManager,
        name: &JsValue,
        options: &Options,
        callback: &Function,
    ) -> Pending;

    #[wasm_bindgen(js_name = "Object")]
    type Options;

    #[wasm_bindgen(constructor, js_class = "Object")]
    fn new() -> Options;

    #[wasm_bindgen(method, setter)]
    fn set_steal(this: &Options, steal: bool);

    #[wasm_bindgen(method, setter, js_name = "ifAvailable")]
    fn set_if_available(this: &Options, if_available: bool);
}

/// One lock of this context.
pub(super) struct Lock {
    /// 0 is the token's, 1 that of the event stream.
    which: u32,
    /// Each request has a number; what an older one brings no longer counts.
    current: Cell<u32>,
    held: Cell<bool>,
}

impl Lock {
    pub(super) fn new(which: u32) -> Self {
        Self { which, current: Cell::new(which), held: Cell::new(false) }
    }

    /// Asks for the lock. Where there are no locks the context is alone and always gets it.
    pub(super) fn take(&self, shell: &Rc<Shell>, name: &JsValue, force: bool) {
        self.release(shell);
        if name.is_undefined() || !exists(shell) {
            answer(shell, self, Grant::Granted);
            return;
        }
        let number = self.current.get();
        let options = Options::new();
        options.set_steal(force);
        options.set_if_available(!force);
        let granted = callback::given(shell, number, on_granted);
        let outcome = shell.locks.request(name, &options, &granted);
        outcome.or_else(&callback::given(shell, number, on_rejected));
    }

    /// Lets go, or gives up a request that is under way.
    pub(super) fn release(&self, shell: &Shell) {
        // Two at a time: the lowest bit says which lock it is.
        self.current.set(self.current.get().wrapping_add(2));
        self.held.set(false);
        shell.page.let_go(self.which);
    }
}

pub(super) fn exists(shell: &Shell) -> bool {
    !shell.locks.is_undefined()
}

fn answer(shell: &Rc<Shell>, lock: &Lock, grant: Grant) {
    let input = if lock.which == 0 { Input::Lock(grant) } else { Input::StreamLock(grant) };
    shell.tell(input);
}

/// The lock that still waits for what that request brings.
fn waiting(shell: &Shell, number: u32) -> Option<&Lock> {
    let lock = if number & 1 == 0 { &shell.lock } else { &shell.stream_lock };
    (lock.current.get() == number).then_some(lock)
}

/// The callback: holds the lock for as long as the promise that it returns is open.
fn on_granted(shell: &Rc<Shell>, number: u32, granted: JsValue) -> JsValue {
    let Some(lock) = waiting(shell, number) else { return JsValue::UNDEFINED };
    if granted.is_null() {
        answer(shell, lock, Grant::Busy);
        return JsValue::UNDEFINED;
    }
    lock.held.set(true);
    let held = shell.page.hold(lock.which);
    answer(shell, lock, Grant::Granted);
    held
}

/// A rejection is either the loss of a lock that was ours, or a platform that gives none.
fn on_rejected(shell: &Rc<Shell>, number: u32, _: JsValue) -> JsValue {
    if let Some(lock) = waiting(shell, number) {
        let held = lock.held.replace(false);
        answer(shell, lock, if held { Grant::Lost } else { Grant::Granted });
    }
    JsValue::UNDEFINED
}
