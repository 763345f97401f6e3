//! What the contexts of one browser tell each other: a BroadcastChannel.
//!
//! It is open only while the page is shown or could be: a message that reaches a page in the
//! back/forward cache would throw the page away.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::callback::{self, Callback};
use super::shell::Shell;
use crate::core::input::Input;

#[wasm_bindgen]
extern "C" {
    /// web-sys wants the name copied into the module first.
    #[wasm_bindgen(extends = BroadcastChannel, js_name = "BroadcastChannel")]
    type Named;

    #[wasm_bindgen(constructor, catch, js_class = "BroadcastChannel")]
    fn new(name: &JsValue) -> Result<Named, JsValue>;

    /// A byte array. js-sys checks the length of a copy with a message that brings all of the
    /// formatting into the module.
    type Bytes;

    #[wasm_bindgen(method)]
    fn slice(this: &Bytes) -> Vec<u8>;
}

struct Open {
    channel: Named,
    _on_message: Callback,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.set_onmessageerror(None);
        self.channel.close();
    }
}

/// The channel of the group, or nothing where the page has none.
#[derive(Default)]
pub(super) struct Channel {
    open: RefCell<Option<Open>>,
}

impl Channel {
    /// Opens the channel of that name. `false` where the platform has none.
    pub(super) fn open(&self, shell: &Rc<Shell>, name: &JsValue) -> bool {
        self.close();
        let Ok(channel) = Named::new(name) else { return false };
        let on_message = callback::kept(shell, 0, hear);
        let listener = on_message.as_ref().unchecked_ref();
        channel.set_onmessage(Some(listener));
        channel.set_onmessageerror(Some(listener));
        self.open.replace(Some(Open { channel, _on_message: on_message }));
        true
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    pub(super) fn post(&self, bytes: &[u8]) {
        if let Some(open) = &*self.open.borrow() {
            // It fails only on a channel that is closed, and facts are caught up on return.
            let _ = open.channel.post_message(&Uint8Array::from(bytes));
        }
    }

    pub(super) fn close(&self) {
        self.open.take();
    }
}

/// None of our messages is empty, so what is no byte array arrives as an empty one.
fn hear(shell: &Rc<Shell>, _: u32, event: JsValue) -> JsValue {
    let data = event.unchecked_ref::<MessageEvent>().data();
    let bytes = if data.is_instance_of::<Uint8Array>() {
        data.unchecked_ref::<Bytes>().slice()
    } else {
        Vec::new()
    };
    shell.tell(Input::Message(&bytes));
    JsValue::UNDEFINED
}
