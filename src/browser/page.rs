//! The page's side, as js/page.ts makes it: numbers go out here and come in at `bindings.rs`, and js/
//! gives them names. Nothing of it ever throws.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the machine asks of the page.
    pub type Page;

    /// Tells the app of an event: its number and its code, in the order of `js/page.ts`.
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Page, event: u32, code: u32);

    /// Opens the channel, if it is not open. `false` where there is none, or no locks.
    #[wasm_bindgen(method)]
    pub(super) fn open(this: &Page) -> bool;

    /// Sends that on the channel. `message` is only there during the call.
    #[wasm_bindgen(method)]
    pub(super) fn post(this: &Page, message: &[u8]);

    /// Closes the channel.
    #[wasm_bindgen(method)]
    pub(super) fn shut(this: &Page);

    /// Asks for a lock, if it is free or by force. It is never waited for, and of an older request
    /// for it nothing counts any more.
    #[wasm_bindgen(method)]
    pub(super) fn take(this: &Page, lock: u32, steal: bool);

    /// Lets go of it, or gives up a request that is under way.
    #[wasm_bindgen(method, js_name = "letGo")]
    pub(super) fn let_go(this: &Page, lock: u32);

    /// Sets that timer, instead of what it was set to. `ms` is at most 2^31 - 1.
    #[wasm_bindgen(method)]
    pub(super) fn wait(this: &Page, timer: u32, ms: u32);

    /// Clears that timer.
    #[wasm_bindgen(method)]
    pub(super) fn clear(this: &Page, timer: u32);

    /// Asks the `KeepAlive` of the page. `detail` is only there during the call.
    #[wasm_bindgen(method)]
    pub(super) fn request(this: &Page, what: u32, detail: &[f64], id: u32);

    /// Aborts that request, unless it is over.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Page, id: u32);

    /// Reads its event stream, until it ends or is left.
    #[wasm_bindgen(method)]
    pub(super) fn listen(this: &Page);

    /// Leaves the event stream.
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Page);

    /// Shows what [`super::shell::Shell::look`] saw. `flat` is only there during the call.
    #[wasm_bindgen(method)]
    pub(super) fn show(this: &Page, flat: &[f64]);
}
