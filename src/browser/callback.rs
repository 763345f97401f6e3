//! One kind of callback for everything that calls us: each further kind of closure costs the
//! module half a kilobyte (docs/decisions/size.md).

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// What JavaScript can call, for as long as this is kept.
pub(super) type Callback = Closure<dyn FnMut(JsValue) -> JsValue>;

/// A callback that lives until it is dropped.
pub(super) fn kept(mut heard: impl FnMut(JsValue) + 'static) -> Callback {
    owned(Box::new(move |value| {
        heard(value);
        JsValue::UNDEFINED
    }))
}

/// A callback that JavaScript owns: it lives until nobody there can call it any more.
pub(super) fn given(heard: Box<dyn FnMut(JsValue) -> JsValue>) -> Function {
    owned(heard).into_js_value().unchecked_into()
}

fn owned(heard: Box<dyn FnMut(JsValue) -> JsValue>) -> Callback {
    Closure::wrap(heard)
}
