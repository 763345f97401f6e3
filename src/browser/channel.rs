//! What the contexts of one browser tell each other: a BroadcastChannel.
//!
//! It is open only while the page is shown or could be: a message that reaches a page in the
//! back/forward cache would throw the page away.

use std::cell::Cell;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::callback::{self, Callback};

#[wasm_bindgen]
extern "C" {
    /// A byte array. js-sys checks the length of a copy with a message that brings all of the
    /// formatting into the module.
    type Bytes;

    #[wasm_bindgen(method)]
    fn slice(this: &Bytes) -> Vec<u8>;
}

/// The channel of the group, or nothing where the page has none.
pub(super) struct Channel {
    open: Cell<Option<BroadcastChannel>>,
    on_message: Callback,
}

impl Channel {
    /// `hear` gets the bytes of each message; none of our messages is empty, so what is no byte
    /// array arrives as an empty one.
    pub(super) fn new(hear: impl Fn(&[u8]) + 'static) -> Self {
        let on_message = callback::kept(move |event| {
            let event: MessageEvent = event.unchecked_into();
            let data = event.data();
            let bytes = data.is_instance_of::<Uint8Array>().then(|| data.unchecked_into());
            hear(&bytes.map_or_else(Vec::new, |bytes: Bytes| bytes.slice()));
        });
        Self { open: Cell::new(None), on_message }
    }

    /// Opens the channel of that name. `false` where the platform has none.
    pub(super) fn open(&self, name: &str) -> bool {
        self.close();
        let Ok(channel) = BroadcastChannel::new(name) else { return false };
        let listener = self.on_message.as_ref().unchecked_ref();
        channel.set_onmessage(Some(listener));
        channel.set_onmessageerror(Some(listener));
        self.open.set(Some(channel));
        true
    }

    pub(super) fn is_open(&self) -> bool {
        self.held(|_| ())
    }

    pub(super) fn post(&self, bytes: &[u8]) {
        self.held(|channel| {
            // It fails only on a channel that is closed, and facts are caught up on return.
            let _ = channel.post_message(&Uint8Array::from(bytes));
        });
    }

    fn held(&self, with: impl FnOnce(&BroadcastChannel)) -> bool {
        let channel = self.open.take();
        if let Some(channel) = &channel {
            with(channel);
        }
        let is_open = channel.is_some();
        self.open.set(channel);
        is_open
    }

    pub(super) fn close(&self) {
        if let Some(channel) = self.open.take() {
            channel.set_onmessage(None);
            channel.set_onmessageerror(None);
            channel.close();
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.close();
    }
}
