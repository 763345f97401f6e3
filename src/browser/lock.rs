//! A Web Lock that is never waited for: it is free, or it is busy, or it is taken by force.
//!
//! web-sys has the Lock Manager only behind its unstable switch, so the two calls that are needed
//! are declared here (Web Locks API, section 3).

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::callback;
use crate::core::input::Grant;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &Function,
    ) -> Result<Outcome, JsValue>;

    /// The promise of a request.
    type Outcome;

    #[wasm_bindgen(method, js_name = "catch")]
    fn or_else(this: &Outcome, rejected: &Function) -> JsValue;
}

/// The platform's lock manager; insecure pages have none.
pub(super) fn exists() -> bool {
    manager().is_some()
}

fn manager() -> Option<LockManager> {
    let navigator = web_sys::window()?.navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    locks.is_object().then(|| locks.unchecked_into())
}

/// One lock of this context.
pub(super) struct Lock {
    inner: Rc<Inner>,
}

struct Inner {
    answer: Box<dyn Fn(Grant)>,
    /// Each request has a number; what an older one brings no longer counts.
    current: Cell<u32>,
    release: Cell<Option<Function>>,
}

impl Lock {
    pub(super) fn new(answer: impl Fn(Grant) + 'static) -> Self {
        let answer = Box::new(answer);
        let inner = Inner { answer, current: Cell::new(0), release: Cell::new(None) };
        Self { inner: Rc::new(inner) }
    }

    /// Asks for the lock. Where there are no locks the context is alone and always gets it.
    pub(super) fn take(&self, name: Option<&str>, force: bool) {
        self.release();
        let number = self.inner.current.get();
        let options = Object::new();
        let how = if force { "steal" } else { "ifAvailable" };
        let set = Reflect::set(&options, &how.into(), &JsValue::TRUE);
        let granted = self.on_granted(number);
        let outcome = match (set, manager(), name) {
            (Ok(true), Some(manager), Some(name)) => manager.request(name, &options, &granted).ok(),
            _ => None,
        };
        match outcome {
            Some(outcome) => self.on_settled(number, &outcome),
            None => (self.inner.answer)(Grant::Granted),
        }
    }

    /// Lets go, or gives up a request that is under way.
    pub(super) fn release(&self) {
        self.inner.current.set(self.inner.current.get().wrapping_add(1));
        if let Some(release) = self.inner.release.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }

    /// The callback: holds the lock for as long as the promise that it returns is open.
    fn on_granted(&self, number: u32) -> Function {
        let inner = self.inner.clone();
        callback::given(Box::new(move |lock| {
            if number != inner.current.get() {
                return JsValue::UNDEFINED;
            }
            if !lock.is_object() {
                (inner.answer)(Grant::Busy);
                return JsValue::UNDEFINED;
            }
            let held = Promise::new(&mut |resolve, _| {
                inner.release.set(Some(resolve));
            });
            (inner.answer)(Grant::Granted);
            held.into()
        }))
    }

    /// A rejection is either the loss of a lock that was ours, or a platform that gives none.
    fn on_settled(&self, number: u32, outcome: &Outcome) {
        let inner = self.inner.clone();
        let rejected = callback::given(Box::new(move |_| {
            if number == inner.current.get() {
                let held = inner.release.take().is_some();
                (inner.answer)(if held { Grant::Lost } else { Grant::Granted });
            }
            JsValue::UNDEFINED
        }));
        outcome.or_else(&rejected);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}
