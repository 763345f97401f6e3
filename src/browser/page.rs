//! The page's side, as js/page.ts makes it: numbers go out and come in, and js/ gives them names.
//! Nothing of it ever throws, and its promises are never rejected.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the machine asks of the page.
    pub type Page;

    /// Tells the app of an event: its number and its code, in the order of `js/page.ts`.
    #[wasm_bindgen(method)]
    pub(super) fn emit(this: &Page, event: u32, code: u32);

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
