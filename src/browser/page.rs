//! The page's side, as js/page.ts makes it: numbers go out and come in, and js/ gives them names.
//! Nothing of it ever throws, and its promises are never rejected.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the machine asks of the page.
    pub type Page;

    /// Tells the app of an event: its number and its code, in the order of `js/page.ts`.
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Page, event: u32, code: u32);

    /// Opens the channel of that name; the listener is given byte arrays only. `false` where there
    /// is none.
    #[wasm_bindgen(method)]
    pub(super) fn open(this: &Page, name: &JsValue, listener: &JsValue) -> bool;

    /// Sends that on the channel.
    #[wasm_bindgen(method)]
    pub(super) fn post(this: &Page, message: &Uint8Array);

    /// Closes the channel.
    #[wasm_bindgen(method)]
    pub(super) fn shut(this: &Page);

    /// Sets that timer, instead of what it was set to. `ms` is at most 2^31 - 1.
    #[wasm_bindgen(method)]
    pub(super) fn wait(this: &Page, timer: u32, ms: u32, listener: &Function);

    /// Clears that timer.
    #[wasm_bindgen(method)]
    pub(super) fn clear(this: &Page, timer: u32);

    /// Whether the page can be seen.
    #[wasm_bindgen(method, js_name = "isVisible")]
    pub(super) fn is_visible(this: &Page) -> bool;

    /// Listens to the event of that number.
    #[wasm_bindgen(method)]
    pub(super) fn hook(this: &Page, event: u32, listener: &JsValue);

    /// Listens to none of them any more.
    #[wasm_bindgen(method)]
    pub(super) fn unhook(this: &Page);

    /// The name of the lock under which the event stream is read.
    #[wasm_bindgen(method, js_name = "streamOf")]
    pub(super) fn stream_of(this: &Page, name: &JsValue) -> JsValue;

    /// Shows what [`super::shell::Shell::look`] saw. `flat` is only there during the call.
    #[wasm_bindgen(method)]
    pub(super) fn show(this: &Page, flat: &[f64]);

    /// Asks the `KeepAlive` of the page. `detail` is only there during the call.
    #[wasm_bindgen(method)]
    pub(super) fn request(this: &Page, what: u32, detail: &[f64], id: u32) -> Pending;

    /// Aborts that request, unless it is over.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Page, id: u32);

    /// Reads its event stream; the promise settles when the stream ends.
    #[wasm_bindgen(method)]
    pub(super) fn listen(this: &Page, on_state: &JsValue) -> Pending;

    /// Leaves the event stream.
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Page);

    /// A promise that is open until [`Page::let_go`]: a lock is held for as long.
    #[wasm_bindgen(method)]
    pub(super) fn hold(this: &Page, lock: u32) -> JsValue;

    #[wasm_bindgen(method, js_name = "letGo")]
    pub(super) fn let_go(this: &Page, lock: u32);

    /// A promise. A callback is all that is needed of it: a future for each would cost more than
    /// 1 KB (docs/decisions/size.md).
    pub(super) type Pending;

    #[wasm_bindgen(method, js_name = "then")]
    pub(super) fn then(this: &Pending, settled: &Function) -> JsValue;

    #[wasm_bindgen(method, js_name = "catch")]
    pub(super) fn or_else(this: &Pending, rejected: &Function) -> JsValue;
}
