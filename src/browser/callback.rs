//! One kind of callback for everything that calls us: each further kind of closure costs the
//! module half a kilobyte (docs/decisions/size.md).

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::shell::Shell;

/// What JavaScript can call, for as long as this is kept.
pub(super) type Callback = Closure<dyn FnMut(JsValue) -> JsValue>;

/// A callback that lives until it is dropped. It is told which of several it is.
pub(super) fn kept(
    shell: &Rc<Shell>,
    number: u32,
    heard: fn(&Rc<Shell>, u32, JsValue) -> JsValue,
) -> Callback {
    let shell = shell.clone();
    Closure::wrap(Box::new(move |value| heard(&shell, number, value)))
}

/// A callback that JavaScript owns: it lives until nobody there can call it any more.
pub(super) fn given(
    shell: &Rc<Shell>,
    number: u32,
    heard: fn(&Rc<Shell>, u32, JsValue) -> JsValue,
) -> Function {
    kept(shell, number, heard).into_js_value().unchecked_into()
}
