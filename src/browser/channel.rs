//! What the contexts of one browser tell each other: a BroadcastChannel.
//!
//! It is open only while the page is shown or could be: a message that reaches a page in the
//! back/forward cache would throw the page away.

use std::cell::RefCell;

use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

type OnMessage = Closure<dyn FnMut(MessageEvent)>;

/// The channel of the group, or nothing where the page has none.
pub(super) struct Channel {
    open: RefCell<Option<BroadcastChannel>>,
    on_message: OnMessage,
}

impl Channel {
    /// `hear` gets the bytes of each message; none of our messages is empty, so what is no byte
    /// array arrives as an empty one.
    pub(super) fn new(hear: impl Fn(&[u8]) + 'static) -> Self {
        let on_message = Closure::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>();
            hear(&bytes.map_or_else(|_| Vec::new(), |bytes| bytes.to_vec()));
        });
        Self { open: RefCell::new(None), on_message }
    }

    /// Opens the channel of that name. `false` where the platform has none.
    pub(super) fn open(&self, name: &str) -> bool {
        self.close();
        let Ok(channel) = BroadcastChannel::new(name) else { return false };
        let listener = self.on_message.as_ref().unchecked_ref();
        channel.set_onmessage(Some(listener));
        channel.set_onmessageerror(Some(listener));
        *self.open.borrow_mut() = Some(channel);
        true
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    pub(super) fn post(&self, bytes: &[u8]) {
        if let Some(channel) = self.open.borrow().as_ref() {
            // It fails only on a channel that is closed, and facts are caught up on return.
            let _ = channel.post_message(&Uint8Array::from(bytes));
        }
    }

    pub(super) fn close(&self) {
        if let Some(channel) = self.open.borrow_mut().take() {
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
