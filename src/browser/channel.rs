//! What the contexts of one browser tell each other: a BroadcastChannel.
//!
//! It is open only while the page is shown or could be: a message that reaches a page in the
//! back/forward cache would throw the page away.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::callback::{self, Callback};
use super::page::Page;
use super::shell::Shell;
use crate::core::input::Input;

#[wasm_bindgen]
extern "C" {
    /// A byte array. js-sys checks the length of a copy with a message that brings all of the
    /// formatting into the module.
    type Bytes;

    #[wasm_bindgen(method)]
    fn slice(this: &Bytes) -> Vec<u8>;
}

/// The channel of the group, or nothing where the page has none.
#[derive(Default)]
pub(super) struct Channel {
    on_message: RefCell<Option<Callback>>,
}

impl Channel {
    /// Opens the channel of that name. `false` where the platform has none.
    pub(super) fn open(&self, shell: &Rc<Shell>, name: &JsValue) -> bool {
        self.close(&shell.page);
        let on_message = callback::kept(shell, 0, hear);
        let opened = shell.page.open(name, on_message.as_ref());
        self.on_message.replace(opened.then_some(on_message));
        opened
    }

    pub(super) fn is_open(&self) -> bool {
        self.on_message.borrow().is_some()
    }

    pub(super) fn post(&self, page: &Page, bytes: &[u8]) {
        if self.is_open() {
            page.post(&Uint8Array::from(bytes));
        }
    }

    pub(super) fn close(&self, page: &Page) {
        page.shut();
        self.on_message.take();
    }
}

/// None of our messages is empty, so what is no byte array arrives as an empty one.
fn hear(shell: &Rc<Shell>, _: u32, message: JsValue) -> JsValue {
    shell.tell(Input::Message(&message.unchecked_ref::<Bytes>().slice()));
    JsValue::UNDEFINED
}
